import { afterEach, describe, expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import type { TenantId } from '../domain/ids.ts';
import { minutes, seconds } from '../domain/units.ts';
import {
  ACME,
  leftBehind,
  PASSWORD,
  type ProxyWorld,
  proxyWorld,
  WELCOME,
} from '../testing/proxy-world.ts';
import {
  described,
  startupMessageOf,
  type WireMessage,
  type WirePeer,
} from '../testing/wire-peer.ts';
import { errorResponse } from '../wire/error-response.ts';
import { message } from '../wire/messages.ts';
import { verifierOf } from '../wire/verifier.ts';

const TERMINATE = message('X');
const all = (found: readonly WireMessage[]): string[] => found.map(described);

let world: ProxyWorld;
afterEach(async () => expect(await leftBehind(world)).toEqual({}));

describe('between proof and welcome', () => {
  test('a client that leaves gives up its wait, and nothing is dialled for it', async () => {
    world = await proxyWorld();
    let wake: (address: { socketPath: string }) => void = () => {};
    world.gate.onWake = () =>
      new Promise((resolve) => {
        wake = resolve;
      });
    const client = world.connect();
    const login = client.logIn(ACME);
    await world.until(() => world.gate.wakes.length === 1);
    client.socket.end();
    await login;
    await world.settle();
    expect(world.gate.asked).toEqual(['door', 'credential', 'wake']);
    wake({ socketPath: '/compute' });
    await world.settle();
    expect(world.network.dialled).toEqual([]);
  });

  test('a compute that does not answer is woken again, and the client need not know', async () => {
    world = await proxyWorld();
    const starting = errorResponse(fault('SERVER_STOPPING', {}));
    world.compute.answers.push(
      { kind: 'hangUp' },
      { kind: 'refuse', response: starting },
      { kind: 'silence' },
    );
    const client = world.connect();
    const login = client.logIn(ACME);
    await world.until(() => world.gate.wakes.length === 1);
    await world.clock.advance(seconds(12));
    expect(all(await login)).toEqual(WELCOME);
    expect(world.gate.asked.slice(2)).toEqual([
      ...['wake', 'unanswered', 'wake', 'unanswered', 'wake', 'unanswered', 'wake'],
    ]);
    client.socket.end();
  });

  test('what the compute refuses for good is told in its own words', async () => {
    world = await proxyWorld();
    const response = errorResponse(fault('TENANT_UNKNOWN', { tenant: 'x' }), 'a hint');
    world.compute.answers.push({ kind: 'refuse', response });
    const client = world.connect();
    const found = await client.logIn(ACME);
    expect(all(found).slice(0, 4)).toEqual(['R10', 'R11', 'R12', 'R0']);
    expect(message('E', found[4]?.body ?? Buffer.alloc(0))).toEqual(response);
    await world.until(() => world.gate.uses.size === 0);
    client.socket.end();
  });

  test('a compute that knows another password makes us learn the roles again', async () => {
    world = await proxyWorld();
    const response = errorResponse(fault('PASSWORD_WRONG', { role: 'acme' }));
    world.compute.answers.push({ kind: 'refuse', response });
    const client = world.connect();
    await client.logIn(ACME);
    await world.until(() => world.gate.asked.includes('rolesChanged'));
    client.socket.end();
  });

  test('a wake that fails is told', async () => {
    world = await proxyWorld();
    world.gate.onWake = () => Promise.reject(fault('WAKES_FULL', { max: 9 }));
    const client = world.connect();
    const found = await client.logIn(ACME);
    expect(all(found).at(-1)).toBe(`error 53300: ${fault('WAKES_FULL', { max: 9 }).message}`);
    client.socket.end();
  });

  test('a wake that never ends is given up', async () => {
    world = await proxyWorld();
    world.gate.onWake = () => new Promise(() => {});
    const client = world.connect();
    const login = client.logIn(ACME);
    await world.until(() => world.gate.wakes.length === 1);
    await world.clock.advance(minutes(1));
    expect(all(await login).at(-1)).toBe(
      'error 57P03: database "acme" is still waking after 60000 ms (its compute does not answer); try again',
    );
    client.socket.end();
  });

  test('a failure of our own is told as internal and kept for the log', async () => {
    world = await proxyWorld();
    const cause = new Error('a mistake');
    world.gate.onWake = () => Promise.reject(cause);
    const client = world.connect();
    expect(all(await client.logIn(ACME)).at(-1)).toMatch(/^error XX000: /);
    expect(world.log.lines.splice(0)).toEqual([
      { level: 'error', message: 'a session failed', fields: { error: cause } },
    ]);
    client.socket.end();
  });
});

describe('limits', () => {
  test('a tenant may have its share of sessions, and strangers do not use it up', async () => {
    world = await proxyWorld();
    const small = world.gate.addTenant('small', 2);
    const verifier = await verifierOf(PASSWORD, Buffer.alloc(16, 5));
    world.gate.addRole(small, 'acme', { verifier });
    const login = { password: PASSWORD, parameters: { user: 'acme', database: 'small' } };
    const strangers = [world.connect(), world.connect()];
    for (const stranger of strangers) stranger.send(startupMessageOf(login.parameters));
    const members: WirePeer[] = [];
    for (let i = 0; i < 2; i++) {
      const member = world.connect();
      members.push(member);
      expect(all(await member.logIn(login))).toEqual(WELCOME);
    }
    const third = world.connect();
    expect(all(await third.logIn(login)).at(-1)).toBe(
      'error 53300: too many sessions: database "small" may have 2 at once; close some or use a pool',
    );
    members[0]?.socket.end(TERMINATE);
    await world.until(() => world.proxy.sessions.count(small) === 1);
    const fourth = world.connect();
    expect(all(await fourth.logIn(login))).toEqual(WELCOME);
    for (const peer of [...strangers, ...members, third, fourth]) peer.socket.end();
  });

  test.each([
    ['the server', { sessionsMax: 4 }, 'this server may have 4'],
    ['an address', { sessionsOfAddressMax: 4 }, 'one address may have 4'],
  ])(
    '%s may have so many, a few more are told why, the rest are cut off',
    async (_, limit, why) => {
      world = await proxyWorld(limit);
      const peers = Array.from({ length: 6 }, () => world.connect());
      const [fifth, sixth] = peers.slice(4);
      expect(all((await fifth?.logIn(ACME)) ?? [])).toEqual([
        `error 53300: too many sessions: ${why} at once; close some or use a pool`,
      ]);
      expect(await sixth?.toEnd()).toEqual([]);
      expect(all((await peers[0]?.logIn(ACME)) ?? [])).toEqual(WELCOME);
      for (const peer of peers) peer.socket.end();
    },
  );
});

describe('ending from our side', () => {
  const gone = fault('TENANT_DELETED', { tenant: 'acme' });

  test('reaches the sessions of one tenant, whether they wait or work', async () => {
    world = await proxyWorld();
    const working = world.connect();
    await working.logIn(ACME);
    world.compute.answers.push({ kind: 'silence' });
    const waiting = world.connect();
    const login = waiting.logIn(ACME);
    await world.until(() => world.compute.open.size === 2);
    world.proxy.sessions.end('tn_other' as TenantId, gone);
    expect(world.proxy.sessions.count(world.acme)).toBe(2);
    world.proxy.sessions.end(world.acme, gone);
    expect(all(await login).at(-1)).toBe('error 57P01: database "acme" was deleted');
    expect(await working.toEnd()).toEqual(['error 57P01: database "acme" was deleted']);
    waiting.socket.end();
    working.socket.end();
    await world.until(() => world.proxy.sessions.count(world.acme) === 0);
    expect(world.gate.uses.size).toBe(0);
  });

  test('at the stop of the server tells all, and cuts off who does not listen', async () => {
    world = await proxyWorld();
    const told = world.connect();
    await told.logIn(ACME);
    const deaf = world.connect();
    await deaf.logIn(ACME);
    const silent = world.connect();
    const closed = world.proxy.close();
    expect(await told.toEnd()).toEqual([`error 57P01: ${fault('SERVER_STOPPING', {}).message}`]);
    told.socket.end();
    await world.clock.advance(seconds(3));
    await closed;
    expect(world.proxy.sessions.count()).toBe(0);
    silent.socket.end();
    const late = world.connect();
    expect(await late.toEnd()).toEqual([]);
  });
});
