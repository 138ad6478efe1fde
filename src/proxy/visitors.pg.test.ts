/** Visitors of a sleeping tenant, before a real PostgreSQL and by a real client. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { type RealProxy, realProxy } from '../testing/real-proxy.ts';

let real: RealProxy;

beforeAll(async () => {
  real = await realProxy({ engineVersion: '0.1' });
}, 60_000);

afterAll(async () => {
  await real?.[Symbol.asyncDispose]();
  expect(real.log.alarming).toEqual([]);
});

/** The compute is put to sleep: from here on no proxy has an address. */
beforeEach(async () => {
  await eventually('the tenant is parked', async () => {
    const parked = await real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' });
    return parked.kind === 'parked';
  });
  real.gate.isAsleep = true;
  real.gate.wakes.length = 0;
});

async function client(applicationName: string, options: pg.ClientConfig = {}) {
  const made = new pg.Client({
    ...real.connection,
    application_name: applicationName,
    ...options,
  });
  await made.connect();
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.end() });
}

const wokenBy = () =>
  real.gate.wakes.map(({ cause }) => (cause.kind === 'session' ? cause.visitor : cause.kind));

const PING = { rows: [{ '?column?': 1 }], rowCount: 1, command: 'SELECT' };

test('a session that was let in without a backend hears what it was told wrongly', async () => {
  await using monitor = await client('telegraf');
  const heard = new Map<string, string>();
  monitor.connection.on(
    'parameterStatus',
    (message: { parameterName: string; parameterValue: string }) =>
      heard.set(message.parameterName, message.parameterValue),
  );
  await using person = await client('psql');
  await person.query('select 2');
  const [row] = (await monitor.query('show server_version')).rows;
  expect(heard.get('server_version')).toBe(row.server_version);
  expect((await monitor.query('show application_name')).rows).toEqual([
    { application_name: 'telegraf' },
  ]);
});

describe.each(['session', 'transaction'])('with a backend for each %s', (mode) => {
  const options = { options: `-c dynabase.pool=${mode}` };

  test('a probe is answered, and nothing is started', async () => {
    await using probe = await client('pg_isready', options);
    expect(await probe.query('select 1')).toMatchObject(PING);
    expect(await probe.query('select 1 as "Alive"')).toMatchObject({ rows: [{ Alive: 1 }] });
    expect((await probe.query(';')).rows).toEqual([]);
    // Values make the client use the extended protocol.
    expect(await probe.query({ text: 'select 1', values: [] })).toMatchObject(PING);
    expect([wokenBy(), real.gate.isAsleep]).toEqual([[], true]);
  });

  test('a monitor is told that it sleeps, and has its figures when somebody has woken it', async () => {
    await using monitor = await client('postgres_exporter', options);
    const figures = () => monitor.query('select count(*)::int as n from pg_stat_database');
    await expect(figures()).rejects.toMatchObject({ code: '57P03', severity: 'ERROR' });
    const text = 'select $1::int as n';
    await expect(monitor.query(text, [7])).rejects.toMatchObject({ code: '57P03' });
    expect(wokenBy()).toEqual([]);
    await using person = await client('psql', options);
    expect(await person.query('select 2 as two')).toMatchObject({ rows: [{ two: 2 }] });
    expect((await figures()).rows[0]?.n).toBeGreaterThan(0);
    expect((await monitor.query(text, [7])).rows).toEqual([{ n: 7 }]);
    expect(wokenBy()).toEqual(['person']);
  });

  test('a backup wakes it', async () => {
    await using backup = await client('pg_dump', options);
    expect((await backup.query('select 2 as two')).rows).toEqual([{ two: 2 }]);
    expect(wokenBy()).toEqual(['backup']);
  });
});

test('a monitor at work is not stopped under its query, and at rest is in nobody’s way', async () => {
  await using person = await client('psql');
  await person.query('select 2');
  await using monitor = await client('telegraf');
  const slow = monitor.query('select pg_sleep(0.5)');
  await eventually('it is at work', async () =>
    (await real.proxy.sessions.list(real.tenant)).some(
      ({ idleFor, state }) => state === 'bound' && idleFor === 0,
    ),
  );
  const refused = await real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' });
  expect(refused).toMatchObject({ kind: 'held' });
  await slow;
  const parked = await real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' });
  expect(parked).toEqual({ kind: 'parked', sessions: 2 });
});
