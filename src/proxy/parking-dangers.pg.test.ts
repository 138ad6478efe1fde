/** What could go wrong between parked sessions, against a real PostgreSQL. */
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { ms } from '../domain/units.ts';
import { eventually } from '../testing/eventually.ts';
import { type RealProxy, realProxy } from '../testing/real-proxy.ts';
import type { ProxyOptions } from './proxy-options.ts';

let real: RealProxy;

afterEach(async () => {
  await real[Symbol.asyncDispose]();
  expect(real.log.alarming).toEqual([]);
});

type Client = pg.Client & AsyncDisposable & { readonly heard: string[] };

async function world(options: Partial<ProxyOptions> = {}, backendsMax = 100): Promise<void> {
  real = await realProxy(options);
  const door = real.gate.door.bind(real.gate);
  real.gate.door = async (name) => {
    const found = await door(name);
    return found === undefined ? undefined : { ...found, backendsMax };
  };
}

async function client(options: pg.ClientConfig = {}): Promise<Client> {
  const made = new pg.Client({ ...real.connection, ...options });
  const heard: string[] = [];
  made.on('notification', ({ payload = '' }) => heard.push(payload));
  made.on('error', () => {});
  await made.connect();
  return Object.assign(made, { heard, [Symbol.asyncDispose]: () => made.end() });
}

const states = async () =>
  (await real.proxy.sessions.list(real.tenant)).map(({ state, pin }) => pin?.reason ?? state);

const untilStates = (...wanted: readonly string[]) =>
  eventually(`the sessions are ${wanted}`, async () => `${await states()}` === `${wanted}`);

const value = async (session: pg.Client, sql: string): Promise<unknown> =>
  Object.values((await session.query(sql)).rows[0] ?? {})[0];

const parkIdle = () => real.proxy.sessions.park(real.tenant, { kind: 'ifIdle' });

describe('a session that has used a sequence', () => {
  test('keeps its backend for a while, and all others go on', async () => {
    await world({}, 1);
    await using session = await client();
    await session.query('create table numbered (id serial)');
    await session.query('insert into numbered default values');
    const waiting = client();
    await untilStates('bound');
    expect(await value(session, 'select count(*)::int from numbered')).toBe(1);
    await session.query('discard sequences');
    await using other = await waiting;
    expect(await value(other, 'select 1')).toBe(1);
  });
});

describe('a session that listens', () => {
  test('hears what is said after a stop was refused', async () => {
    await world();
    await using listener = await client();
    await listener.query('listen news');
    await using pinned = await client();
    await pinned.query('listen news');
    await pinned.query('create temp table t (x int)');
    expect((await parkIdle()).kind).toBe('held');
    await pinned.query(`notify news, 'still here'`);
    await eventually('both have heard', async () => listener.heard.length === 1);
    expect(pinned.heard).toEqual(['still here']);
  });

  test('and has given up a query that waited for the compute is there before others', async () => {
    await world();
    await using listener = await client();
    await listener.query('listen news');
    await using other = await client();
    expect((await parkIdle()).kind).toBe('parked');
    const awake = Promise.withResolvers<void>();
    const { onWake } = real.gate;
    real.gate.onWake = async (request) => {
      await awake.promise;
      return await onWake(request);
    };
    const given = listener.query('select 1').catch(({ code }: { code: string }) => code);
    const said = other.query(`notify news, 'good morning'`);
    await untilStates('waiting', 'waiting');
    await cancel(listener);
    expect(await given).toBe('57014');
    awake.resolve();
    await said;
    await eventually('the listener has heard', async () => listener.heard.length === 1);
  });
});

/** Sends the cancel request of a session, as `pg_cancel` of a driver does. */
async function cancel(session: pg.Client): Promise<void> {
  const { processID, secretKey } = session as unknown as Record<'processID' | 'secretKey', number>;
  const { Socket } = await import('node:net');
  const socket = new Socket().connect(real.connection.port, real.connection.host);
  const bytes = Buffer.alloc(16);
  let at = 0;
  for (const word of [16, 80_877_102, processID, secretKey]) at = bytes.writeInt32BE(word | 0, at);
  socket.end(bytes);
  await new Promise<void>((resolve) => socket.resume().on('close', () => resolve()));
}

