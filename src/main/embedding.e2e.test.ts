/**
 * The whole program within somebody else's: people from an identity provider, customers by tokens whose keys are
 * fetched, and a proxy in front that is believed.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynaBase } from '../sdk/index.ts';
import { OidcDouble } from '../testing/oidc-double.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

const PUBLIC = 'db.example.test';
const BROWSER = '203.0.113.9';

let directory: string;
let oidc: OidcDouble;
let server: RealServer;
let keys: Server;
let signing: Awaited<ReturnType<typeof generateKeyPair>>;
let keysAsked = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dynabase-embedding-'));
  const secretFile = join(directory, 'client-secret');
  await writeFile(secretFile, 'client-secret-of-the-test\n');
  oidc = await OidcDouble.open(`https://${PUBLIC}/v1/auth/callback`);
  signing = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(signing.publicKey)), alg: 'ES256', kid: 'one' }] };
  keys = createServer((_request, response) => {
    keysAsked += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
  }).listen(0, '127.0.0.1');
  await once(keys, 'listening');
  const provider = ['--oidc-issuer', oidc.issuer, '--oidc-client-id', 'dynabase'];
  const people = ['--oidc-client-secret-file', secretFile, '--oidc-admins', 'boss@example.com'];
  const place = ['--public-url', `https://${PUBLIC}`, '--trusted-proxies', '127.0.0.0/8'];
  server = await realServer({ args: [...provider, ...people, ...place] });
}, 120_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await oidc[Symbol.asyncDispose]();
  keys.close();
  await rm(directory, { recursive: true, force: true });
});

type Told = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

/** As the proxy in front hands it on, for the browser. */
async function browse(path: string, headers: Record<string, string> = {}): Promise<Told> {
  const asked = request(new URL(path, server.apiUrl), {
    headers: { host: PUBLIC, 'x-forwarded-for': BROWSER, ...headers },
  }).end();
  const [answer] = await once(asked, 'response');
  let text = '';
  for await (const part of answer) text += part;
  return { status: answer.statusCode, headers: answer.headers, text };
}

const cookieOf = ({ headers }: Told, name: string): string =>
  (headers['set-cookie'] ?? [])
    .map((text) => text.split(';', 1)[0] ?? '')
    .find((text) => text.startsWith(`${name}=`)) ?? '';

test('a person of the options logs in, over TLS as far as browsers know, and is told of by address', async () => {
  oidc.account = { email: 'boss@example.com', verified: true };
  const begun = await browse('/v1/auth/login?to=/somewhere');
  expect(begun.status).toBe(302);
  const back = new URL(await oidc.visit(String(begun.headers.location)));
  expect(back.host).toBe(PUBLIC);
  const ticket = cookieOf(begun, '__Host-dynabase-login');
  const done = await browse(back.pathname + back.search, { cookie: ticket });
  expect([done.status, done.headers.location]).toEqual([302, '/somewhere']);
  const session = cookieOf(done, '__Host-dynabase');
  const who = async (cookie: string) => JSON.parse((await browse('/v1/whoami', { cookie })).text);
  expect(await who(session)).toMatchObject({ role: 'admin', name: 'boss@example.com' });
  expect(await who(session.replace('__Host-', ''))).toMatchObject({ code: 'KEY_MISSING' });
  const entries = [];
  for await (const entry of server.client.access.audit({ operation: 'login' })) entries.push(entry);
  expect(entries).toMatchObject([{ outcome: 'done', caller: { address: BROWSER } }]);
});

test('a token reaches the customer that it names; the keys of its issuer are fetched once', async () => {
  const customer = await server.client.customers.create({ name: 'Globex', externalId: '42' });
  const { port } = keys.address() as AddressInfo;
  await server.client.tokenIssuers.create({
    ...{ name: 'the app', issuer: 'https://app.example', audience: 'dynabase' },
    ...{ keysUrl: `http://127.0.0.1:${port}/jwks`, customerClaim: 'org', role: 'operator' },
  });
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: 'https://app.example', aud: 'dynabase', exp: now + 600, sub: 'u1' };
  const tokenOf = (org: string, by = signing) =>
    new SignJWT({ ...claims, org })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(by.privateKey);
  const as = (apiKey: string) => new DynaBase({ apiUrl: server.apiUrl, apiKey, retriesMax: 0 });
  const own = as(await tokenOf('42'));
  const allowedAddresses = ['127.0.0.0/8'];
  const made = await own.tenants.create({ name: 'theirs', allowedAddresses });
  expect(made.customer).toBe(customer.id);
  const seen = await own.tenants.get('theirs');
  expect(seen.allowedAddresses).toEqual(allowedAddresses);
  const change = (sessionsMax: number) =>
    own.tenants.change('theirs', { sessionsMax }, { ifMatch: seen });
  const outcomes = await Promise.allSettled([change(5), change(6), change(7)]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual([
    ...['fulfilled', 'rejected', 'rejected'],
  ]);
  const forged = as(await tokenOf('42', await generateKeyPair('ES256')));
  await expect(forged.tenants.get('theirs')).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
  await expect(as(await tokenOf('43')).tenants.get('theirs')).rejects.toMatchObject({
    code: 'TOKEN_REFUSED',
  });
  expect(keysAsked).toBe(1);
});
