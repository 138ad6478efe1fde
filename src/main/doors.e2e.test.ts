import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Event } from '../contract/events/events.ts';
import { DynaBase } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import {
  freshDataDir,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

const ARGS = ['--webhooks-to-private', '--log-level', 'debug'] as const;

type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** A server of a customer that gets webhooks, and may fall silent: then it takes a request and answers nothing. */
class Receiver implements AsyncDisposable {
  readonly taken: Received[] = [];
  readonly unanswered: Received[] = [];
  isSilent = false;
  readonly #held: ServerResponse[] = [];
  readonly #server = createServer(async (request, response) => {
    const body = (await request.toArray()).map(String).join('');
    const received = { headers: request.headers, body };
    if (this.isSilent) {
      this.unanswered.push(received);
      this.#held.push(response);
    } else {
      this.taken.push(received);
      response.writeHead(204).end();
    }
  });

  async open(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/events`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

/** Source: Standard Webhooks, "Verifying signatures". */
function signatureOf(secret: string, { headers, body }: Received): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
}

function expectSigned(received: Received, secret: string): void {
  expect(received.headers['webhook-signature']).toBe(signatureOf(secret, received));
  const age = Date.now() / 1_000 - Number(received.headers['webhook-timestamp']);
  expect(Math.abs(age)).toBeLessThan(300);
}

const idOf = ({ headers }: Received): string => String(headers['webhook-id']);

/** What a key hears from now on; resolves when the server listens to it. */
async function heardBy(server: RealServer, apiKey: string, signal: AbortSignal): Promise<Event[]> {
  const heard: Event[] = [];
  await new Promise<void>((listening, fail) => {
    const counted: typeof fetch = async (...request) => {
      const answer = await fetch(...request);
      listening();
      return answer;
    };
    const client = new DynaBase({ apiUrl: server.apiUrl, apiKey, fetch: counted });
    const hear = async () => {
      for await (const event of client.events.listen({}, { signal })) heard.push(event);
    };
    hear().catch((error: unknown) => {
      if (!signal.aborted) fail(error);
    });
  });
  return heard;
}

/** `tenant.state suspended>waking`, `operation.ended wake done`: all but what the policy thinks. */
const told = (events: readonly Event[], tenant: string): readonly string[] =>
  events
    .filter((event) => event.tenant?.name === tenant && event.type !== 'tenant.decision')
    .map(({ type, data: { kind, status, from, to } }) => {
      const work = [kind, status].filter((word) => word !== undefined);
      return [type, ...(from === undefined ? work : [`${from}>${to}`])].join(' ');
    })
    .sort();

async function all<T>(rows: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

const CUSTOMER = [{ name: 'Acme' }, { idempotencyKey: 'customer-once' }] as const;
const TENANT = [{ name: 'shop' }, { idempotencyKey: 'tenant-once' }] as const;

/** All but what the policy thinks, which comes whenever it likes. */
const HOOKED = ['tenant.created', 'tenant.state', 'tenant.changed', 'operation.*'] as const;

/** Everything that is shown once. */
type Secrets = {
  readonly key: string;
  readonly password: string;
  readonly signing: string;
};

type Known = {
  readonly customer: string;
  readonly key: string;
  readonly tenant: string;
  readonly operation: string;
  readonly webhook: string;
  /** Of a delivery that was begun and never answered. */
  readonly due: string;
  readonly secrets: Secrets;
};

/** One life of a server: what a customer and its operator do. */
async function firstRun(server: RealServer, receiver: Receiver, url: string): Promise<Known> {
  const admin = server.client;
  const { id: customer } = await admin.customers.create(...CUSTOMER);
  const scope = { kind: 'customer', customer } as const;
  const key = await admin.keys.create({ name: 'app', scope, role: 'admin' });
  const own = new DynaBase({ apiUrl: server.apiUrl, apiKey: key.secret });

  const stop = new AbortController();
  const heard = await heardBy(server, key.secret, stop.signal);
  const heardByAdmin = await heardBy(server, server.apiKey, stop.signal);
  const webhook = await own.webhooks.create({ url, events: [...HOOKED] });
  const tenant = await own.tenants.create(...TENANT);
  await admin.tenants.create({ name: 'of-the-operator' });

  const begun = await own.operations.begin('wakeTenant', { params: { ref: 'shop' } });
  expect(begun).toMatchObject({ kind: 'wake', tenant: { id: tenant.id }, customer });
  const woken = await own.operations.wait(begun.id);
  expect(woken).toMatchObject({ status: 'done', answer: { id: tenant.id, state: 'running' } });

  const life = [
    ...['operation.begun wake', 'operation.ended create done', 'operation.ended wake done'],
    ...['tenant.created', 'tenant.state creating>suspended'],
    ...['tenant.state suspended>waking', 'tenant.state waking>running'],
  ];
  const isTold = (events: readonly Event[]) => told(events, 'shop').length >= life.length;
  await eventually('both hear of it', async () => isTold(heard) && isTold(heardByAdmin));
  expect(told(heard, 'shop')).toEqual(life);
  expect(heard.filter((event) => event.customer !== customer)).toEqual([]);
  expect(told(heardByAdmin, 'of-the-operator')).toContain('tenant.created');

  const sent = (): readonly Event[] =>
    receiver.taken.map(({ body }) => JSON.parse(body).data as Event);
  await eventually('the webhook gets it', async () => isTold(sent()));
  expect(told(sent(), 'shop')).toEqual(life);
  for (const received of receiver.taken) expectSigned(received, webhook.secret);
  expect(told(sent(), 'of-the-operator')).toEqual([]);

  receiver.isSilent = true;
  await own.tenants.change('shop', { suspendAfterMs: 60_000 });
  await eventually('one is not answered', async () => receiver.unanswered.length > 0);
  const due = receiver.unanswered.map(idOf)[0] ?? '';
  stop.abort();
  const secrets = { key: key.secret, password: tenant.password, signing: webhook.secret };
  expectNoSecrets([heard, heardByAdmin, sent()], [server.apiKey, ...Object.values(secrets)]);
  return {
    ...{ customer, key: key.id, tenant: tenant.id, operation: begun.id },
    ...{ webhook: webhook.id, due, secrets },
  };
}

function expectNoSecrets(where: unknown, secrets: readonly string[]): void {
  const text = JSON.stringify(where);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(15);
    expect(text.includes(secret), 'a secret is told').toBe(false);
  }
}

/** The next life: nothing of that is lost, and nothing is done twice. */
async function secondRun(server: RealServer, receiver: Receiver, known: Known): Promise<void> {
  const { client: admin, apiUrl } = server;
  const own = new DynaBase({ apiUrl, apiKey: known.secrets.key });
  const wakes = await all(own.operations.list({ kind: 'wake' }));
  expect(wakes).toMatchObject([
    { id: known.operation, status: 'done', caller: `key ${known.key}` },
  ]);

  expect((await admin.customers.create(...CUSTOMER)).id).toBe(known.customer);
  await expect(own.tenants.create(...TENANT)).rejects.toMatchObject({
    code: 'IDEMPOTENT_ANSWER_LOST',
    message: expect.stringContaining(`POST /v1/tenants/${known.tenant}/rotate-password`),
  });
  await expect(own.tenants.create({ name: 'other' }, TENANT[1])).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  expect(await all(admin.customers.list())).toHaveLength(1);
  expect((await all(own.tenants.list())).map(({ name }) => name)).toEqual(['shop']);

  await eventually('what was due arrives', async () =>
    receiver.taken.some((received) => idOf(received) === known.due),
  );
  const again = receiver.taken.filter((received) => idOf(received) === known.due);
  for (const received of again) expectSigned(received, known.secrets.signing);
  expect(JSON.parse(again[0]?.body ?? '')).toMatchObject({
    type: 'tenant.changed',
    data: { tenant: { id: known.tenant }, customer: known.customer },
  });
  await eventually('that is written down', async () => {
    const deliveries = await all(own.webhooks.deliveries(known.webhook));
    return deliveries.some(({ id, deliveredAt }) => id === known.due && deliveredAt !== null);
  });
}

/** Who did what, the first first. */
async function expectAudit(server: RealServer, known: Known): Promise<void> {
  const entries = [...(await all(server.client.access.audit()))].reverse();
  const admin = { kind: 'admin-key', name: 'admin key', address: '127.0.0.1' };
  const app = { kind: 'key', id: known.key, name: 'app', address: '127.0.0.1' };
  const { customer, tenant } = known;
  expect(
    entries.map(({ operation, caller, outcome }) => [operation, caller.name, outcome]),
  ).toEqual([
    ['createCustomer', 'admin key', 'done'],
    ['createKey', 'admin key', 'done'],
    ['createWebhook', 'app', 'done'],
    ['createTenant', 'app', 'done'],
    ['createTenant', 'admin key', 'done'],
    ['wakeTenant', 'app', 'done'],
    ['changeTenant', 'app', 'done'],
    ['createCustomer', 'admin key', 'done'],
    ['createTenant', 'app', 'failed'],
    ['createTenant', 'app', 'failed'],
  ]);
  expect(entries[0]).toMatchObject({ caller: admin, customer });
  expect(entries[3]).toMatchObject({ caller: app, customer, tenant });
  expect(entries[5]).toMatchObject({ caller: app, customer, tenant });
  expect(entries[8]?.fault).toBe('IDEMPOTENT_ANSWER_LOST');
  const own = new DynaBase({ apiUrl: server.apiUrl, apiKey: known.secrets.key });
  const seen = await all(own.access.audit());
  expect(seen.filter((entry) => entry.customer !== customer)).toEqual([]);
  expectNoSecrets([entries, seen], [server.apiKey, ...Object.values(known.secrets)]);
}

test('what a customer does is done once, told to whom it concerns, written down, and outlives the server', async () => {
  const dataDir = await freshDataDir();
  await using receiver = new Receiver();
  const url = await receiver.open();
  try {
    const logs: string[] = [];
    let known: Known;
    {
      await using server = await realServer({ dataDir, args: ARGS });
      known = await firstRun(server, receiver, url);
      expect(await server.end()).toEqual({ code: 0, signal: null });
      logs.push(server.output);
    }
    receiver.isSilent = false;
    await using server = await realServer({ dataDir, args: ARGS });
    await secondRun(server, receiver, known);
    await expectAudit(server, known);
    logs.push(server.output);
    expect(logs.join('')).toContain(known.tenant);
    expectNoSecrets(logs, [server.apiKey, ...Object.values(known.secrets)]);
  } finally {
    await removeDataDir(dataDir);
  }
});
