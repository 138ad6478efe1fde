import { beforeEach, describe, expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import type { Gate, Parked, Sessions, TenantUse } from '../domain/gate.ts';
import type { ProxyId, TenantName } from '../domain/ids.ts';
import { ms, seconds } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type ControlPlane, joined } from '../testing/channel-pair.ts';
import { FakeGate } from '../testing/fake-gate.ts';
import { RemoteGate } from './remote-gate.ts';
import { RemoteSessions, SessionsOfAll } from './remote-sessions.ts';

const SELF = 'px_test' as ProxyId;
const CAUSE = { kind: 'operator' } as const;
const BUSY: TenantUse = { sessions: 2, bound: 2, heldBy: 'a query', idleFor: ms(0) };
const IDLE: TenantUse = { sessions: 2, bound: 0, heldBy: null, idleFor: seconds(3) };
const NONE: TenantUse = { sessions: 0, bound: 0, heldBy: null, idleFor: ms(0) };

let clock: VirtualClock;
let gate: FakeGate;
let remote: RemoteGate;
let reported: [string, TenantUse][];
let batches: string[];
let parks: Parked[];

beforeEach(() => {
  clock = new VirtualClock();
  gate = new FakeGate('/run/socket');
  remote = new RemoteGate({ clock, patience: { lookUp: seconds(10), wake: seconds(30) } });
  reported = [];
  batches = [];
  parks = [];
  gate.use = (tenant, proxy, use) => {
    expect(proxy).toBe(SELF);
    reported.push([tenant, use]);
  };
});

const sessions: Sessions = {
  end: () => {},
  confine: () => {},
  count: () => 0,
  park: async () => parks.shift() ?? { kind: 'parked', sessions: 1 },
  list: async () => [],
};

const sink = {
  add: async (_records: readonly UsageMinute[], batch: string) => void batches.push(batch),
};

/** A control plane comes, and takes what was said until now. */
async function control(desk?: ControlPlane['desk']): Promise<ControlPlane> {
  const plane = joined(remote, { gate, sink, sessions, ...(desk === undefined ? {} : { desk }) });
  if (desk === undefined) plane.desk.open();
  await settled(plane);
  return plane;
}

/** All that was said in both directions has been taken up. */
const settled = async ({ peer }: ControlPlane): Promise<void> => {
  await peer.call('list', 'tn_any');
};

describe('a proxy with a control plane', () => {
  test('is answered as by the control plane itself', async () => {
    const tenant = gate.addTenant('acme');
    gate.addRole(tenant, 'owner', { verifier: 'SCRAM' });
    await control();
    expect(await remote.door('acme' as TenantName)).toMatchObject({ tenant, sessionsMax: 100 });
    expect(await remote.door('ghost' as TenantName)).toBe(undefined);
    expect(await remote.credential(tenant, 'owner')).toEqual({ verifier: 'SCRAM', instead: null });
    expect(await remote.wake({ tenant, proxy: SELF, cause: CAUSE })).toEqual({
      socketPath: '/run/socket',
    });
    await remote.add([], 'batch-1');
    expect(batches).toEqual(['batch-1']);
  });

  test('hears why a wake failed', async () => {
    const tenant = gate.addTenant('acme');
    const because = fault('WAKES_FULL', { max: 3 });
    gate.onWake = () => Promise.reject(because);
    const { log } = await control();
    await expect(remote.wake({ tenant, proxy: SELF, cause: CAUSE })).rejects.toEqual(because);
    expect(log.alarming).toEqual([]);
    gate.onWake = () => Promise.reject(new Error('ENOENT: /secret/path'));
    const failed = remote.wake({ tenant, proxy: SELF, cause: CAUSE });
    await expect(failed).rejects.toEqual(fault('INTERNAL', {}));
    expect(log.alarming).toEqual(['a proxy could not be answered']);
  });
});

test('refused sessions are told together after a while, and those of a time without a control plane are not', async () => {
  const told: Readonly<Record<string, number>>[] = [];
  const taker: Gate = gate;
  taker.refused = (counts) => void told.push(counts);
  remote.refused({ PASSWORD_WRONG: 9 });
  await clock.advance(seconds(5));
  await control();
  for (let time = 0; time < 1_000; time++) remote.refused({ PASSWORD_WRONG: 1 });
  remote.refused({ SESSIONS_FULL: 1 });
  expect(told).toEqual([]);
  await clock.advance(seconds(5));
  // What is asked later is answered later.
  expect(await remote.door('ghost' as TenantName)).toBe(undefined);
  expect(told).toEqual([{ PASSWORD_WRONG: 1_000, SESSIONS_FULL: 1 }]);
});

