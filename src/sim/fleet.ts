/**
 * The real orchestrator under a trace: each busy time of a tenant is a client who asks, is answered and
 * goes on idling in its session. What they are kept waiting for is what the product would make them wait.
 */
import { type DurationMs, elapsed, hours, type Instant, ms, timestamp } from '../domain/units.ts';
import type { Rules } from '../policy/rules.ts';
import { AlarmLog } from './alarm-log.ts';
import { Invariants } from './invariants.ts';
import { percent } from './score.ts';
import type { SimulatedProxy, SimulatedSession } from './simulated-proxies.ts';
import { SimulatedWorld } from './simulated-world.ts';
import type { Trace, TraceTenant } from './trace.ts';

/** What things take on the host; figures of bench/README.md are the default. */
export type HostTimes = {
  readonly start: DurationMs;
  readonly stop: DurationMs;
  readonly save: DurationMs;
  readonly load: DurationMs;
};

export const HOST_TIMES: HostTimes = { start: ms(60), stop: ms(20), save: ms(600), load: ms(30) };

export type FleetParts = {
  readonly rules: Rules;
  readonly seed: number;
  readonly times?: HostTimes;
  readonly tell: (what: string) => void;
};

export type FleetRun = {
  readonly tenants: number;
  /** In the time that is scored, as in a replay. */
  readonly requests: number;
  readonly returns: number;
  readonly cold: number;
  /** In percent of requests. */
  readonly coldRate: number;
  /** Milliseconds that a return waited, those that did not included. */
  readonly waitP50: number;
  readonly waitP99: number;
  readonly waitMax: number;
  /** Computes awake at once, by looks of every four hours. */
  readonly awakeMean: number;
  readonly awakeMax: number;
  /** What must not happen; nothing, that is. */
  readonly violations: readonly string[];
};

const STARTS_AT_ONCE = 64;
const PROXIES = 2;
const LOOK_EVERY = hours(4);
const LOOKS_A_DAY = 6;

/** After the end: as long as it takes until everybody sleeps whom the rules let sleep. */
const QUIET = hours(2);

export async function runFleet(trace: Trace, parts: FleetParts): Promise<FleetRun> {
  const fleet = new Fleet(trace, parts);
  await fleet.begin();
  const looks = Math.ceil((trace.span * 1_000) / LOOK_EVERY);
  for (let look = 0; look < looks; look++) {
    if (look % LOOKS_A_DAY === 0) parts.tell(`${trace.name}: day ${look / LOOKS_A_DAY + 1}`);
    await fleet.advance(LOOK_EVERY);
  }
  return await fleet.end();
}

type Client = {
  readonly tenant: TraceTenant;
  readonly proxy: SimulatedProxy;
  readonly id: SimulatedSession['tenant'];
  session: SimulatedSession | null;
  /** Which of its busy times is the next or the present one. */
  next: number;
  busyUntil: Instant;
  askedAt: Instant;
  isAnswering: boolean;
};

class Fleet {
  readonly #trace: Trace;
  readonly #world: SimulatedWorld<AlarmLog>;
  readonly #invariants: Invariants;
  readonly #clients = new Map<SimulatedSession['tenant'], Client>();
  readonly #waits: number[] = [];
  readonly #awake: number[] = [];
  #timers = 0;
  #requests = 0;
  #returns = 0;

  constructor(trace: Trace, { rules, seed, times = HOST_TIMES }: FleetParts) {
    this.#trace = trace;
    const world = new SimulatedWorld({
      ...{ rules, seed, startsAtOnce: STARTS_AT_ONCE, log: new AlarmLog() },
      wallStart: timestamp(trace.epoch * 1_000),
    });
    world.host.startTakes = times.start;
    world.host.stopTakes = times.stop;
    world.archive.saveTakes = times.save;
    world.archive.loadTakes = times.load;
    this.#world = world;
    this.#invariants = new Invariants(world);
  }

