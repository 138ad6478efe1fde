import { afterEach, describe, expect, test } from 'vitest';
import { hours, ms, seconds } from '../domain/units.ts';
import { parseVisitors } from '../policy/visitors-file.ts';
import { ACME, leftBehind, PASSWORD, type ProxyWorld, proxyWorld } from '../testing/proxy-world.ts';
import { bind, execute, parse, query, sync } from '../testing/requests.ts';
import { described, type WirePeer } from '../testing/wire-peer.ts';
import { message } from '../wire/messages.ts';

let world: ProxyWorld;
afterEach(async () => expect(await leftBehind(world)).toEqual({}));

const calls = (applicationName: string, options = '') => ({
  password: PASSWORD,
  parameters: { ...ACME.parameters, application_name: applicationName, options },
});

async function enter(applicationName: string, options = ''): Promise<WirePeer> {
  const client = world.connect('192.0.2.7');
  const found = await client.logIn(calls(applicationName, options));
  expect(found.at(-1)?.type).toBe('Z');
  return client;
}

/** The answer to one request, described. */
async function asked(client: WirePeer, ...bytes: readonly Buffer[]): Promise<string> {
  client.send(...bytes);
  return (await client.messagesTo('Z')).map(described).join(' ');
}

async function leave(client: WirePeer): Promise<void> {
  client.send(message('X'));
  await client.toEnd();
  client.socket.end();
  await world.settle();
}

/** The compute is stopped, once nobody needs it. */
async function sleep(): Promise<void> {
  // A backend that was left is being cleared until then.
  await world.clock.advance(seconds(10));
  const parked = await world.proxy.sessions.park(world.acme, { kind: 'ifIdle' });
  expect(parked.kind).toBe('parked');
  world.gate.isAsleep = true;
}

const asks = (what: string): number => world.gate.asked.filter((one) => one === what).length;

const use = () => world.gate.uses.get(world.acme);

const REFUSED =
  'error 57P03: database "acme" is asleep, and a monitor does not wake it ' +
  '(application_name "telegraf*"); a rule with "wakes": true among the policy\'s visitors lets it Z';

describe('while the tenant sleeps', () => {
  test('a monitor is let in, told what it is told by any PostgreSQL, and wakes nobody', async () => {
    world = await proxyWorld({ engineVersion: '18.4' });
    world.gate.isAsleep = true;
    const client = world.connect();
    const found = await client.logIn(calls('telegraf'));
    const told = found
      .filter(({ type }) => type === 'S')
      .map(({ body }) => body.toString().split('\0').slice(0, 2).join('='));
    expect(told).toEqual([
      'in_hot_standby=off',
      'integer_datetimes=on',
      'TimeZone=Etc/UTC',
      'IntervalStyle=postgres',
      'is_superuser=off',
      'application_name=telegraf',
      'default_transaction_read_only=off',
      'DateStyle=ISO, MDY',
      'standard_conforming_strings=on',
      'client_encoding=UTF8',
      'session_authorization=acme',
      'server_encoding=UTF8',
      'server_version=18.4',
    ]);
    expect(found.slice(-2).map(({ type }) => type)).toEqual(['K', 'Z']);
    expect(await asked(client, query('select * from pg_stat_database'))).toBe(REFUSED);
    expect(await asked(client, query('select 1'))).toBe('T D C Z');
    expect(await asked(client, parse('select 1'), bind({}), execute(), sync())).toBe('1 2 D C Z');
    expect(await asked(client, query(REFUSED))).toBe(REFUSED);
    expect([asks('wake'), asks('expect'), world.compute.logins.length]).toEqual([0, 0, 0]);
    expect(await world.proxy.sessions.list(world.acme)).toMatchObject([
      { state: 'parked', visitor: 'monitor', applicationName: 'telegraf' },
    ]);
    await leave(client);
  });

  test('a monitor with a backend for each transaction is answered the same way', async () => {
    world = await proxyWorld();
    world.gate.isAsleep = true;
    const client = await enter('telegraf', '-c dynabase.pool=transaction');
    expect(await asked(client, query('select 1'))).toBe('T D C Z');
    expect(await asked(client, query('select 2'))).toBe(REFUSED);
    expect(await asked(client, parse('select 1'), bind({}), execute(), sync())).toBe('1 2 D C Z');
    world.gate.isAsleep = false;
    // It hears what the compute reports otherwise.
    expect(await asked(client, query('select 2'))).toBe('S C Z');
    expect(asks('wake')).toBe(0);
    await leave(client);
  });

  test('a request that comes in pieces is answered when it is there, whatever its pieces look like', async () => {
    world = await proxyWorld();
    world.gate.isAsleep = true;
    const client = await enter('telegraf');
    // `X` at the beginning of a piece is not a goodbye.
    const bytes = query('XXXXXXXXXXXXXXX');
    for (let at = 0; at < bytes.length; at++) {
      client.send(bytes.subarray(at, at + 1));
      await world.settle();
    }
    expect((await client.messagesTo('Z')).map(described).join(' ')).toBe(REFUSED);
    expect(await asked(client, query('select 1'))).toBe('T D C Z');
    await leave(client);
  });

  test('a person wakes it, and a monitor that waits rides along', async () => {
    world = await proxyWorld();
    world.gate.isAsleep = true;
    const monitor = await enter('telegraf');
    const person = await enter('psql');
    expect((await asked(monitor, query('select 2'))).slice(-3)).toBe('C Z');
    expect(world.gate.wakes.map(({ cause }) => cause)).toEqual([
      {
        kind: 'session',
        role: 'acme',
        applicationName: 'psql',
        from: '192.0.2.7',
        visitor: 'person',
      },
    ]);
    await leave(monitor);
    await leave(person);
  });

  test('a backup wakes it', async () => {
    world = await proxyWorld();
    world.gate.isAsleep = true;
    const client = await enter('pg_dump');
    expect(world.gate.wakes).toMatchObject([{ cause: { visitor: 'backup' } }]);
    await leave(client);
  });

  test('nobody is expected for who knocks to see whether anybody is there', async () => {
    world = await proxyWorld();
    await leave(await enter('psql'));
    await sleep();
    const before = asks('expect');
    await leave(await enter('pg_isready'));
    expect([asks('expect') - before, asks('wake')]).toEqual([0, 1]);
    await leave(await enter('psql'));
    expect(asks('expect') - before).toBe(1);
  });
});

