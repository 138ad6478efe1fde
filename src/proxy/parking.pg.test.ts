/** Parking against a real PostgreSQL: whatever a session holds is there again, or it is not parked. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { type RealProxy, realProxy } from '../testing/real-proxy.ts';
import { verifierOf } from '../wire/verifier.ts';

let real: RealProxy;

beforeAll(async () => {
  real = await realProxy({ chaosPark: true });
}, 60_000);

afterAll(async () => {
  await real?.[Symbol.asyncDispose]();
  expect(real.log.alarming).toEqual([]);
});

type Client = pg.Client & AsyncDisposable;

async function client(options: pg.ClientConfig = {}): Promise<Client> {
  const made = new pg.Client({ ...real.connection, ...options });
  await made.connect();
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.end() });
}

const states = async () =>
  (await real.proxy.sessions.list(real.tenant)).map(({ state, pin }) => pin?.reason ?? state);

/** Waits until the only session is as it is described, a pin by its reason. */
const until = (state: string) =>
  eventually(`the session is ${state}`, async () => (await states())[0] === state);

const value = async (session: pg.Client, sql: string): Promise<unknown> =>
  Object.values((await session.query(sql)).rows[0] ?? {})[0];

describe('a session that is parked and speaks again', () => {
  test('goes on, on another backend or the same', async () => {
    await using session = await client();
    await until('parked');
    expect(await value(session, 'select 1')).toBe(1);
    await until('parked');
    expect(await value(session, 'select 2')).toBe(2);
  });

  test('has its settings, its role, its custom settings and its channels', async () => {
    await using session = await client();
    const notified: string[] = [];
    session.on('notification', ({ payload = '' }) => notified.push(payload));
    await session.query('create role helper');
    await session.query(`set work_mem = '5MB'`);
    await until('parked');
    await session.query(`set app.tenant = 'x''y'`);
    await until('parked');
    await session.query('set search_path = pg_catalog, public');
    await until('parked');
    expect(await value(session, 'show work_mem')).toBe('5MB');
    expect(await value(session, `select current_setting('app.tenant')`)).toBe(`x'y`);
    expect(await value(session, 'show search_path')).toBe('pg_catalog, public');
    await session.query('listen news');
    await until('bound');
    await using other = await client();
    await other.query(`notify news, 'hello'`);
    await eventually('the notification came', async () => notified.length === 1);
    await session.query('unlisten *');
    await session.query('drop role helper');
  });

  test('has its prepared statements, of the protocol and of SQL', async () => {
    await using session = await client();
    const named = { name: 'sum', text: 'select $1::int + $2::int as sum' };
    expect((await session.query({ ...named, values: [1, 2] })).rows).toEqual([{ sum: 3 }]);
    await until('parked');
    expect((await session.query({ ...named, values: [3, 4] })).rows).toEqual([{ sum: 7 }]);
    await session.query('prepare twice(int) as select $1 * 2 as twice');
    await until('parked');
    expect(await value(session, 'execute twice(21)')).toBe(42);
  });

  test('leaves nothing to whoever gets its backend', async () => {
    await using session = await client();
    await session.query(`set app.secret = 'mine'`);
    await session.query(`set statement_timeout = '123s'`);
    await session.query('prepare p as select 1');
    await until('parked');
    await using other = await client();
    expect(await value(other, `select current_setting('app.secret', true)`)).toBe(null);
    expect(await value(other, 'show statement_timeout')).toBe('0');
    expect(await value(other, 'select count(*)::int from pg_prepared_statements')).toBe(0);
    expect(await value(session, 'execute p')).toBe(1);
  });
});

test('a new password that one session has proven is good for all of its role', async () => {
  await using session = await client({ application_name: 'old' });
  await until('parked');
  const verifier = await verifierOf('a new one', Buffer.alloc(16, 3));
  const before = await real.gate.credential(real.tenant, 'acme');
  const set = async (to: string) => {
    await real.postgres.sql(`alter role acme password '${to}'`);
    real.gate.addRole(real.tenant, 'acme', { verifier: to });
  };
  await real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' });
  await set(verifier);
  await using other = await client({ application_name: 'new', password: 'a new one' });
  expect(await value(other, 'select 1')).toBe(1);
  expect(await value(session, 'select 2')).toBe(2);
  await set(before?.verifier ?? '');
});

describe('a session is pinned', () => {
  test.each([
    ['temporary objects', 'create temp table t (x int)', 'drop table t'],
    ['cursor WITH HOLD', 'declare c cursor with hold for select 1', 'close c'],
    ['advisory lock', 'select pg_advisory_lock(1)', 'select pg_advisory_unlock(1)'],
    ['open transaction', 'begin', 'rollback'],
  ])('by %s, until that is gone', async (reason, begin, end) => {
    await using session = await client();
    await session.query(begin);
    await until(reason);
    expect((await real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' })).kind).toBe('held');
    await session.query(end);
    await until('parked');
  });
});

describe('the compute is to be stopped', () => {
  test('all sessions at rest are parked, and are awake again with their first query', async () => {
    await using session = await client();
    await session.query('listen night');
    await until('bound');
    const notified: string[] = [];
    session.on('notification', ({ payload = '' }) => notified.push(payload));
    const parked = await real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' });
    expect(parked).toEqual({ kind: 'parked', sessions: 1 });
    expect(await states()).toEqual(['parked']);
    // Whoever comes first finds all who listen already there.
    await using other = await client();
    await other.query(`notify night, 'good morning'`);
    await eventually('the notification came', async () => notified.length === 1);
  });
});

describe('a backend that nobody has', () => {
  test('does not keep a database from being dropped', async () => {
    await using session = await client();
    await session.query('create database short_lived');
    for (const parks of [true, false]) {
      const visitor = await client({ database: 'short_lived', options: 'endpoint=acme' });
      await visitor.query('select 1');
      if (parks) await eventually('it is parked', async () => (await states()).includes('parked'));
      await visitor.end();
    }
    await session.query('drop database short_lived');
  });
});
