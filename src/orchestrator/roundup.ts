/**
 * Sees to it that other rules reach tenants that sleep, without waiting for their appointments: those that
 * must be awake by them, those whose tier lies outside of what their plan allows now, and those whom other
 * rules had raised. All others hear of the rules when they are woken, or asked about.
 *
 * Reads the list of tenants once, a page at a time; no more than two rounds are ever asked for.
 */
import type { CancelTimer } from '../domain/clock.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { type DurationMs, ms, seconds } from '../domain/units.ts';
import { rankOf } from '../policy/plan-terms.ts';
import { residencyBounds } from '../policy/tier-decision.ts';
import { eachAtOnce } from './each-at-once.ts';
import type { LifeWorld } from './world.ts';

const PAGE = 500;

/** How soon a round is tried again that the catalog has cut short. */
const AGAIN_AFTER = seconds(30);

export type RoundupParts = {
  readonly world: Pick<LifeWorld, 'clock' | 'log' | 'catalog' | 'rulesOf'>;
  /** Asks about one that sleeps. */
  readonly ask: (tenant: TenantId) => Promise<void>;
};

export class Roundup {
  readonly #parts: RoundupParts;
  #isClosed = false;
  #isWanted = false;
  #isUnderWay = false;
  #round: Promise<void> = Promise.resolve();
  #cancelTimer: CancelTimer = () => {};

  constructor(parts: RoundupParts) {
    this.#parts = parts;
  }

  /** Begins a round, behind the one that is under way. */
  start(wait: DurationMs = ms(0)): void {
    if (this.#isClosed) return;
    this.#isWanted = true;
    if (this.#isUnderWay) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.world.clock.timer(wait, () => {
      this.#round = this.#go();
    });
  }

  /** Resolves when nobody is being asked about. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.#round;
  }

  async #go(): Promise<void> {
    this.#isUnderWay = true;
    this.#isWanted = false;
    let wait = ms(0);
    try {
      await this.#look();
    } catch (error) {
      this.#parts.world.log.warn('sleeping tenants have not heard of the rules', { error });
      this.#isWanted = true;
      wait = AGAIN_AFTER;
    }
    this.#isUnderWay = false;
    if (this.#isWanted) this.start(wait);
  }

  async #look(): Promise<void> {
    const { catalog, log } = this.#parts.world;
    let after: TenantName | null = null;
    do {
      const page = await catalog.listTenants({ after, limit: PAGE, state: 'suspended' });
      const concerned = page.tenants.filter((tenant) => this.#isConcerned(tenant));
      await eachAtOnce(concerned, async ({ id: tenant }) => {
        if (this.#isClosed) return;
        await this.#parts.ask(tenant).catch((error: unknown) => {
          log.debug('a tenant could not be asked about', { tenant, error });
        });
      });
      after = page.next;
    } while (after !== null && !this.#isClosed);
  }

  #isConcerned(tenant: Tenant): boolean {
    const rules = this.#parts.world.rulesOf(tenant);
    const { floor, ceiling } = rules.plans[tenant.plan];
    const rank = rankOf(tenant.tier);
    if (tenant.tierBefore !== null && rank > rankOf(floor)) return true;
    if (tenant.override === null && (rank < rankOf(floor) || rank > rankOf(ceiling))) return true;
    return residencyBounds(tenant.tier, rules).awakeAtLeast === null;
  }
}
