import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TwoCustomers } from '../../testing/two-customers.ts';

let world: TwoCustomers;

beforeAll(async () => {
  world = await TwoCustomers.open();
});

afterAll(() => world.close());

const as = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });
const who = async (secret: string) => (await world.api.ask('GET', '/v1/whoami', as(secret))).body;
const ofOurs = () => ({ kind: 'customer', customer: world.ours.customer });

describe('tokens of an application', () => {
  test('reach the customer that they name, by id or external id, with the role of their issuer', async () => {
    const { customer, tenant, tenantName } = world.ours;
    expect(await who(await world.token({ org: customer, sub: 'u1' }))).toMatchObject({
      ...{ kind: 'token', role: 'admin', scope: ofOurs() },
    });
    expect((await who(await world.token({ org: 'ext-ours' }))).scope).toEqual(ofOurs());
    const narrow = await who(
      await world.token({ org: customer, tenant: tenantName, role: 'viewer' }),
    );
    expect(narrow).toMatchObject({ role: 'viewer', scope: { kind: 'tenant', tenant } });
  });

  test.each([
    ['it has expired', { exp: 1 }],
    ['it ends more than 24 hours from now', { exp: 4_000_000_000 }],
    ['its claim "exp" is missing or not right', { exp: undefined }],
    ['its claim "aud" is missing or not right', { aud: 'other' }],
    ['its claim "nbf" is missing or not right', { nbf: 4_000_000_000 }],
    ['it has no claim "org"', { org: undefined }],
    ['its claim "org" names no customer', { org: 'cu_zzzzzzzzzzzz' }],
    ['its claim "tenant" names no tenant of the customer', { tenant: 'tenant-of-theirs' }],
    ['its claim "tenant" names no tenant of the customer', { tenant: 7 }],
    ['its claim "org" names no customer', { org: '\0' }],
    ['its claim "sub" is no text', { sub: '\0' }],
    ['its issuer is not known here', { iss: '\0' }],
    ['its issuer is not known here', { iss: 'a'.repeat(2_049) }],
    ['its claim "role" must be a role that may no more than admin', { role: 'claimer' }],
  ])('are refused where %s', async (why, claims) => {
    const token = await world.token({ org: world.ours.customer, ...claims });
    expect(await who(token)).toMatchObject({
      code: 'TOKEN_REFUSED',
      detail: expect.stringContaining(why),
    });
  });

  test('of two customers are two, though the application calls both alike', async () => {
    const made = async ({ customer }: { readonly customer: string }) => {
      const { authorization } = as(await world.token({ org: customer, sub: 'admin' })).headers;
      const headers = { authorization, 'idempotency-key': 'one' };
      const { body } = await world.api.ask('POST', '/v1/keys', { payload: { name: 'k' }, headers });
      return body.scope;
    };
    expect(await made(world.ours)).toEqual(ofOurs());
    expect(await made(world.theirs)).toEqual({
      ...{ kind: 'customer', customer: world.theirs.customer },
    });
  });

  test('may not be signed with a shared secret, or not at all', async () => {
    const [, claims] = (await world.token({ org: world.ours.customer })).split('.');
    for (const alg of ['HS256', 'none']) {
      const header = Buffer.from(JSON.stringify({ alg })).toString('base64url');
      expect((await who(`${header}.${claims}.${'A'.repeat(43)}`)).code).toBe('TOKEN_REFUSED');
    }
  });

  test('are refused as soon as their issuer may less, or is gone', async () => {
    const token = await world.token({ org: world.ours.customer });
    const place = `/v1/token-issuers/${world.issuer}`;
    expect((await who(token)).role).toBe('admin');
    await world.api.ask('PATCH', place, { payload: { role: 'viewer' } });
    expect((await who(token)).role).toBe('viewer');
    await world.api.ask('DELETE', place);
    expect((await who(token)).code).toBe('TOKEN_REFUSED');
  });

  test.each([
    ['a shared secret', { keys: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }],
    ['a private key', { keys: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] } }],
    ['no key', { keys: { keys: [] } }],
    ['keys without TLS', { keysUrl: 'http://keys.example/jwks' }],
    ['neither keys nor their place', {}],
  ])('are not taken with %s', async (_, keys) => {
    const payload = { name: 'x', issuer: 'https://x.example', audience: 'a', ...keys };
    const { status } = await world.api.ask('POST', '/v1/token-issuers', { payload });
    expect(status).toBe(400);
  });
});
