/** A proxy in a world of its own: no sockets, no clock, no PostgreSQL. */
import type { Socket } from 'node:net';
import type { ProxyId, TenantId } from '../domain/ids.ts';
import { ms, seconds } from '../domain/units.ts';
import type { UsageSink } from '../domain/usage.ts';
import { openProxy, type RunningProxy } from '../proxy/proxy.ts';
import { PROXY_DEFAULTS, type ProxyOptions } from '../proxy/proxy-options.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { settled, VirtualClock } from '../sim/virtual-clock.ts';
import { verifierOf } from '../wire/verifier.ts';
import { FakeCompute } from './fake-compute.ts';
import { FakeGate } from './fake-gate.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryNetwork } from './memory-network.ts';
import { WirePeer } from './wire-peer.ts';

export const PASSWORD = 'pencil';

/** The owner of `acme`, as a login. */
export const ACME = { password: PASSWORD, parameters: { user: 'acme', database: 'acme' } };

/** What a client hears that is let in: the steps of its login, then the compute's greeting. */
export const WELCOME = ['R10', 'R11', 'R12', 'R0', 'S', 'K', 'Z'];

export type ProxyWorld = {
  readonly proxy: RunningProxy;
  readonly gate: FakeGate;
  readonly clock: VirtualClock;
  readonly compute: FakeCompute;
  readonly network: MemoryNetwork;
  readonly log: MemoryLog;
  /** Takes everything; a test may put its own in place of it. */
  readonly usage: UsageSink;
  /** Of the tenant `acme`, whose owner `acme` has the password `PASSWORD`. */
  readonly acme: TenantId;
  connect(from?: string): WirePeer;
  /** Lets all settle that can without time passing. */
  settle(): Promise<void>;
  /** Waits for what needs no time. Throws if it does not come. */
  until(holds: () => boolean): Promise<void>;
};

/** Settlings after which what has not come does not come. */
const SETTLINGS_MAX = 2_000;

/** Longer than any linger or deadline of a session that is ending. */
const ALL_OVER = seconds(20);

/** Turns of the event loop after which nothing without a timer is under way. PBKDF2 is a thread. */
const TURNS = 50;

export async function proxyWorld(options: Partial<ProxyOptions> = {}): Promise<ProxyWorld> {
  const verifier = await verifierOf(PASSWORD, Buffer.alloc(16, 5));
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const compute = new FakeCompute(verifier);
  const network = new MemoryNetwork(compute.take);
  const gate = new FakeGate('/compute');
  const acme = gate.addTenant('acme');
  gate.addRole(acme, 'acme', { verifier });
  const usage: UsageSink = { add: () => Promise.resolve() };
  const proxy = await openProxy({
    proxyId: 'proxy' as ProxyId,
    network,
    gate,
    clock,
    log,
    random: new SeededRandom(1),
    usageSink: { add: (records, batch) => usage.add(records, batch) },
    // No pace: a test that is not about it should not have to wait for it.
    options: { ...PROXY_DEFAULTS, loginPace: ms(0), mockKey: Buffer.alloc(32, 9), ...options },
  });
  const connect = (from?: string): WirePeer => new WirePeer(network.connect(from) as Socket);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn++) await settled();
    await clock.advance(ms(0));
  };
  const until = async (holds: () => boolean): Promise<void> => {
    for (let settling = 0; settling < SETTLINGS_MAX && !holds(); settling++) await settle();
    if (!holds()) throw new Error(`it did not come to this: ${holds}`);
  };
  return { proxy, gate, clock, compute, network, log, usage, acme, connect, settle, until };
}

/** Ends the proxy, and says what it left behind: nothing, if all is well. */
export async function leftBehind(world: ProxyWorld): Promise<Readonly<Record<string, unknown>>> {
  const closed = world.proxy.close();
  await world.settle();
  await world.clock.advance(ALL_OVER);
  await closed;
  const left = {
    sessions: world.proxy.sessions.count(),
    held: world.gate.uses.size,
    backends: world.compute.open.size,
    timers: world.clock.pending,
    warnings: world.log.alarming.length,
  };
  return Object.fromEntries(Object.entries(left).filter(([, count]) => count !== 0));
}
