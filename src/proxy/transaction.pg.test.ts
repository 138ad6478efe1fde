/** Backends for a transaction each, against a real PostgreSQL. */
import { once } from 'node:events';
import { connect } from 'node:net';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { type RealProxy, realProxy } from '../testing/real-proxy.ts';

const BACKENDS = 2;

let real: RealProxy;

beforeAll(async () => {
  real = await realProxy({}, BACKENDS);
}, 60_000);

afterAll(async () => {
  await real?.[Symbol.asyncDispose]();
  expect(endedByProxy).toEqual([]);
  expect(real.log.alarming).toEqual([]);
});

type Client = pg.Client & AsyncDisposable;

/** What clients were told while they asked nothing: unheard, it would be nobody's failure. */
const endedByProxy: Error[] = [];

async function client(options: pg.ClientConfig = {}): Promise<Client> {
  const mode = { options: '-c dynabase.pool=transaction' };
  const made = new pg.Client({ ...real.connection, ...mode, ...options });
  made.on('error', (error) => endedByProxy.push(error));
  await made.connect();
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.end() });
}

const value = async (session: pg.Client, sql: string | pg.QueryConfig): Promise<unknown> =>
  Object.values((await session.query(sql)).rows[0] ?? {})[0];

const bound = async () =>
  (await real.proxy.sessions.list(real.tenant)).filter(({ state }) => state !== 'parked').length;

/** Has all backends serve somebody else, so that the next statement finds another one, cleared. */
async function elsewhere(): Promise<void> {
  const others = await Promise.all([client(), client()]);
  await Promise.all(others.map((other) => other.query('begin')));
  await Promise.all(others.map((other) => other.query('rollback')));
  await Promise.all(others.map((other) => other.end()));
}

/** Likewise, while `session` has one of them. */
async function elsewhereThan(session: pg.Client): Promise<void> {
  await using other = await client();
  expect(await value(other, 'select 1')).toBe(1);
  expect(await value(session, 'select 1')).toBe(1);
}