describe('while the compute runs', () => {
  test('a monitor is served as anybody, though this proxy does not know yet that it runs', async () => {
    world = await proxyWorld();
    const client = await enter('telegraf');
    expect(await asked(client, query('select 2'))).toBe('C Z');
    expect([asks('look'), asks('wake')]).toEqual([1, 0]);
    await leave(client);
  });

  test('idleness goes on under a monitor, and counts anew from a person', async () => {
    world = await proxyWorld();
    const person = await enter('psql');
    await leave(person);
    const monitor = await enter('telegraf');
    for (let round = 0; round < 10; round++) {
      await world.clock.advance(seconds(2));
      await asked(monitor, query('select 2'));
    }
    await world.clock.advance(ms(500));
    const idle = use();
    expect(idle).toMatchObject({ sessions: 1, bound: 1, heldBy: null });
    expect(idle?.idleFor ?? 0).toBeLessThan(seconds(21));
    const again = await enter('psql');
    await world.clock.advance(ms(500));
    expect(use()).toMatchObject({ sessions: 2, heldBy: 'it is in use' });
    await leave(again);
    await leave(monitor);
  });

  test('the compute is held under a request of a monitor, and said to be held by no person', async () => {
    world = await proxyWorld();
    const monitor = await enter('telegraf');
    // This compute does not answer that.
    monitor.send(parse('select pg_sleep(9)'), bind({}), execute());
    await world.clock.advance(seconds(1));
    expect(use()).toMatchObject({ heldBy: 'session 1 is at work', isHeldByRobots: true });
    const parked = await world.proxy.sessions.park(world.acme, { kind: 'ifIdle' });
    expect(parked).toEqual({ kind: 'held', why: 'session 1 is at work' });
    monitor.socket.destroy();
    await world.settle();
  });
});

test('rules that change hold for sessions that are open', async () => {
  world = await proxyWorld();
  world.gate.isAsleep = true;
  const client = await enter('telegraf');
  expect(await asked(client, query('select 2'))).toBe(REFUSED);
  world.proxy.setVisitorRules(
    parseVisitors([{ applicationName: 'telegraf', class: 'monitor', wakes: true }]),
  );
  expect((await asked(client, query('select 2'))).slice(-3)).toBe('C Z');
  expect(world.gate.wakes).toMatchObject([{ cause: { visitor: 'monitor' } }]);
  await leave(client);
});

describe('a visitor without a name', () => {
  test('that comes to ping again and again is answered without a wake, until it asks for more', async () => {
    world = await proxyWorld();
    const visit = async (): Promise<WirePeer> => {
      await sleep();
      const client = await enter('');
      expect((await asked(client, query('select 1'))).slice(-3)).toBe('C Z');
      return client;
    };
    const woken: number[] = [];
    for (let round = 0; round < 5; round++) {
      const client = await visit();
      woken.push(world.gate.wakes.length);
      await leave(client);
      await world.clock.advance(seconds(60));
    }
    expect(woken).toEqual([1, 2, 2, 2, 2]);
    const client = await visit();
    expect(world.gate.wakes.length).toBe(2);
    expect((await asked(client, query('select 2'))).slice(-3)).toBe('C Z');
    expect(world.gate.wakes.length).toBe(3);
    await leave(client);
  });

  test('that asks the same at even intervals stops keeping the compute awake, and is never turned away', async () => {
    // This compute could not say what the session holds.
    world = await proxyWorld({ parkAfter: hours(1) });
    const client = await enter('');
    const poll = async (): Promise<boolean> => {
      world.gate.uses.clear();
      await world.clock.advance(seconds(8));
      await asked(client, query('select count(*) from jobs'));
      await world.clock.advance(seconds(2));
      return use() !== undefined;
    };
    const areNews: boolean[] = [];
    for (let round = 0; round < 16; round++) areNews.push(await poll());
    expect(areNews).toEqual([...Array<boolean>(12).fill(true), ...Array<boolean>(4).fill(false)]);
    expect(await world.proxy.sessions.list(world.acme)).toMatchObject([{ visitor: 'poller' }]);
    await leave(client);
    await sleep();
    const again = await enter('');
    expect(world.gate.wakes.length).toBe(2);
    await leave(again);
  });
});

test('queries of robots are counted as such, also those that were answered here', async () => {
  world = await proxyWorld();
  const usage: { queries: number; byRobots: number }[] = [];
  world.usage.add = async (records) => void usage.push(...records);
  const monitor = await enter('telegraf');
  const person = await enter('psql');
  await asked(monitor, query('select 2'));
  await asked(person, query('select 2'));
  await leave(person);
  await leave(monitor);
  await sleep();
  const asleep = await enter('telegraf');
  await asked(asleep, query('select 1'));
  await asked(asleep, query('select 2'));
  await leave(asleep);
  await world.clock.advance(seconds(60));
  expect(usage.map(({ queries, byRobots }) => ({ queries, byRobots }))).toEqual([
    { queries: 4, byRobots: 3 },
  ]);
});
