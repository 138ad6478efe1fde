import type { Failpoints } from '../domain/failpoints.ts';
import type { Fault } from '../domain/faults.ts';
import type { TenantUse } from '../domain/gate.ts';
import type { ProxyId, TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import { ms } from '../domain/units.ts';
import type { Verifier } from '../domain/verifier.ts';
import type { Orchestrator } from '../orchestrator/orchestrator.ts';
import type { OrchestratorSettings } from '../orchestrator/world.ts';
import { PRESETS, type Rules } from '../policy/rules.ts';
import { type SimulatedLife, SimulatedWorld } from '../sim/simulated-world.ts';
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
} & Pick<SimulatedLife, 'awake' | 'asked' | 'tickets' | 'allowance'>;

/** The ladder's last step only, and nothing that happens by itself. */
const PLAIN_RULES: Rules = {
  ...PRESETS.machine,
  ...{ descentSteps: 0, archiveAfter: null, snapshotEvery: null },
};

/** A simulated world for tests: with a log to read, plain rules, and control planes that die. */
export class Orchestrated {
  readonly log = new MemoryLog();
  readonly clock: SimulatedWorld['clock'];
  readonly catalog: SimulatedWorld['catalog'];
  readonly policyStore: SimulatedWorld['policyStore'];
  readonly archive: SimulatedWorld['archive'];
  readonly host: SimulatedWorld['host'];
  readonly proxies: SimulatedWorld['proxies'];
  readonly ended: { readonly tenant: TenantId; readonly because: Fault }[] = [];
  readonly #world: SimulatedWorld;
  #sessions = 0;
  #life = 0;

  constructor(options: OrchestratedOptions = {}) {
    const world = new SimulatedWorld({ ...this.#lifeOf(options), log: this.log, seed: 7 });
    this.#world = world;
    this.clock = world.clock;
    this.catalog = world.catalog;
    this.policyStore = world.policyStore;
    this.archive = world.archive;
    this.host = world.host;
    this.proxies = world.proxies;
    this.proxies.onEnd = (tenant, because) => this.ended.push({ tenant, because });
  }

  get orchestrator(): Orchestrator {
    return this.#world.orchestrator;
  }

  /** What a crash of the server leaves: catalog and host, and nothing in memory. */
  restart(options: OrchestratedOptions = {}): void {
    this.#world.restart(this.#lifeOf(options));
  }

  /** A tenant at rest. */
  tenant(name: string, tier: Tier = 'COLD'): Promise<Tenant> {
    return this.#world.tenant(name, tier);
  }

  /** A row in state `creating`. */
  insert(name: string, tier: Tier = 'COLD'): Promise<Tenant> {
    return this.#world.insert(name, tier);
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

  #lifeOf(given: OrchestratedOptions): SimulatedLife {
    const { rules, settings, failpoints, atOnce, waitingMax, ...seen } = given;
    this.#life += 1;
    const life = this.#life;
    return {
      ...seen,
      ...(failpoints && { failpoints }),
      startsAtOnce: atOnce ?? 4,
      hydrationsAtOnce: 4,
      waitingMax: waitingMax ?? 1_000,
      rules: { ...PLAIN_RULES, ...rules },
      settings: { l2Bytes: 100 * 1_048_576, ...settings },
      view: (part) => mortal(part, () => this.#life === life),
    };
  }
}
