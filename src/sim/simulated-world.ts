/** The real orchestrator, and everything around it simulated. */
import type { AskedNow, AwakeWatch } from '../domain/awake.ts';
import { type Failpoints, NO_FAILPOINTS } from '../domain/failpoints.ts';
import type { TicketReader } from '../domain/gate.ts';
import { newTenantId, parseTenantName } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import { type Allowance, NO_LIMITS } from '../domain/quota.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import { seconds, type Timestamp } from '../domain/units.ts';
import type { Verifier } from '../domain/verifier.ts';
import { Orchestrator } from '../orchestrator/orchestrator.ts';
import { WakeQueue } from '../orchestrator/wake-queue.ts';
import type { OrchestratorSettings } from '../orchestrator/world.ts';
import type { Rules } from '../policy/rules.ts';
import { MemoryArchive } from './memory-archive.ts';
import { MemoryCatalog } from './memory-catalog.ts';
import { MemoryPolicyStore } from './memory-policy-store.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedHost } from './simulated-host.ts';
import { SimulatedProxies } from './simulated-proxies.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Nobody logs in with it. */
const NO_VERIFIER = `SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2E=$${'A'.repeat(43)}=:${'A'.repeat(43)}=`;

const WAITING_MAX = 100_000;

/** As on a machine of 1 GB of page cache for those who sleep. */
const SETTINGS: OrchestratorSettings = {
  suspendAfter: null,
  l2Bytes: 1_024 * 1_048_576,
  wakeTimeout: seconds(30),
  startTimeout: seconds(60),
  sessionsMax: 100,
};

/** One life of the control plane. */
export type SimulatedLife = {
  readonly rules: Rules;
  readonly startsAtOnce: number;
  /** Files brought back from the archive at once; by default as many as are started. */
  readonly hydrationsAtOnce?: number;
  readonly waitingMax?: number;
  readonly failpoints?: Failpoints;
  readonly settings?: Partial<OrchestratorSettings>;
  /** What tenants may use; anything if not given. */
  readonly allowance?: Allowance;
  /** Who asks, and is told why computes are awake; nobody if not given. */
  readonly awake?: AwakeWatch;
  readonly asked?: AskedNow;
  readonly tickets?: TicketReader;
  /** How it sees what is around it; by default as it is. */
  readonly view?: <T extends object>(part: T) => T;
};

export type SimulatedWorldOptions<L extends Log> = SimulatedLife & {
  readonly log: L;
  readonly seed: number;
  /** What time it is in the beginning. */
  readonly wallStart?: Timestamp;
};

export class SimulatedWorld<L extends Log = Log> {
  readonly clock: VirtualClock;
  readonly log: L;
  readonly catalog: MemoryCatalog;
  readonly policyStore = new MemoryPolicyStore();
  readonly archive: MemoryArchive;
  readonly host: SimulatedHost;
  readonly proxies: SimulatedProxies;
  /** What was begun with. */
  readonly rules: Rules;
  readonly l2Bytes: number;
  readonly #random: SeededRandom;
  #orchestrator: Orchestrator;

  constructor({ log, seed, wallStart, ...life }: SimulatedWorldOptions<L>) {
    this.log = log;
    this.rules = life.rules;
    this.l2Bytes = life.settings?.l2Bytes ?? SETTINGS.l2Bytes;
    this.#random = new SeededRandom(seed);
    this.clock = new VirtualClock(wallStart);
    this.catalog = new MemoryCatalog(this.clock);
    this.archive = new MemoryArchive(this.clock);
    this.host = new SimulatedHost(this.clock, this.archive);
    this.proxies = new SimulatedProxies({
      clock: this.clock,
      host: this.host,
      gate: () => this.#orchestrator,
    });
    this.#orchestrator = this.#begin(life);
  }

  /** The control plane that lives now. */
  get orchestrator(): Orchestrator {
    return this.#orchestrator;
  }

  /** What a crash of the server leaves: catalog, archive and host, and nothing in memory. Then a new one begins. */
  restart(life: SimulatedLife): void {
    this.host.serverDied();
    this.#orchestrator = this.#begin(life);
    for (const proxy of this.proxies.all) proxy.reconnect();
  }

  /** A tenant at rest. */
  async tenant(name: string, tier: Tier): Promise<Tenant> {
    return await this.orchestrator.create(await this.insert(name, tier));
  }

  /** A row in state `creating`. */
  insert(name: string, tier: Tier): Promise<Tenant> {
    const id = newTenantId(this.#random);
    return this.catalog.insertTenant({
      ...{ id, name: parseTenantName(name), plan: 'free', tier, vault: id },
      ...{ suspendAfter: null, sessionsMax: null, maxPinIdle: null },
      ...{ verifier: NO_VERIFIER as Verifier, home: { kind: 'none' } },
    });
  }

  #begin({ startsAtOnce, view = (part) => part, ...life }: SimulatedLife): Orchestrator {
    const { waitingMax = WAITING_MAX, hydrationsAtOnce = startsAtOnce } = life;
    const sessions = view(this.proxies);
    return new Orchestrator({
      clock: view(this.clock),
      log: this.log,
      catalog: view(this.catalog),
      policyStore: view(this.policyStore),
      host: view(this.host),
      archive: view(this.archive),
      failpoints: life.failpoints ?? NO_FAILPOINTS,
      queue: new WakeQueue({ atOnce: startsAtOnce, waitingMax }),
      hydrations: new WakeQueue({ atOnce: hydrationsAtOnce, waitingMax }),
      rules: life.rules,
      tickets: life.tickets ?? { find: () => undefined, askedBy: () => null },
      ...(life.awake && { awake: life.awake }),
      ...(life.asked && { asked: life.asked }),
      allowance: life.allowance ?? NO_LIMITS,
      sessions: () => sessions,
      settings: { ...SETTINGS, ...life.settings },
    });
  }
}
