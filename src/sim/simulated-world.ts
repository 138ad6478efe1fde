/** The real orchestrator, and everything around it simulated. */
import { NO_FAILPOINTS } from '../domain/failpoints.ts';
import { newTenantId, parseTenantName } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import { seconds, type Timestamp } from '../domain/units.ts';
import type { Verifier } from '../domain/verifier.ts';
import { Orchestrator } from '../orchestrator/orchestrator.ts';
import { WakeQueue } from '../orchestrator/wake-queue.ts';
import type { Rules } from '../policy/rules.ts';
import { AlarmLog } from './alarm-log.ts';
import { MemoryArchive } from './memory-archive.ts';
import { MemoryCatalog } from './memory-catalog.ts';
import { MemoryPolicyStore } from './memory-policy-store.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedHost } from './simulated-host.ts';
import { SimulatedProxies } from './simulated-proxies.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Nobody logs in with it. */
const NO_VERIFIER = `SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2E=$${'A'.repeat(43)}=:${'A'.repeat(43)}=`;

const L2_BYTES = 1_024 * 1_048_576;

export type SimulatedWorldOptions = {
  readonly rules: Rules;
  readonly seed: number;
  /** What time it is in the beginning. */
  readonly wallStart: Timestamp;
  /** Starts, and files brought back from the archive, at once. */
  readonly startsAtOnce: number;
};

export class SimulatedWorld {
  readonly clock: VirtualClock;
  readonly log = new AlarmLog();
  readonly catalog: MemoryCatalog;
  readonly archive: MemoryArchive;
  readonly host: SimulatedHost;
  readonly proxies: SimulatedProxies;
  readonly orchestrator: Orchestrator;
  readonly #random: SeededRandom;

  constructor({ rules, seed, wallStart, startsAtOnce }: SimulatedWorldOptions) {
    this.#random = new SeededRandom(seed);
    this.clock = new VirtualClock(wallStart);
    this.catalog = new MemoryCatalog(this.clock);
    this.archive = new MemoryArchive(this.clock);
    this.host = new SimulatedHost(this.clock, this.archive);
    this.proxies = new SimulatedProxies({
      clock: this.clock,
      host: this.host,
      gate: () => this.orchestrator,
    });
    const queue = () => new WakeQueue({ atOnce: startsAtOnce, waitingMax: QUEUE_MAX });
    this.orchestrator = new Orchestrator({
      clock: this.clock,
      log: this.log,
      catalog: this.catalog,
      policyStore: new MemoryPolicyStore(),
      host: this.host,
      archive: this.archive,
      failpoints: NO_FAILPOINTS,
      queue: queue(),
      hydrations: queue(),
      rules,
      tickets: { find: () => undefined },
      sessions: () => this.proxies,
      settings: {
        suspendAfter: null,
        l2Bytes: L2_BYTES,
        wakeTimeout: seconds(30),
        startTimeout: seconds(60),
        sessionsMax: SESSIONS_MAX,
      },
    });
  }

  /** A tenant at rest. */
  async tenant(name: string, tier: Tier): Promise<Tenant> {
    const id = newTenantId(this.#random);
    const draft = await this.catalog.insertTenant({
      ...{ id, name: parseTenantName(name), plan: 'free', tier, vault: id },
      ...{ suspendAfter: null, sessionsMax: null, maxPinIdle: null },
      ...{ verifier: NO_VERIFIER as Verifier, home: { kind: 'none' } },
    });
    return await this.orchestrator.create(draft);
  }
}

const QUEUE_MAX = 100_000;
const SESSIONS_MAX = 100;
