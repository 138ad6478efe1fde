/**
 * Keeps what is learned: of each tenant with which something is going on, and of the fleet.
 *
 *   unknown ──of──▶ loading ──▶ known ──written behind everybody's back──▶ known
 *                                 └──at rest, and written──▶ forgotten here, kept in the store
 *
 * Nobody waits for any of it: what happens while a tenant's state is being loaded is taken in afterwards, and
 * without a catalog the policy goes by the fleet, until what is kept can be read. What is learned since the
 * last write (every two minutes, and at the end) is lost with a crash, and learned again.
 *
 * Costs about 2 kB a tenant that is awake, nothing for others, and one statement a write for all of them.
 */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { Decision, DecisionKind } from '../domain/decision.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { FleetKey, PolicyStore, TenantDecision } from '../domain/policy-store.ts';
import type { PrewarmRecord } from '../domain/policy-view.ts';
import { after, type DurationMs, type Instant, minutes, ms, seconds } from '../domain/units.ts';
import { Population } from '../policy/returns.ts';
import { TenantLearning } from './tenant-learning.ts';

const WRITE_EVERY = minutes(2);

/** Whoever is to be asked about soon is written soon. */
const WRITE_SOON = seconds(5);

/** Rows in one statement. */
const BATCH = 500;

/** Decisions that wait for the store at most; beyond that the oldest are given up, and the log says so. */
const DECISIONS_MAX = 10_000;

type LearnerWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly policyStore: PolicyStore;
};

export class Learner {
  population = new Population();
  /** Since the server started, over all tenants. */
  readonly counts: { prewarms: PrewarmRecord; readonly decisions: Record<DecisionKind, number> } = {
    prewarms: { hits: 0, misses: 0, wasted: ms(0) },
    decisions: { tier: 0, prewarm: 0, size: 0, anomaly: 0, policy: 0 },
  };
  readonly #world: LearnerWorld;
  readonly #tenants = new Map<TenantId, TenantLearning>();
  #decisions: TenantDecision[] = [];
  #populationGrown = false;
  #cancelTimer: CancelTimer = () => {};
  #dueAt: Instant | null = null;
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(world: LearnerWorld) {
    this.#world = world;
  }

  /** Takes in what is known of the fleet. Without the catalog it is learned anew. */
  async open(): Promise<void> {
    const bytes = await this.#kept('population');
    if (bytes !== undefined) this.population = Population.decode(bytes);
  }

  /** What is learned of the tenant; it begins to be loaded now if it is not known. */
  of(tenant: TenantId): TenantLearning {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) {
      known.isResting = false;
      return known;
    }
    const learning = new TenantLearning({
      clock: this.#world.clock,
      population: () => this.population,
      onTaught: () => {
        this.#populationGrown = true;
      },
      onChange: () => this.#later(WRITE_EVERY),
      onSoon: () => this.#later(WRITE_SOON),
    });
    this.#tenants.set(tenant, learning);
    learning.load(this.#world.policyStore.learned(tenant));
    return learning;
  }

  /** Nothing is going on with the tenant any more: it is forgotten here once it is written. */
  rested(tenant: TenantId): void {
    const learning = this.#tenants.get(tenant);
    if (learning === undefined) return;
    // What is being written is not in the store yet: who came back now would not find it there.
    if (!learning.isChanged && !learning.isLoading && !this.#isWriting) {
      this.#tenants.delete(tenant);
      return;
    }
    learning.isResting = true;
    this.#later(WRITE_EVERY);
  }

  /** The tenant is gone, and all that was learned of it. */
  forget(tenant: TenantId): void {
    this.#tenants.delete(tenant);
  }

  decided(tenant: TenantId, decision: Decision): void {
    this.#world.log.info('decided', {
      tenant,
      kind: decision.kind,
      from: decision.from,
      to: decision.to,
      because: decision.because,
    });
    this.counts.decisions[decision.kind] += 1;
    this.#decisions.push({ tenant, decision });
    this.#later(WRITE_EVERY);
  }

  /** Resolves when all that was learned and decided until now has been offered to the store. */
  async written(): Promise<void> {
    this.#cancelTimer();
    this.#dueAt = null;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  /** A wake ahead was of use, or nobody came for so long. */
  prewarmed(came: boolean, idle: DurationMs): void {
    const { hits, misses, wasted } = this.counts.prewarms;
    this.counts.prewarms = came
      ? { hits: hits + 1, misses, wasted }
      : { hits, misses: misses + 1, wasted: ms(wasted + idle) };
  }

  /** Writes after this time, or sooner. */
  #later(wait: DurationMs): void {
    const { clock } = this.#world;
    const dueAt = after(clock.now(), wait);
    if (this.#dueAt !== null && this.#dueAt <= dueAt) return;
    this.#cancelTimer();
    this.#dueAt = dueAt;
    this.#cancelTimer = clock.timer(wait, () => void this.written());
  }

  /** What fails is offered again at the next write. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      await this.#writeDecisions();
      await this.#readAgain();
      await this.#writeTenants();
      await this.#writePopulation();
    } catch (error) {
      this.#world.log.warn('what was learned could not be written', { error });
      this.#later(WRITE_EVERY);
    } finally {
      this.#isWriting = false;
    }
  }

  /** What could not be read before. */
  async #readAgain(): Promise<void> {
    for (const [tenant, learning] of this.#tenants) {
      if (!learning.isUnread) continue;
      learning.load(this.#world.policyStore.learned(tenant));
      await learning.loaded;
      // It will be no better for the next one.
      if (learning.isUnread) return;
    }
  }

  async #writePopulation(): Promise<void> {
    if (!this.#populationGrown) return;
    this.#populationGrown = false;
    try {
      await this.#world.policyStore.saveFleet('population', this.population.encode());
    } catch (error) {
      this.#populationGrown = true;
      throw error;
    }
  }

  async #writeDecisions(): Promise<void> {
    const excess = this.#decisions.length - DECISIONS_MAX;
    if (excess > 0) {
      this.#world.log.error('decisions were not recorded', { count: excess });
      this.#decisions = this.#decisions.slice(excess);
    }
    while (this.#decisions.length > 0) {
      const batch = this.#decisions.slice(0, BATCH);
      await this.#world.policyStore.recordDecisions(batch);
      this.#decisions = this.#decisions.slice(batch.length);
    }
  }

  async #writeTenants(): Promise<void> {
    const changed = [...this.#tenants].filter(([, learning]) => learning.isChanged);
    for (let at = 0; at < changed.length; at += BATCH) {
      const batch = changed.slice(at, at + BATCH);
      const rows = batch.map(([tenant, learning]) => ({ tenant, ...learning.taken() }));
      try {
        await this.#world.policyStore.saveLearned(rows);
      } catch (error) {
        for (const [, learning] of batch) learning.changed();
        throw error;
      }
    }
    for (const [tenant, learning] of this.#tenants) {
      if (learning.isResting && !learning.isChanged && !learning.isLoading) {
        this.#tenants.delete(tenant);
      }
    }
  }

  async #kept(key: FleetKey): Promise<Uint8Array | undefined> {
    try {
      return await this.#world.policyStore.fleet(key);
    } catch (error) {
      this.#world.log.warn('what was learned of the fleet could not be read', { key, error });
      return undefined;
    }
  }
}
