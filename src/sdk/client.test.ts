import { expect, test } from 'vitest';
import { DynaBase } from './client.ts';
import { DynaBaseError } from './error.ts';
import * as sdk from './index.ts';
import { RETRIES_MAX } from './transport.ts';

type Sent = { readonly method: string; readonly url: string; readonly headers: Headers };
type Reply = Response | Error;

/** A client whose server gives these answers, in this order. */
function scripted(replies: readonly Reply[], options: { retriesMax?: number } = {}) {
  const left = [...replies];
  const sent: Sent[] = [];
  const waits: number[] = [];
  let keys = 0;
  const client = new DynaBase({
    apiUrl: 'http://server:6480/',
    apiKey: 'the-key',
    fetch: async (url, init) => {
      sent.push({
        method: init?.method ?? 'GET',
        url: String(url),
        headers: new Headers(init?.headers),
      });
      const reply = left.shift();
      if (reply === undefined) throw new Error('the script is over');
      if (reply instanceof Error) throw reply;
      return reply;
    },
    sleep: async (ms) => {
      waits.push(ms);
    },
    newKey: () => `key-${++keys}`,
    ...options,
  });
  return { client, sent, waits, left };
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json' },
  });

const problem = (code: string, status: number, retry: 'never' | 'soon') =>
  json(
    {
      type: `urn:dynabase:fault:${code}`,
      title: 'Title',
      status,
      detail: 'what happened',
      code,
      sqlstate: '57P03',
      retry,
      requestId: 'req_1',
    },
    status,
  );

const refused = () =>
  new TypeError('fetch failed', {
    cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
  });

test('a call carries the key, and its arguments where they belong', async () => {
  const { client, sent } = scripted([json({ tenants: [], next: null }), json({ id: 'x' })]);
  await client.tenants.page({ limit: 5, state: 'running' });
  await client.tenants.change('a/b', { sessionsMax: 3 });
  expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET http://server:6480/v1/tenants?limit=5&state=running',
    'PATCH http://server:6480/v1/tenants/a%2Fb',
  ]);
  expect(sent[0]?.headers.get('authorization')).toBe('Bearer the-key');
  expect(sent[1]?.headers.get('content-type')).toBe('application/json');
});

test('a problem becomes an error with its code', async () => {
  const { client } = scripted([problem('TENANT_UNKNOWN', 404, 'never')]);
  const error = await client.tenants.get('acme').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DynaBaseError);
  expect(error).toMatchObject({
    code: 'TENANT_UNKNOWN',
    message: 'what happened',
    sqlstate: '57P03',
    http: 404,
    retry: 'never',
    requestId: 'req_1',
  });
});

test('what may succeed soon is repeated with growing waits, and then given up', async () => {
  const down = () => problem('CATALOG_DOWN', 503, 'soon');
  const { client, waits, left } = scripted([down(), down(), down(), down(), down(), down()]);
  await expect(client.status()).rejects.toMatchObject({ code: 'CATALOG_DOWN' });
  expect(waits).toEqual([100, 200, 400, 800]);
  expect(waits).toHaveLength(RETRIES_MAX);
  expect(left).toHaveLength(1);
});

test('who asks too often waits as long as they are told, or is told at once if that is long', async () => {
  const throttled = (seconds: number) => {
    const answer = problem('RATE_LIMITED', 429, 'soon');
    answer.headers.set('retry-after', String(seconds));
    return answer;
  };
  const { client, waits } = scripted([throttled(3), json({ version: '1' }), throttled(60)]);
  expect(await client.status()).toEqual({ version: '1' });
  const told = { code: 'RATE_LIMITED', retryAfterMs: 60_000 };
  await expect(client.status()).rejects.toMatchObject(told);
  expect(waits).toEqual([3_000]);
});

test('a server that comes back is reached', async () => {
  const { client } = scripted([refused(), refused(), json({ version: '1' })]);
  expect(await client.status()).toEqual({ version: '1' });
});

test('every repeat of a create has the same key; another create has another', async () => {
  const made = { name: 'acme' };
  const { client, sent } = scripted([refused(), json(made, 201), json(made, 201)]);
  await client.tenants.create({ name: 'acme' });
  await client.tenants.create({ name: 'acme' });
  const keys = sent.map(({ headers }) => headers.get('idempotency-key'));
  expect(keys).toEqual(['key-1', 'key-1', 'key-2']);
});

test('a key of the caller is sent as it is, and a read needs none', async () => {
  const { client, sent } = scripted([json({}, 201), json({})]);
  await client.tenants.create({ name: 'acme' }, { idempotencyKey: 'mine' });
  await client.tenants.get('acme');
  expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['mine', null]);
});

