import { afterEach, describe, expect, test } from 'vitest';
import type { TenantId } from '../domain/ids.ts';
import { hours, minutes, ms, seconds } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { ACME, leftBehind, type ProxyWorld, proxyWorld, WELCOME } from '../testing/proxy-world.ts';
import { described, startupMessageOf } from '../testing/wire-peer.ts';
import { Acquaintances } from './acquaintances.ts';

const HOME = '192.0.2.7';
const WRONG = { ...ACME, password: 'wrong' };

describe('a login', () => {
  let world: ProxyWorld;
  afterEach(async () => expect(await leftBehind(world)).toEqual({}));

  const expectations = (): number => world.gate.asked.filter((what) => what === 'expect').length;

  async function visit(from: string, login = ACME): Promise<string | undefined> {
    const client = world.connect(from);
    const found = await client.logIn(login);
    client.socket.destroy();
    await world.settle();
    return found.at(-1)?.type;
  }

  /** Comes as far as a startup packet gets. */
  async function knock(from: string): Promise<void> {
    const client = world.connect(from);
    client.send(startupMessageOf(ACME.parameters));
    await client.messagesTo('R');
    client.socket.destroy();
    await world.settle();
  }

  test('from an address that was let in before begins the wake before the proof', async () => {
    world = await proxyWorld();
    expect(await visit(HOME)).toBe('Z');
    await world.clock.advance(minutes(1));
    world.gate.asked.length = 0;
    const client = world.connect(HOME);
    client.send(startupMessageOf(ACME.parameters));
    await client.messagesTo('R');
    expect(world.gate.asked).toEqual(['door', 'expect', 'credential']);
    client.socket.destroy();
    await world.settle();
    expect(world.gate.asked).not.toContain('wake');
  });

  test('from elsewhere begins nothing, whoever was let in', async () => {
    world = await proxyWorld();
    await visit(HOME);
    await world.clock.advance(minutes(1));
    await knock('192.0.2.8');
    expect(await visit('192.0.2.8', WRONG)).toBe('E');
    await knock('192.0.2.8');
    expect(expectations()).toBe(0);
  });

  test('to another tenant begins nothing', async () => {
    world = await proxyWorld();
    world.gate.addTenant('beta');
    await visit(HOME);
    await world.clock.advance(minutes(1));
    const parameters = { user: 'beta', database: 'beta' };
    expect(await visit(HOME, { ...ACME, parameters })).toBe('E');
    expect(expectations()).toBe(0);
  });

  test('with a wrong password asks for the compute no further', async () => {
    world = await proxyWorld();
    await visit(HOME);
    await world.clock.advance(minutes(1));
    world.gate.asked.length = 0;
    expect(await visit(HOME, WRONG)).toBe('E');
    expect(world.gate.asked).toEqual(['door', 'expect', 'credential']);
    expect(world.gate.uses.size).toBe(0);
    // Again and again: the guesser is not believed any more.
    for (let guess = 0; guess < 5; guess++) await visit(HOME, WRONG);
    expect(expectations()).toBe(1);
  });

  test('that must wait for earlier failures begins nothing', async () => {
    world = await proxyWorld();
    await visit(HOME);
    for (let guess = 0; guess < 10; guess++) await visit(HOME, WRONG);
    await visit(HOME, WRONG);
    world.gate.asked.length = 0;
    expect(await visit(HOME, WRONG)).toBe('E');
    expect(world.gate.asked).toEqual(['door']);
  });

  test('to a tenant that is in use has nothing to begin', async () => {
    world = await proxyWorld();
    const first = world.connect(HOME);
    expect((await first.logIn(ACME)).map(described)).toEqual(WELCOME);
    await visit(HOME);
    expect(expectations()).toBe(0);
    first.socket.destroy();
    await world.settle();
  });
});

const LIMITS = {
  countMax: 3,
  forgetAfter: hours(72),
  firstWait: seconds(30),
  longestWait: minutes(60),
  freeOfAddress: 2,
};

const tenant = (name: string): TenantId => name as TenantId;
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map(tenant) as [TenantId, TenantId, TenantId, TenantId];

function acquainted(...tenants: readonly TenantId[]) {
  const clock = new VirtualClock();
  const known = new Acquaintances(clock, LIMITS);
  for (const id of tenants) known.proven(HOME, id);
  return { clock, known };
}

test('an acquaintance that is not renewed is forgotten', async () => {
  const { clock, known } = acquainted(A);
  await clock.advance(hours(71));
  expect(known.mayHope(HOME, A)).toBe(true);
  known.proven(HOME, A);
  await clock.advance(hours(71));
  expect(known.mayHope(HOME, A)).toBe(true);
  await clock.advance(hours(1));
  expect(known.mayHope(HOME, A)).toBe(false);
});

test('of too many acquaintances the one longest not seen is a stranger', () => {
  const { known } = acquainted(A, B, C);
  known.proven(HOME, A);
  known.proven(HOME, D);
  expect(known.mayHope(HOME, B)).toBe(false);
  expect(known.mayHope(HOME, A)).toBe(true);
});

test('a hundred at once are one hope, and a proof allows the next', () => {
  const { known } = acquainted(A);
  const hopes = Array.from({ length: 100 }, () => known.mayHope(HOME, A));
  expect(hopes.filter(Boolean)).toHaveLength(1);
  known.proven(HOME, A);
  expect(known.mayHope(HOME, A)).toBe(true);
});

test('who knocks and never comes in is believed more and more seldom, from every address', async () => {
  const { clock, known } = acquainted(A);
  known.proven('192.0.2.8', A);
  let believed = 0;
  for (let knock = 0; knock < 24 * 60; knock++) {
    if (known.mayHope(knock % 2 === 0 ? HOME : '192.0.2.8', A)) believed++;
    await clock.advance(minutes(1));
  }
  // 30 s, 1, 2, 4 ... 32 minutes, and each hour from then on.
  expect(believed).toBeLessThan(24 + 8);
  expect(believed).toBeGreaterThan(20);
});

test('an address may hope in vain a few times over all tenants', async () => {
  const { clock, known } = acquainted(A, B, C);
  expect([A, B, C].map((id) => known.mayHope(HOME, id))).toEqual([true, true, true]);
  known.proven(HOME, D);
  known.proven(HOME, A);
  // What came in was not in vain.
  expect(known.mayHope(HOME, D)).toBe(true);
  expect(known.mayHope(HOME, A)).toBe(true);
  await clock.advance(ms(1));
  known.proven('192.0.2.9', D);
  expect(known.mayHope(HOME, D)).toBe(false);
});
