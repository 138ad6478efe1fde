/** What the orchestrator works with: its settings, and the ports to everything outside of it. */
import type { Archive } from '../domain/archive.ts';
import type { AskedNow, AwakeWatch } from '../domain/awake.ts';
import type { Catalog } from '../domain/catalog.ts';
import type { Clock } from '../domain/clock.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import type { Sessions, TicketReader } from '../domain/gate.ts';
import type { Host } from '../domain/host.ts';
import type { Log } from '../domain/log.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import type { Allowance } from '../domain/quota.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { DurationMs } from '../domain/units.ts';
import type { HuskBounds } from '../policy/pool.ts';
import type { Rules } from '../policy/rules.ts';
import type { GrowthBudget } from './cache-growth.ts';
import type { FleetPrice } from './fleet-price.ts';
import type { HuskKeeper } from './husk-keeper.ts';
import type { LadderLog } from './ladder-log.ts';
import type { Learner } from './learner.ts';
import type { Shelf } from './shelf.ts';
import type { WakeQueue } from './wake-queue.ts';

export type OrchestratorSettings = {
  /** Idle time before a compute is suspended, where its tenant does not say; null for the rules'. */
  readonly suspendAfter: DurationMs | null;
  /** How long a client waits for a wake before it is told `WAKE_TIMEOUT`. */
  readonly wakeTimeout: DurationMs;
  /** How long a start may take, recovery after a crash included, before it has failed. */
  readonly startTimeout: DurationMs;
  /** Most sessions of a tenant at once, where it does not say; null for our default. */
  readonly sessionsMax: number | null;
  /** Most backends of a tenant at once; never more than its size class allows. */
  readonly backendsMax?: number | null;
  /** Idle time after which a pinned session is ended, where its tenant does not say; 0 for never. */
  readonly maxPinIdle?: DurationMs | null;
  /** Page cache that sleeping tenants may keep, all together, in bytes, where the rules do not say. */
  readonly l2Bytes: number;
  /** Between which numbers husks are kept by what is expected; null, or nothing, for a fixed number. */
  readonly husks?: HuskBounds | null;
  /** By how much caches may be larger before peaks, all together, in MB; none if not given. */
  readonly growthMb?: number;
};

export type World = {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalog: Catalog;
  readonly policyStore: PolicyStore;
  readonly host: Host;
  readonly archive: Archive;
  readonly failpoints: Failpoints;
  readonly queue: WakeQueue;
  /** Tenants brought back from the archive at once: a large one must not hold up wakes. */
  readonly hydrations: WakeQueue;
  readonly tickets: TicketReader;
  /** Is told why computes are awake. */
  readonly awake: AwakeWatch;
  /** On whose request something is done. */
  readonly asked: AskedNow;
  /** Who may be awake, and how many may come. */
  readonly allowance: Allowance;
  /** The proxy is made after the orchestrator; it is asked for when it is needed. */
  readonly sessions: () => Sessions;
  readonly settings: OrchestratorSettings;
  /** Those in force now. */
  readonly rules: Rules;
  /** Those in force now for one tenant, which may have some of its own. */
  readonly rulesOf: (tenant: Tenant) => Rules;
};

/** What an orchestrator is made of; what follows from it, it makes itself. */
export type WorldParts = Omit<World, 'rulesOf' | 'awake' | 'asked'> &
  Partial<Pick<World, 'awake' | 'asked'>>;

/** What the lives of all tenants share besides. */
export type LifeWorld = World & {
  readonly ladder: LadderLog;
  readonly shelf: Shelf;
  readonly learner: Learner;
  readonly price: FleetPrice;
  readonly husks: HuskKeeper;
  readonly growth: GrowthBudget;
  readonly setRules: (rules: Rules) => void;
};