test('what was seen is sent along with its change, and what has no tag is not taken for it', async () => {
  const seen = new Response('{"name":"acme"}', { headers: { etag: 'W/"1"' } });
  const { client, sent } = scripted([seen, json({}), json({})]);
  const tenant = await client.tenants.get('acme');
  expect([sdk.etagOf(tenant), sdk.etagOf({})]).toEqual(['W/"1"', undefined]);
  await client.tenants.change('acme', { plan: 'starter' }, { ifMatch: tenant });
  await client.tenants.change('acme', { plan: 'starter' }, { ifMatch: 'W/"2"' });
  expect(sent.map(({ headers }) => headers.get('if-match'))).toEqual([null, 'W/"1"', 'W/"2"']);
  const untold = client.tenants.change('acme', { plan: 'starter' }, { ifMatch: {} });
  await expect(untold).rejects.toThrow('no answer that came with a tag');
});

test('a delete whose answer was lost is done when the repeat finds nothing', async () => {
  const unknown = () => problem('TENANT_UNKNOWN', 404, 'never');
  const lost = scripted([refused(), unknown()]);
  await expect(lost.client.tenants.delete('acme')).resolves.toBeUndefined();
  const first = scripted([unknown()]);
  await expect(first.client.tenants.delete('acme')).rejects.toMatchObject({
    code: 'TENANT_UNKNOWN',
  });
});

test('a server that cannot be reached is said in words', async () => {
  const { client } = scripted([refused()], { retriesMax: 0 });
  await expect(client.status()).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    retry: 'soon',
    requestId: null,
    message: expect.stringContaining('DynaBase does not answer: connection refused; start it'),
  });
});

test('an answer that is not the API is told apart from it', async () => {
  const page = new Response('<html>hello</html>', { status: 200 });
  const { client } = scripted([page], { retriesMax: 0 });
  await expect(client.status()).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: expect.stringContaining('what answers there (status 200) is not its API'),
  });
});

test('an aborted call rejects with the reason, and is not repeated', async () => {
  const { client, sent } = scripted([refused(), refused()]);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await expect(client.status({ signal: controller.signal })).rejects.toThrow('enough');
  expect(sent).toEqual([]);
});

test('list asks for the next page only when the loop comes to it', async () => {
  const page = (names: string[], next: string | null) =>
    json({ tenants: names.map((name) => ({ name })), next });
  const { client, sent } = scripted([page(['a', 'b'], 'b'), page(['c'], null)]);
  const seen: string[] = [];
  for await (const tenant of client.tenants.list({ limit: 2 })) {
    seen.push(tenant.name);
    if (tenant.name === 'b') expect(sent).toHaveLength(1);
  }
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(sent.map(({ url }) => url.split('?')[1])).toEqual(['limit=2', 'limit=2&after=b']);
});

test('decisions are fetched page by page, from where the page before ended', async () => {
  const page = (reasons: string[], next: string | null) =>
    json({ decisions: reasons.map((because) => ({ because })), next });
  const { client, sent } = scripted([
    page(['c', 'b'], '2030-01-01T00:00:00.000Z'),
    page(['a'], null),
  ]);
  const seen: string[] = [];
  for await (const { because } of client.tenants.decisions('acme', { replay: true })) {
    seen.push(because);
  }
  expect(seen).toEqual(['c', 'b', 'a']);
  expect(sent.map(({ url }) => decodeURIComponent(url.split('?')[1] ?? ''))).toEqual([
    'limit=100&replay=true',
    'limit=100&replay=true&before=2030-01-01T00:00:00.000Z',
  ]);
});

test('the policy is put, and a put may be repeated', async () => {
  const { client, sent } = scripted([refused(), json({ preset: 'vision' })]);
  await client.policy.set({ preset: 'vision' });
  expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'PUT http://server:6480/v1/policy',
    'PUT http://server:6480/v1/policy',
  ]);
});

test('the package exports these names', () => {
  expect(Object.keys(sdk).sort()).toEqual(['DynaBase', 'DynaBaseError', 'etagOf']);
});

test('a file is sent and asked for once, since nobody knows how much of it was taken', async () => {
  const { client, sent } = scripted([refused(), refused()]);
  const unreachable = { code: 'SERVER_UNREACHABLE' };
  await expect(client.tenants.export('acme')).rejects.toMatchObject(unreachable);
  const parts = (async function* () {
    yield Buffer.from('part');
  })();
  await expect(client.tenants.import({ name: 'copy' }, parts)).rejects.toMatchObject(unreachable);
  expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET http://server:6480/v1/tenants/acme/export',
    'POST http://server:6480/v1/tenants/import?name=copy',
  ]);
});

test('a repeated delete that finds no snapshot has found its own earlier work', async () => {
  const { client, left } = scripted([refused(), problem('SNAPSHOT_UNKNOWN', 404, 'never')]);
  await client.tenants.deleteSnapshot('acme', 'sn_000000000001');
  expect(left).toEqual([]);
  const { client: first } = scripted([problem('SNAPSHOT_UNKNOWN', 404, 'never')]);
  await expect(first.tenants.deleteSnapshot('acme', 'sn_000000000001')).rejects.toMatchObject({
    code: 'SNAPSHOT_UNKNOWN',
  });
});

test('a fork is repeated under one key', async () => {
  const { client, sent } = scripted([refused(), json({ name: 'copy' }, 201)]);
  await client.tenants.fork('acme', { name: 'copy' });
  expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['key-1', 'key-1']);
});
