import type { Failpoints } from '../domain/failpoints.ts';
import { NO_FAILPOINTS } from '../domain/failpoints.ts';
import type { Fault } from '../domain/faults.ts';
import type { TenantUse } from '../domain/gate.ts';
import { newTenantId, type ProxyId, parseTenantName, type TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import { ms, seconds } from '../domain/units.ts';
import type { Verifier } from '../domain/verifier.ts';
import { Orchestrator } from '../orchestrator/orchestrator.ts';
import { WakeQueue } from '../orchestrator/wake-queue.ts';
import type { OrchestratorSettings } from '../orchestrator/world.ts';
import { PRESETS, type Rules } from '../policy/rules.ts';
import { MemoryArchive } from '../sim/memory-archive.ts';
import { MemoryCatalog } from '../sim/memory-catalog.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { SimulatedHost } from '../sim/simulated-host.ts';
import { SimulatedProxies } from '../sim/simulated-proxies.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from './memory-log.ts';
import { mortal } from './mortal.ts';

/** A well-formed verifier, different for every letter; nobody logs in with it. */
export const verifierOf = (letter: string): Verifier =>
  `SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2E=$${letter.repeat(43)}=:${letter.repeat(43)}=`;

/** What a proxy reports of a tenant that nobody uses any more. */
export const UNUSED: TenantUse = { sessions: 0, bound: 0, heldBy: null, idleFor: ms(0) };

export type OrchestratedOptions = {
  readonly failpoints?: Failpoints;
  readonly atOnce?: number;
  readonly waitingMax?: number;
  readonly settings?: Partial<OrchestratorSettings>;
  readonly rules?: Partial<Rules>;
};

/** The ladder's last step only, and nothing that happens by itself. */
const PLAIN_RULES: Rules = {
  ...PRESETS.machine,
  ...{ descentSteps: 0, archiveAfter: null, snapshotEvery: null },
};

/** The real orchestrator in a simulated world. `restart` makes a new one over what has survived. */
export class Orchestrated {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly catalog = new MemoryCatalog(this.clock);
  readonly policyStore = new MemoryPolicyStore();
  readonly archive = new MemoryArchive(this.clock);
  readonly host = new SimulatedHost(this.clock, this.archive);
  readonly ended: { readonly tenant: TenantId; readonly because: Fault }[] = [];
  readonly proxies = new SimulatedProxies({
    clock: this.clock,
    host: this.host,
    gate: () => this.orchestrator,
  });
  readonly #random = new SeededRandom(7);
  #sessions = 0;
  #life = 0;
  orchestrator: Orchestrator;

  constructor(options: OrchestratedOptions = {}) {
    this.orchestrator = this.#make(options);
    this.proxies.onEnd = (tenant, because) => this.ended.push({ tenant, because });
  }

  /** What a crash of the server leaves: catalog and host, and nothing in memory. */
  restart(options: OrchestratedOptions = {}): void {
    this.host.serverDied();
    this.orchestrator = this.#make(options);
    for (const proxy of this.proxies.all) proxy.reconnect();
  }

  /** A tenant at rest. */
  async tenant(name: string, tier: Tier = 'COLD'): Promise<Tenant> {
    const draft = await this.insert(name, tier);
    return await this.orchestrator.create(draft);
  }

  /** A row in state `creating`. */
  insert(name: string, tier: Tier = 'COLD'): Promise<Tenant> {
    const id = newTenantId(this.#random);
    return this.catalog.insertTenant({
      id,
      name: parseTenantName(name),
      plan: 'free',
      tier,
      suspendAfter: null,
      sessionsMax: null,
      maxPinIdle: null,
      verifier: verifierOf('A'),
      home: { kind: 'none' },
      vault: id,
    });
  }

  /** A session comes: its id, and the outcome of its wake. */
  session(tenant: Tenant): { readonly id: ProxyId; readonly address: Promise<unknown> } {
    this.#sessions += 1;
    const id = `${this.#sessions}` as ProxyId;
    const cause = {
      kind: 'session',
      role: tenant.name,
      applicationName: '',
      from: '127.0.0.1',
      visitor: 'person',
    } as const;
    const address = this.orchestrator
      .wake({ tenant: tenant.id, proxy: id, cause })
      .catch((error: unknown) => error);
    return { id, address };
  }

  /** The state that the catalog has of the tenant; undefined if it is gone. */
  async stateOf(tenant: Tenant): Promise<string | undefined> {
    return (await this.catalog.tenantById(tenant.id))?.state.kind;
  }

  #make(options: OrchestratedOptions): Orchestrator {
    this.#life += 1;
    const life = this.#life;
    const alive = (): boolean => this.#life === life;
    const queue = new WakeQueue({
      atOnce: options.atOnce ?? 4,
      waitingMax: options.waitingMax ?? 1_000,
    });
    const sessions = mortal(this.proxies, alive);
    return new Orchestrator({
      clock: mortal(this.clock, alive),
      log: this.log,
      catalog: mortal(this.catalog, alive),
      policyStore: mortal(this.policyStore, alive),
      host: mortal(this.host, alive),
      archive: mortal(this.archive, alive),
      failpoints: options.failpoints ?? NO_FAILPOINTS,
      queue,
      hydrations: new WakeQueue({ atOnce: 4, waitingMax: 1_000 }),
      rules: { ...PLAIN_RULES, ...options.rules },
      tickets: { find: () => undefined },
      sessions: () => sessions,
      settings: {
        suspendAfter: null,
        l2Bytes: 100 * 1_048_576,
        wakeTimeout: seconds(30),
        startTimeout: seconds(60),
        sessionsMax: 100,
        ...options.settings,
      },
    });
  }
}
