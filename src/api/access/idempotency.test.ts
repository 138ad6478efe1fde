import { beforeEach, describe, expect, test } from 'vitest';
import { OPERATIONS, type Operation, type OperationName } from '../../contract/operations.ts';
import type { Route } from '../../contract/route.ts';
import { ROUTES } from '../../contract/routes.ts';
import { SECRET_ANSWERS } from '../../contract/secret-answers.ts';
import { hours, ms } from '../../domain/units.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { InjectedApi } from '../../testing/injected-api.ts';
import { MemoryDoneRequests } from '../../testing/memory-done-requests.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { Idempotency, REMEMBERED_FOR, REMEMBERED_MAX } from './idempotency.ts';

let clock: VirtualClock;
let store: MemoryDoneRequests;
let log: MemoryLog;
let runs: number;

const opened = () => new Idempotency({ clock, log, store });

const asked = (key: string, body: unknown = {}) =>
  ({ key, name: 'createCustomer', params: undefined, body }) as const;

const run = async (keep: (answer: unknown) => Promise<void>) => {
  const answer = { id: `cu_${++runs}` };
  await keep(answer);
  return answer;
};

beforeEach(() => {
  clock = new VirtualClock();
  store = new MemoryDoneRequests();
  log = new MemoryLog();
  runs = 0;
});

test('an outcome is forgotten after a day, by whoever started since', async () => {
  const once = opened();
  await once.once(asked('key'), run);
  await clock.advance(ms(REMEMBERED_FOR - 1));
  expect(await once.once(asked('key'), run)).toEqual({ id: 'cu_1' });
  expect(await opened().once(asked('key'), run)).toEqual({ id: 'cu_1' });
  await clock.advance(ms(1));
  expect(await once.once(asked('key'), run)).toEqual({ id: 'cu_2' });
  expect(await opened().once(asked('key'), run)).toEqual({ id: 'cu_2' });
});

test('what no longer has a place in memory is found in the catalog', async () => {
  const once = opened();
  for (let i = 0; i <= REMEMBERED_MAX; i++) await once.once(asked(`key ${i}`), run);
  expect(await once.once(asked('key 0'), run)).toEqual({ id: 'cu_1' });
  expect(runs).toBe(REMEMBERED_MAX + 1);
});

test('a failure is not remembered, and a later success is', async () => {
  const once = opened();
  const failing = once.once(asked('key'), () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  await clock.advance(hours(1));
  expect(await once.once(asked('key'), run)).toEqual({ id: 'cu_1' });
  expect(await once.once(asked('key'), run)).toEqual({ id: 'cu_1' });
});

test('two at the same time are one', async () => {
  const once = opened();
  const both = [once.once(asked('key'), run), once.once(asked('key'), run)];
  expect(await Promise.all(both)).toEqual([{ id: 'cu_1' }, { id: 'cu_1' }]);
});

test('a key that was used for something else is refused, also after a restart', async () => {
  await opened().once(asked('key', { name: 'a' }), run);
  const other = opened().once(asked('key', { name: 'b' }), run);
  await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
});

test('what cannot be written is answered nevertheless', async () => {
  store.failNext(new Error('away'));
  expect(await opened().once(asked('key'), run)).toEqual({ id: 'cu_1' });
  expect(await opened().once(asked('key'), run)).toEqual({ id: 'cu_2' });
});

describe('over a restart of the server', () => {
  const SAME = { headers: { 'idempotency-key': 'one' } };

  test('a customer is made once, and answered again', async () => {
    const payload = { name: 'Acme' };
    const first = await restarted().then((api) =>
      api.ask('POST', '/v1/customers', { ...SAME, payload }),
    );
    const api = await restarted();
    const again = await api.ask('POST', '/v1/customers', { ...SAME, payload });
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect((await api.ask('GET', '/v1/customers')).body.customers).toEqual([]);
  });

  test.each([
    ['/v1/tenants', { name: 'beta' }, /beta \(tn_\w+\).* POST \/v1\/tenants\/tn_\w+\/rotate-p/],
    ['/v1/tenants/acme/fork', { name: 'beta' }, /beta \(tn_\w+\).*\/tn_\w+\/rotate-password$/],
    [
      '/v1/tenants/acme/rotate-password',
      undefined,
      /acme \(tn_\w+\).* POST \/v1\/tenants\/acme\/rotate-password$/,
    ],
    ['/v1/keys', { name: 'ci', role: 'viewer' }, /ci \(key_\w+\).*\/v1\/keys\/key_\w+\/rotate$/],
    ['/v1/webhooks', { url: 'https://a.example/' }, /\/v1\/webhooks\/wh_\w+\/rotate-secret$/],
    ['/v1/tenants/acme/roles', { name: 'Über/a' }, /\/acme\/roles\/%C3%9Cber%2Fa\/rotate-pass/],
  ])('%s is done once, and its secret is not told again', async (url, payload, way) => {
    const more = { ...SAME, ...(payload && { payload }) };
    const before = await restarted();
    await before.create('acme');
    const first = await before.ask('POST', url, more);
    expect(first.status, JSON.stringify(first.body)).toBeLessThan(300);
    const secret = first.body.password ?? first.body.secret ?? first.body.key;
    expect(secret).toEqual(expect.any(String));
    expect(store.text).not.toContain(secret);

    const after = await restarted();
    await after.create('acme');
    const again = await after.ask('POST', url, more);
    expect([again.status, again.body.code]).toEqual([409, 'IDEMPOTENT_ANSWER_LOST']);
    expect(again.body.detail).toMatch(way);
    expect(after.control.tenants().map(({ name }) => name)).toEqual(['acme']);
  });

  const restarted = () => InjectedApi.open({ doneRequests: store });
});

test('answers that hold a secret are those that are not kept', () => {
  const keyed = (Object.keys(OPERATIONS) as OperationName[]).filter(
    (name) => (OPERATIONS[name] as Operation).repeat === 'keyed',
  );
  const secret = keyed.filter((name) => {
    const text = JSON.stringify((ROUTES[name] as Route).success.shape) ?? '';
    return /"(?:password|secret|key|token)":\{/.test(text);
  });
  expect(secret.toSorted()).toEqual(Object.keys(SECRET_ANSWERS).toSorted());
});

test('however many others come, what is under way is not done beside itself', async () => {
  const once = opened();
  const slow = Promise.withResolvers<unknown>();
  const first = once.once(asked('slow'), () => slow.promise);
  for (let i = 0; i <= REMEMBERED_MAX; i++) await once.once(asked(`key ${i}`), run);
  const again = once.once(asked('slow'), run);
  await expect(once.once(asked('slow', { other: true }), run)).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  slow.resolve({ id: 'the first' });
  expect(await Promise.all([first, again])).toEqual([{ id: 'the first' }, { id: 'the first' }]);
  expect(runs).toBe(REMEMBERED_MAX + 1);
});