describe('a proxy without a control plane', () => {
  test('waits for one with what it has asked, and asks the next what the last has not answered', async () => {
    const tenant = gate.addTenant('acme');
    gate.onWake = () => new Promise(() => {});
    const waking = remote.wake({ tenant, proxy: SELF, cause: CAUSE });
    const storing = remote.add([], 'batch-1');
    const first = await control();
    await storing;
    expect(gate.wakes).toHaveLength(1);
    first.peer.close();
    gate.onWake = async () => ({ socketPath: '/run/next' });
    await control();
    expect(await waking).toEqual({ socketPath: '/run/next' });
    expect(batches).toEqual(['batch-1']);
  });

  test('waits as long as its caller does, and says why it gave up', async () => {
    const looking = expect(remote.door('acme' as TenantName)).rejects.toMatchObject({
      code: 'CONTROL_AWAY',
    });
    await clock.advance(seconds(10));
    await looking;
    await control();
    expect(gate.asked).toEqual([]);
  });

  test('tells the next one how it uses every tenant, and what is to be looked at', async () => {
    const [acme, globex, gone] = ['acme', 'globex', 'gone'].map((name) => gate.addTenant(name));
    if (acme === undefined || globex === undefined || gone === undefined) throw new Error();
    await control().then(({ peer }) => peer.close());
    remote.use(acme, SELF, BUSY);
    remote.use(globex, SELF, IDLE);
    remote.use(gone, SELF, BUSY);
    remote.use(gone, SELF, NONE);
    remote.rolesChanged(acme);
    remote.unanswered(globex);
    await clock.advance(seconds(5));
    const { desk } = await control();
    expect(reported).toEqual([
      [acme, BUSY],
      [globex, { ...IDLE, idleFor: seconds(8) }],
    ]);
    expect(gate.asked).toEqual(['rolesChanged', 'unanswered']);
    expect([desk.count(), desk.count(acme), desk.count(gone)]).toEqual([4, 2, 0]);
  });

  test('is known to use what it was waking, before it has said so', async () => {
    const tenant = gate.addTenant('acme');
    gate.onWake = async () => ({ socketPath: '/run/socket' });
    const first = await control();
    await remote.wake({ tenant, proxy: SELF, cause: CAUSE });
    first.peer.close();
    await control();
    expect(reported).toMatchObject([[tenant, { sessions: 1, heldBy: 'a session connects' }]]);
  });
});

describe('who wakes nobody', () => {
  test('has the address of a compute that runs, or hears that it sleeps, and holds nothing by asking', async () => {
    const tenant = gate.addTenant('acme');
    const first = await control();
    const look = { tenant, proxy: SELF, cause: CAUSE, onlyIfAwake: true };
    expect(await remote.wake(look)).toEqual({ socketPath: '/run/socket' });
    gate.isAsleep = true;
    await expect(remote.wake(look)).rejects.toMatchObject({ code: 'TENANT_ASLEEP' });
    expect([gate.wakes, first.desk.count(tenant)]).toEqual([[], 0]);
    first.peer.close();
    await control();
    expect(reported).toEqual([]);
  });

  test('is idle for as long as no person came, also while it is at work', async () => {
    const tenant = gate.addTenant('acme');
    const byRobots = { ...BUSY, isHeldByRobots: true, idleFor: seconds(3) };
    remote.use(tenant, SELF, byRobots);
    await clock.advance(seconds(4));
    await control();
    expect(reported).toEqual([[tenant, { ...byRobots, idleFor: seconds(7) }]]);
  });
});

describe('the desk of a proxy', () => {
  test('keeps what it is asked until the control plane is ready for it', async () => {
    const tenant = gate.addTenant('acme');
    remote.use(tenant, SELF, BUSY);
    const plane = joined(remote, { gate, sink, sessions });
    const waking = remote.wake({ tenant, proxy: SELF, cause: CAUSE });
    await remote.add([], 'batch-1');
    await settled(plane);
    expect([reported, gate.wakes, plane.desk.count(tenant)]).toEqual([[], [], 2]);
    plane.desk.open();
    expect(await waking).toEqual({ socketPath: '/run/socket' });
    expect(reported).toEqual([[tenant, BUSY]]);
  });

  test('takes back the uses that a proxy which comes anew does not name', async () => {
    const tenant = gate.addTenant('acme');
    const { desk, peer } = await control();
    remote.use(tenant, SELF, BUSY);
    await settled({ desk, peer } as ControlPlane);
    peer.close();
    remote.use(tenant, SELF, NONE);
    await control(desk);
    expect(reported).toEqual([
      [tenant, BUSY],
      [tenant, NONE],
    ]);
  });

  test('says of a proxy that is gone that it uses nothing', async () => {
    const tenant = gate.addTenant('acme');
    const plane = await control();
    remote.use(tenant, SELF, BUSY);
    await settled(plane);
    plane.desk.gone();
    expect(reported.at(-1)).toEqual([tenant, NONE]);
    expect(plane.desk.count()).toBe(0);
  });
});

describe('sessions of several proxies', () => {
  const tenant = new FakeGate('').addTenant('acme');

  async function two() {
    const planes = [await control(), await control()];
    const proxies = planes.map(
      ({ peer }) => new RemoteSessions({ clock, peer: () => peer, count: () => 3 }),
    );
    return { planes, all: new SessionsOfAll(() => proxies) };
  }

  test('are parked together, or held if one holds', async () => {
    const { all } = await two();
    expect(await all.park(tenant, { kind: 'ifIdle' })).toEqual({ kind: 'parked', sessions: 2 });
    parks = [
      { kind: 'parked', sessions: 1 },
      { kind: 'held', why: 'a query' },
    ];
    expect(await all.park(tenant, { kind: 'ifIdle' })).toEqual({ kind: 'held', why: 'a query' });
    expect(all.count(tenant)).toBe(6);
  });

  test('are held where a proxy cannot be asked, or does not answer', async () => {
    const { planes, all } = await two();
    sessions.park = () => new Promise(() => {});
    const asked = all.park(tenant, { kind: 'drain', within: seconds(5), force: false });
    await clock.advance(seconds(15));
    expect(await asked).toEqual({ kind: 'held', why: 'a proxy does not answer' });
    sessions.list = () => new Promise(() => {});
    const listed = all.list(tenant);
    await clock.advance(seconds(10));
    expect(await listed).toEqual([]);
    for (const { peer } of planes) peer.close();
    expect(await all.park(tenant, { kind: 'ifIdle' })).toMatchObject({ kind: 'held' });
    expect(await all.list(tenant)).toEqual([]);
  });
});