describe('a query of a session that was parked', () => {
  test('never runs where the state could not be restored', async () => {
    await world();
    await using session = await client();
    await session.query('create table written (tenant text)');
    await session.query(`select set_config('app.tenant', 'mine', false)`);
    expect((await parkIdle()).kind).toBe('parked');
    await real.postgres.sql('revoke execute on function set_config from public', [], 'acme');
    const written = session.query(
      `insert into written values (current_setting('app.tenant', true))`,
    );
    await expect(written).rejects.toMatchObject({ code: '57P01' });
    expect(await real.postgres.sql('select tenant from written', [], 'acme')).toEqual([]);
  });

  test('ends it where the compute lets its role in no more', async () => {
    await world();
    await using session = await client();
    expect((await parkIdle()).kind).toBe('parked');
    await real.postgres.sql('alter role acme nologin');
    await expect(session.query('select 1')).rejects.toMatchObject({ code: '57P01' });
  });
});

describe('a session whose backend does not answer', () => {
  test('holds up no stop for long', async () => {
    await world({ parkAfter: ms(600_000) });
    await using busy = await client();
    await busy.query('create table t (x int)');
    await using asked = await client();
    const [row] = (await asked.query('select pg_backend_pid() as pid')).rows;
    process.kill(row.pid, 'SIGSTOP');
    const outcome = await real.proxy.sessions.park(real.tenant, {
      kind: 'drain',
      within: ms(10),
      force: false,
    });
    process.kill(row.pid, 'SIGCONT');
    expect(outcome).toEqual({ kind: 'held', why: 'a session does not answer' });
    expect(await value(asked, 'select 1')).toBe(1);
  });
});

describe('the state of a session that cannot be known', () => {
  test('pins it, if there are too many custom settings', async () => {
    await world({ chaosPark: true });
    await using many = await client();
    const set = (i: number): string => `set app.name${i} = 'x'`;
    await many.query(Array.from({ length: 256 }, (_, i) => set(i)).join(';'));
    await using one = await client();
    await one.query(`set mine.tenant = 'seven'`);
    await untilStates('parked', 'state unknown');
    expect(await value(one, 'show mine.tenant')).toBe('seven');
  });

  test('pins it, if it is too large to be kept', async () => {
    await world({ chaosPark: true });
    await using session = await client();
    await session.query(`select set_config('app.large', repeat('x', 3000000), false) is null`);
    await untilStates('state unknown');
    expect((await parkIdle()).kind).toBe('held');
    expect((await parkIdle()).kind).toBe('held');
    await session.query(`set app.large = 'small'`);
    await untilStates('parked');
  });

  test('ends it in a crash, if a function may have set something', async () => {
    await world();
    await using session = await client();
    await session.query(`create function enter(tenant text) returns void language plpgsql as $$
      begin perform set_config('app.tenant', tenant, false); end $$`);
    await session.query(`select enter('four')`);
    expect((await parkIdle()).kind).toBe('parked');
    const pid = await value(session, `select pg_backend_pid() from enter('five')`);
    const ended = new Promise<void>((resolve) => void session.once('end', resolve));
    process.kill(Number(pid), 'SIGKILL');
    await ended;
  });

  test('is asked for all that functions set, though the first question failed', async () => {
    await world();
    await real.postgres.sql(
      `create function enter(tenant text) returns void language plpgsql as $$
        begin perform set_config('app.tenant', tenant, false); end $$`,
      [],
      'acme',
    );
    await using large = await client();
    await large.query(`set app.large = '${'x'.repeat(3_000_000)}'`);
    await using session = await client();
    await session.query(`select enter('four')`);
    expect((await parkIdle()).kind).toBe('held');
    await large.query('reset all');
    expect((await parkIdle()).kind).toBe('parked');
    expect(await value(session, `select current_setting('app.tenant', true)`)).toBe('four');
  });
});

describe('all who listen', () => {
  test('hear what one of them notifies with the words that wake the compute', async () => {
    await world();
    await using one = await client();
    await using other = await client();
    for (const session of [one, other]) await session.query('listen news');
    for (let night = 0; night < 5; night++) {
      expect((await parkIdle()).kind).toBe('parked');
      await one.query(`notify news, '${night}'`);
      await eventually('both have heard', async () =>
        [one, other].every(({ heard }) => heard.at(-1) === `${night}`),
      );
    }
    expect([one.heard.length, other.heard.length]).toEqual([5, 5]);
  });
});
