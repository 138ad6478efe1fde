import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Event, wanted } from '../domain/events.ts';
import { seconds } from '../domain/units.ts';
import { InjectedApi } from '../testing/injected-api.ts';

let api: InjectedApi;
let events: Event[];

beforeEach(async () => {
  api = await InjectedApi.open();
  await api.create('acme');
  events = [];
  api.desks.events.subscribe({ types: ['operation.*'] }, (event) => events.push(event));
});

afterEach(() => api.close());

/** The next wake takes until the answer is called. */
function slowWake(): (error?: Error) => void {
  let finish = (_error?: Error): void => {};
  const gate = new Promise<void>((resolve, reject) => {
    finish = (error) => (error ? reject(error) : resolve());
  });
  const wake = api.control.wakeTenant.bind(api.control);
  api.control.wakeTenant = async (ref) => {
    await gate;
    return await wake(ref);
  };
  return finish;
}

const operations = async (query = '') => (await api.ask('GET', `/v1/operations${query}`)).body;

describe('long work', () => {
  test('is answered as ever when nothing is said of waiting, and listed', async () => {
    const answer = await api.ask('POST', '/v1/tenants/acme/wake');
    expect([answer.status, answer.body.state]).toEqual([200, 'running']);
    const listed = await operations('?kind=wake');
    expect(listed).toEqual({
      operations: [
        {
          ...{ id: expect.stringMatching(/^op_/), kind: 'wake', status: 'done', customer: null },
          ...{ tenant: { id: 'tn_000000000001', name: 'acme' }, caller: 'admin-key admin' },
          ...{ progress: null, result: { tenant: 'tn_000000000001', name: 'acme' }, fault: null },
          begunAt: '2030-01-01T00:00:00.000Z',
          endedAt: '2030-01-01T00:00:00.000Z',
        },
      ],
      next: null,
    });
    expect(events.map(({ type, tenant }) => [type, tenant?.name])).toEqual([
      ['operation.begun', 'acme'],
      ['operation.ended', 'acme'],
    ]);
    expect(events.every((event) => wanted({ types: ['operation.*'] }, event))).toBe(true);
  });

  test('that is not waited for goes on, and says where to look', async () => {
    const finish = slowWake();
    const begun = await api.ask('POST', '/v1/tenants/acme/wake?wait=0s');
    expect([begun.status, begun.body.status]).toEqual([202, 'running']);
    const where = String(begun.headers.location);
    expect(where).toBe(`/v1/operations/${begun.body.id}`);
    const watching = api.ask('GET', `${where}?wait=30s`);
    finish();
    const ended = (await watching).body;
    expect(ended).toMatchObject({ status: 'done', answer: { name: 'acme', state: 'running' } });
    // Once.
    expect((await api.ask('GET', where)).body).not.toHaveProperty('answer');
  });

  test('is answered if it ends while it is waited for, and told of if it does not', async () => {
    const finish = slowWake();
    const short = api.ask('POST', '/v1/tenants/acme/wake?wait=2s');
    const long = api.ask('POST', '/v1/tenants/acme/wake?wait=1m');
    await new Promise((next) => setImmediate(next));
    await api.clock.advance(seconds(3));
    expect((await short).status).toBe(202);
    finish();
    expect(await long).toMatchObject({ status: 200, body: { state: 'running' } });
  });

  test('that fails says why, whoever waits for it', async () => {
    api.control.failNext('WAKE_FAILED', { tenant: 'acme', why: 'no disk' } as never);
    const { body } = await api.ask('POST', '/v1/tenants/acme/wake?wait=1s');
    expect(body.code).toBe('WAKE_FAILED');
    const [failed] = (await operations('?status=failed')).operations;
    expect(failed.fault.code).toBe('WAKE_FAILED');
  });

  test('keeps a password for who asked, once, and stores none', async () => {
    const payload = { name: 'beta' };
    const begun = await api.ask('POST', '/v1/tenants/acme/fork?wait=0s', { payload });
    expect(begun.body).not.toHaveProperty('answer');
    const url = `/v1/operations/${begun.body.id}?wait=5s`;
    expect((await api.ask('HEAD', url)).status).toBe(405);
    expect((await api.ask('GET', url)).body.answer.password).toMatch(/^secret-/);
    expect(JSON.stringify(await operations())).not.toContain('secret-');
    expect((await api.ask('GET', url)).body).not.toHaveProperty('answer');
  });

  test('under the same idempotency key is the same operation', async () => {
    const request = { payload: { name: 'beta' }, headers: { 'idempotency-key': 'k' } };
    const url = '/v1/tenants/acme/fork?wait=0s';
    const [one, two] = [await api.ask('POST', url, request), await api.ask('POST', url, request)];
    expect(two.body.id).toBe(one.body.id);
    expect((await operations('?kind=fork')).operations).toHaveLength(1);
  });
});

describe('an operation', () => {
  test('that is over, or cannot be stopped, is not cancelled', async () => {
    await api.ask('POST', '/v1/tenants/acme/wake');
    const [over] = (await operations('?kind=wake')).operations;
    const cancel = (id: string) => api.ask('POST', `/v1/operations/${id}/cancel`);
    expect((await cancel(over.id)).body).toMatchObject({ code: 'CANNOT_CANCEL', status: 409 });
    const finish = slowWake();
    const begun = await api.ask('POST', '/v1/tenants/acme/wake?wait=0s');
    // Who waits for it leaves; it goes on for the others.
    expect((await cancel(begun.body.id)).body).toMatchObject({ kind: 'wake', status: 'cancelled' });
    finish();
    const suspended = Promise.withResolvers<void>();
    const suspend = api.control.suspendTenant.bind(api.control);
    api.control.suspendTenant = async (ref) => {
      await suspended.promise;
      return await suspend(ref);
    };
    const stopping = await api.ask('POST', '/v1/tenants/acme/suspend?wait=0s');
    expect((await cancel(stopping.body.id)).body.detail).toContain('cannot be stopped half way');
    suspended.resolve();
    expect((await cancel('op_000000000000')).body.code).toBe('OPERATION_UNKNOWN');
    expect((await cancel('nonsense')).body.code).toBe('OPERATION_UNKNOWN');
  });

  test('list goes page by page, the latest first', async () => {
    for (let i = 0; i < 3; i++) {
      await api.clock.advance(seconds(1));
      await api.ask('POST', '/v1/tenants/acme/wake');
    }
    const first = await operations('?kind=wake&limit=2');
    const second = await operations(`?kind=wake&limit=2&after=${first.next}`);
    const times = [...first.operations, ...second.operations].map(
      (one: { begunAt: string }) => one.begunAt,
    );
    expect(times).toEqual(times.toSorted().reverse());
    expect([times.length, second.next]).toEqual([3, null]);
    const kinds = (await operations('?tenant=acme')).operations.map(
      (one: { kind: string }) => one.kind,
    );
    expect(kinds).toEqual(['wake', 'wake', 'wake', 'create']);
    expect((await operations('?tenant=nobody')).code).toBe('TENANT_UNKNOWN');
    expect((await operations('?after=x')).code).toBe('BAD_REQUEST');
  });
});