async function cancel(session: pg.Client): Promise<void> {
  const { processID, secretKey } = session as never as { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80_877_102, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = connect(real.connection.port, real.connection.host);
  await once(socket.end(request), 'close');
}

describe('a session with a backend for each transaction', () => {
  test('has none between two of them', async () => {
    await using session = await client();
    expect(await bound()).toBe(0);
    expect(await value(session, 'select 1')).toBe(1);
    expect(await bound()).toBe(0);
    await session.query('begin');
    expect(await bound()).toBe(1);
    await session.query('rollback');
    expect(await bound()).toBe(0);
  });

  test('keeps its backend for a whole transaction', async () => {
    await using session = await client();
    await session.query('begin');
    const first = await value(session, 'select pg_backend_pid()');
    await using other = await client();
    await other.query('select 1');
    expect(await value(session, 'select pg_backend_pid()')).toBe(first);
    await session.query('commit');
  });

  test('is one of many on few backends', async () => {
    const many = await Promise.all(Array.from({ length: 30 }, () => client()));
    const answers = await Promise.all(
      many.flatMap((session, i) => [
        value(session, { name: 'same', text: 'select $1::int', values: [i] }),
        value(session, { name: `own${i}`, text: `select ${i} + $1::int`, values: [i] }),
        value(session, { name: 'same', text: 'select $1::int', values: [2 * i] }),
      ]),
    );
    expect(answers).toEqual(many.flatMap((_, i) => [i, 2 * i, 2 * i]));
    await Promise.all(many.map((session) => session.end()));
  });

  test('finds nothing of others: settings, statements, channels, tables, locks', async () => {
    await using session = await client();
    await session.query(`set statement_timeout = '123s'`);
    await session.query('create temp table kept (x int)');
    await session.query('listen news');
    await session.query('select pg_advisory_lock(7)');
    await session.query({ name: 'mine', text: 'select 1' });
    const own = await value(session, 'select pg_backend_pid()');
    const others = [await client(), await client(), await client()];
    await using ended = new AsyncDisposableStack();
    for (const other of others) ended.use(other);
    await Promise.all(others.map((other) => other.query('begin')).slice(0, 2));
    let seen = false;
    for (const other of others.slice(0, 2)) {
      seen ||= (await value(other, 'select pg_backend_pid()')) === own;
      expect(await value(other, 'show statement_timeout')).toBe('0');
      expect(await value(other, 'select count(*)::int from pg_prepared_statements')).toBe(0);
      expect(await value(other, 'select count(*)::int from pg_listening_channels()')).toBe(0);
      expect(await value(other, `select to_regclass('pg_temp.kept')`)).toBe(null);
      const locks = `select count(*)::int from pg_locks where locktype = 'advisory'`;
      expect(await value(other, locks)).toBe(0);
      await other.query('commit');
    }
    expect(seen).toBe(true);
  });

  test('leaves no custom setting: its backend is closed', async () => {
    await using session = await client();
    await session.query(`set app.secret = 'mine'`);
    await elsewhere();
    await using other = await client();
    expect(await value(other, `select current_setting('app.secret', true)`)).toBe(null);
  });

  test('has its named statements on each backend, and none of another session', async () => {
    await using one = await client();
    await using two = await client();
    expect(await value(one, { name: 's', text: 'select 1 as x' })).toBe(1);
    await elsewhere();
    expect(await value(two, { name: 's', text: 'select 2 as x' })).toBe(2);
    expect(await value(one, { name: 's', text: 'select 1 as x' })).toBe(1);
    expect(await value(two, { name: 's', text: 'select 2 as x' })).toBe(2);
    await two.query('begin');
    await elsewhereThan(two);
    expect(await value(two, { name: 's', text: 'select 2 as x' })).toBe(2);
    await two.query('commit');
  });

  test('has the settings it made, if PostgreSQL reports them', async () => {
    await using session = await client();
    await session.query(`set timezone = 'Asia/Tokyo'`);
    await session.query(`set application_name = 'of my own'`);
    await session.query('set search_path = pg_catalog, public');
    await session.query(`set statement_timeout = '77s'`);
    await elsewhere();
    expect(await value(session, 'show timezone')).toBe('Asia/Tokyo');
    expect(await value(session, 'show application_name')).toBe('of my own');
    expect(await value(session, 'show search_path')).toBe('pg_catalog, public');
    expect(await value(session, 'show statement_timeout')).toBe('0');
    await session.query('reset timezone');
    await elsewhere();
    expect(await value(session, 'show timezone')).not.toBe('Asia/Tokyo');
  });

  test('hears what PostgreSQL says of a statement that can no longer be prepared', async () => {
    await using session = await client();
    await session.query('create table gone (x int)');
    const named = { name: 'g', text: 'select count(*)::int from gone' };
    expect(await value(session, named)).toBe(0);
    await session.query('drop table gone');
    await elsewhere();
    await expect(session.query(named)).rejects.toMatchObject({ code: '26000' });
    expect(await value(session, 'select 1')).toBe(1);
  });

  test('has no statement whose Parse failed, and another of its name later', async () => {
    await using session = await client();
    const wrong = session.query({ name: 'w', text: 'select nothing from nowhere' });
    await expect(wrong).rejects.toMatchObject({ code: '42P01' });
    await elsewhere();
    expect(await value(session, { name: 'w', text: 'select 5' })).toBe(5);
    await elsewhere();
    expect(await value(session, { name: 'w', text: 'select 5' })).toBe(5);
  });

  test('has deallocated what it has deallocated', async () => {
    await using session = await client();
    const named = { name: 'd', text: 'select 6' };
    expect(await value(session, named)).toBe(6);
    await elsewhere();
    await session.query('deallocate d');
    await elsewhere();
    await expect(session.query(named)).rejects.toMatchObject({ code: '26000' });
  });

  test('copies in and out', async () => {
    await using session = await client();
    await session.query('create table copied (x int)');
    await session.query('insert into copied select generate_series(1, 3)');
    await elsewhere();
    expect(await value(session, 'select sum(x)::int from copied')).toBe(6);
    await session.query('drop table copied');
  });

  test('is canceled at work and while it waits', async () => {
    await using session = await client();
    const asleep = session.query('select pg_sleep(30)');
    const failed = expect(asleep).rejects.toMatchObject({ code: '57014' });
    // Whatever else fails first tells more.
    failed.catch(() => {});
    // A backend that has not begun ignores a cancel, and then sleeps.
    await eventually('it is at work', async () => {
      const working = `select from pg_stat_activity where state = 'active' and query ~ '^select pg_sleep'`;
      return (await real.postgres.sql(working)).length === 1;
    });
    await cancel(session);
    await failed;
    expect(await value(session, 'select 1')).toBe(1);
  });
});

describe('its compute', () => {
  test('is stopped between two transactions, and not within one', async () => {
    await using session = await client();
    const named = { name: 'n', text: 'select 9' };
    expect(await value(session, named)).toBe(9);
    const parked = await real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' });
    expect(parked).toEqual({ kind: 'parked', sessions: 1 });
    expect(await value(session, named)).toBe(9);
    await session.query('begin');
    expect((await real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' })).kind).toBe('held');
    await session.query('commit');
  });

  test('may lose its backend between two transactions', async () => {
    await using session = await client();
    const named = { name: 'n', text: 'select pg_backend_pid()' };
    const lost = await value(session, named);
    await real.postgres.sql(`select pg_terminate_backend(${lost}, 5000)`);
    // What it has said by then has been read before this.
    await client().then((other) => other.end());
    expect(await value(session, named)).not.toBe(lost);
  });
});

describe('postgres.js, which prepares all it asks', () => {
  test('shares few backends, pipelines and rolls back', async () => {
    const { host, port, user, password, database } = real.connection;
    const connection = { options: '-c dynabase.pool=transaction' };
    const sql = postgres({ host, port, user, password, database, max: 8, connection });
    try {
      const asked = Array.from({ length: 200 }, (_, i) => sql`select ${i}::int as i`);
      const rows = await Promise.all(asked);
      expect(rows.map(([row]) => row?.i)).toEqual(Array.from({ length: 200 }, (_, i) => i));
      const lost = sql.begin(async (tx) => {
        await tx`select 1`;
        await tx`select 1 / ${0}::int`;
      });
      await expect(lost).rejects.toMatchObject({ code: '22012' });
      const [row] = await sql.begin((tx) => [tx`select ${7}::int as i`, tx`select ${8}::int as i`]);
      expect(row?.[0]?.i).toBe(7);
    } finally {
      await sql.end();
    }
  });
});