  async begin(): Promise<void> {
    const { proxies, orchestrator, clock } = this.#world;
    const doors = Array.from({ length: PROXIES }, (_, i) => proxies.make(`proxy-${i}`));
    for (const door of doors) door.onServed = (session) => this.#served(session);
    await orchestrator.recover();
    const now = clock.now();
    for (const [i, tenant] of this.#trace.tenants.entries()) {
      const { id } = await this.#world.tenant(`t${i}`, 'COLD');
      const proxy = doors[i % doors.length];
      if (proxy === undefined) continue;
      const state = { session: null, next: 0, busyUntil: now, askedAt: now, isAnswering: false };
      const client: Client = { tenant, proxy, id, ...state };
      this.#clients.set(id, client);
      this.#askNext(client);
    }
  }

  async advance(by: DurationMs): Promise<void> {
    await this.#world.clock.advance(by);
    this.#awake.push(this.#world.host.running.length);
    await this.#look();
    // Whole months of these would only fill the memory.
    this.#world.host.calls.length = 0;
    this.#world.catalog.moves.length = 0;
  }

  async end(): Promise<FleetRun> {
    await this.#world.clock.advance(QUIET);
    await this.#look();
    await this.#invariants.end();
    await this.#world.orchestrator.close({ detach: true });
    const waits = this.#waits.sort((a, b) => a - b);
    const warm = this.#returns - waits.length;
    const waitAt = (part: number): number => {
      const place = Math.floor(part * this.#returns) - warm;
      return place < 0 ? 0 : (waits[place] ?? waits.at(-1) ?? 0);
    };
    return {
      tenants: this.#trace.tenants.length,
      ...{ requests: this.#requests, returns: this.#returns, cold: waits.length },
      coldRate: percent(waits.length, this.#requests),
      ...{ waitP50: waitAt(0.5), waitP99: waitAt(0.99), waitMax: waits.at(-1) ?? 0 },
      awakeMean: this.#awake.reduce((sum, count) => sum + count, 0) / this.#awake.length,
      awakeMax: this.#awake.reduce((most, count) => Math.max(most, count), 0),
      violations: this.#invariants.violations,
    };
  }

  async #look(): Promise<void> {
    const now = this.#world.clock.now();
    for (const { session, askedAt } of this.#clients.values()) {
      if (session !== null) this.#invariants.waits(session, elapsed(askedAt, now));
    }
    await this.#invariants.look(this.#timers);
  }

  #askNext(client: Client): void {
    const at = client.tenant.starts[client.next];
    if (at === undefined || at >= this.#trace.span) return;
    this.#at(at, () => this.#ask(client));
  }

  #ask(client: Client): void {
    const { tenant, next, id, proxy } = client;
    const [start, end] = [tenant.starts[next] ?? 0, tenant.ends[next] ?? 0];
    const now = this.#world.clock.now();
    client.busyUntil = (end * 1_000) as Instant;
    client.askedAt = now;
    if (client.session === null || client.session.state === 'gone') {
      client.session = proxy.open(id);
    } else proxy.ask(client.session);
    if (start >= this.#trace.warmup) {
      this.#requests += (tenant.requests[next] ?? 0) - (next === 0 ? 1 : 0);
      if (next > 0) this.#returns += 1;
    }
    if (client.session.state === 'busy') this.#answer(client);
    client.next += 1;
    this.#askNext(client);
  }

  #served(session: SimulatedSession): void {
    this.#invariants.served(session);
    const client = this.#clients.get(session.tenant);
    if (client === undefined) return;
    // A parked session asks for its compute also where that is awake, as after a wake ahead of time.
    const wait = elapsed(client.askedAt, this.#world.clock.now());
    const isScored = client.next > 1 && client.askedAt >= this.#trace.warmup * 1_000;
    if (isScored && wait > 0) this.#waits.push(wait);
    this.#answer(client);
  }

  /** It is idle again when its busy time is over. */
  #answer(client: Client): void {
    if (client.isAnswering) return;
    client.isAnswering = true;
    const at = Math.max(this.#world.clock.now() + 1, client.busyUntil);
    this.#at(at / 1_000, () => {
      client.isAnswering = false;
      if (client.busyUntil > this.#world.clock.now()) return this.#answer(client);
      if (client.session !== null) client.proxy.answered(client.session, 'idle');
    });
  }

  #at(second: number, run: () => void): void {
    this.#timers += 1;
    this.#world.clock.timer(ms(second * 1_000 - this.#world.clock.now()), () => {
      this.#timers -= 1;
      run();
    });
  }
}
