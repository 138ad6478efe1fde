/**
 * The terms on which idle tenants are kept awake: what each level costs, what a wake takes on this machine,
 * and what a user's second is worth.
 *
 * That worth is one figure for the whole fleet, so that everybody's last second awake is worth the same. It is
 * steered so that the fleet costs what the operator wants to spend, in percent of having all tenants awake
 * always. What is spent is counted as it goes: the seconds that computes are awake, each at the price of
 * its tier. Once in ten minutes the figure is looked at again; nothing here grows with sleeping tenants.
 *
 * Prices are those of the book in force. The steered figure is kept as it would be by our own prices: with another book, or in
 * another currency, it is worth as many idle seconds as before.
 */
import type { Catalog } from '../domain/catalog.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Level } from '../domain/levels.ts';
import type { Log } from '../domain/log.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import { type DurationMs, elapsed, type Instant, minutes, ms } from '../domain/units.ts';
import type { BookPrices } from '../policy/book-prices.ts';
import {
  alwaysOnCost,
  asleepCost,
  awakeCost,
  LEVEL_PRICES,
  type LevelPrices,
  levelTerms,
  WAKE_SECONDS,
  type WakeSeconds,
} from '../policy/level-costs.ts';
import type { ResidencyTerms } from '../policy/residency.ts';
import type { Rules } from '../policy/rules.ts';
import { firstValue, steer } from '../policy/steering.ts';
import { residencyBounds } from '../policy/tier-decision.ts';

const STEER_EVERY = minutes(10);

/** How much a wake counts in the mean of its level. */
const WAKE_SHARE = 0.05;

/** More than so many times the mean a wake does not count: a recovery of minutes says nothing of the next. */
const WAKE_TIMES_MAX = 10;

/** A change of what a wake is worth that is worth telling, as a logarithm. */
const NOTEWORTHY = 0.05;

const MS_IN_SECOND = 1_000;

export type PriceParts = {
  readonly world: {
    readonly clock: Clock;
    readonly log: Log;
    readonly policyStore: PolicyStore;
    readonly catalog: Pick<Catalog, 'countTenants'>;
  };
  readonly rules: () => Rules;
  readonly rulesOf: (tenant: Tenant) => Rules;
};

export class FleetPrice {
  readonly #parts: PriceParts;
  /** What a second of each awake compute costs, and of all together. */
  readonly #awake = new Map<TenantId, { readonly tenant: Tenant; readonly cost: number }>();
  #rate = 0;
  /** Spent on computes since the last look. */
  #spent = 0;
  #countedAt: Instant;
  #lookedAt: Instant;
  #share: number | null = null;
  #value: number | null = null;
  /** What a wake was worth when the terms were made: with others all outlooks are seen anew. */
  #worth = 1;
  #wakes: WakeSeconds = WAKE_SECONDS;
  #terms = new WeakMap<Rules, Map<Tier, ResidencyTerms>>();
  #source: () => BookPrices | null = () => null;
  #book: BookPrices | null = null;
  #cancelTimer: CancelTimer = () => {};

  constructor(parts: PriceParts) {
    this.#parts = parts;
    this.#countedAt = parts.world.clock.now();
    this.#lookedAt = this.#countedAt;
  }

  /** What a user's second is worth; null while idle times are fixed. */
  get valueOfSecond(): number | null {
    const rules = this.#parts.rules();
    const { mode, valueOfSecond } = rules.residency;
    if (mode === 'fixed') return null;
    if (valueOfSecond !== 'auto') return valueOfSecond;
    const first = firstValue(rules, LEVEL_PRICES);
    this.#value ??= first;
    const { decides } = this;
    return decides === LEVEL_PRICES
      ? this.#value
      : (this.#value * firstValue(rules, decides)) / first;
  }

  /** What the book in force says; null where nobody has put one in force. */
  get book(): BookPrices | null {
    return this.#book;
  }

  /** The prices that are decided by. */
  get decides(): LevelPrices {
    return this.#book?.decides ?? LEVEL_PRICES;
  }

  /** What a wake takes here. */
  get wakeSeconds(): WakeSeconds {
    return this.#wakes;
  }

  /** What the fleet costs, as a part of what it would cost always awake; null before it is known. */
  get share(): number | null {
    return this.#share;
  }

  /** Takes in what a second was worth before, and begins to steer. Never rejects. */
  async open(): Promise<void> {
    const { policyStore, log } = this.#parts.world;
    try {
      const bytes = await policyStore.fleet('steering');
      const value = bytes === undefined ? Number.NaN : Number(new TextDecoder().decode(bytes));
      if (value > 0 && Number.isFinite(value)) this.#value = value;
    } catch (error) {
      log.warn('what a second was worth before could not be read', { error });
    }
    this.changed();
    this.#later();
  }

  close(): void {
    this.#cancelTimer();
  }

  /** What the terms are made of is different. */
  changed(): void {
    this.#terms = new WeakMap();
  }

  /** Where prices come from. They are asked for now, when somebody says that they are others, and once in ten minutes. */
  priceBy(source: () => BookPrices | null): void {
    this.#source = source;
    this.pricesChanged();
  }

  pricesChanged(): void {
    const before = this.decides;
    this.#book = this.#source();
    if (JSON.stringify(this.decides) === JSON.stringify(before)) return;
    this.#reprice(before);
    this.changed();
  }

  awake(tenant: Tenant): void {
    const cost = this.#awakeCost(tenant);
    this.#count();
    this.#rate += cost - (this.#awake.get(tenant.id)?.cost ?? 0);
    this.#awake.set(tenant.id, { tenant, cost });
  }

  asleep(tenant: TenantId): void {
    const known = this.#awake.get(tenant);
    if (known === undefined) return;
    this.#count();
    this.#awake.delete(tenant);
    this.#rate = this.#awake.size === 0 ? 0 : this.#rate - known.cost;
  }

  /** A wake from this level took so long. */
  woke(from: Level, took: DurationMs): void {
    if (from === 'L1') return;
    const before = this.#wakes[from];
    const counted = Math.min(took / MS_IN_SECOND, WAKE_TIMES_MAX * before);
    const mean = before + WAKE_SHARE * (counted - before);
    this.#wakes = { ...this.#wakes, [from]: mean };
  }

  /** The same object for the same terms; null where the rules have fixed idle times. */
  termsOf(tenant: Tenant): ResidencyTerms | null {
    const { valueOfSecond } = this;
    if (valueOfSecond === null) return null;
    const rules = this.#parts.rulesOf(tenant);
    const kept = this.#terms.get(rules) ?? new Map<Tier, ResidencyTerms>();
    this.#terms.set(rules, kept);
    const known = kept.get(tenant.tier);
    if (known !== undefined) return known;
    const bounds = residencyBounds(tenant.tier, rules);
    const terms: ResidencyTerms = {
      levels: levelTerms(rules, tenant.tier, this.#wakes, this.decides).filter(({ level }) =>
        bounds.levels.includes(level),
      ),
      valueOfSecond,
      floorAwake: bounds.awakeAtLeast ?? ms(0),
    };
    kept.set(tenant.tier, terms);
    return terms;
  }

  #awakeCost(tenant: Tenant): number {
    return awakeCost(this.#parts.rulesOf(tenant), tenant.tier, this.decides);
  }

  /** What is awake costs something else from now on; what was spent since the last look is worth as much of it. */
  #reprice(before: LevelPrices): void {
    this.#count();
    const rules = this.#parts.rules();
    this.#spent *= awakeCost(rules, 'COLD', this.decides) / awakeCost(rules, 'COLD', before);
    this.#rate = 0;
    for (const { tenant } of this.#awake.values()) {
      const cost = this.#awakeCost(tenant);
      this.#awake.set(tenant.id, { tenant, cost });
      this.#rate += cost;
    }
  }

  #count(): void {
    const now = this.#parts.world.clock.now();
    this.#spent += (this.#rate * elapsed(this.#countedAt, now)) / MS_IN_SECOND;
    this.#countedAt = now;
  }

  #later(): void {
    const { clock, log } = this.#parts.world;
    this.#cancelTimer = clock.timer(STEER_EVERY, () => {
      void this.#look()
        .catch((error: unknown) => log.warn('what a second is worth is as it was', { error }))
        .then(() => this.#later());
    });
  }

  async #look(): Promise<void> {
    const { clock, catalog, policyStore } = this.#parts.world;
    const counts = await catalog.countTenants();
    // A version of the book may have begun.
    this.pricesChanged();
    const tenants = Object.values(counts).reduce((sum, count) => sum + count, 0);
    this.#count();
    const now = clock.now();
    const took = elapsed(this.#lookedAt, now);
    const spent = this.#spent;
    this.#lookedAt = now;
    this.#spent = 0;
    const rules = this.#parts.rules();
    const always = (tenants * alwaysOnCost(rules, this.decides) * took) / MS_IN_SECOND;
    if (always === 0) return;
    const rest = (tenants * asleepCost(this.decides) * took) / MS_IN_SECOND;
    this.#share = (spent + rest) / always;
    const { valueOfSecond, budgetPercent } = rules.residency;
    const isSteered = valueOfSecond === 'auto';
    const first = firstValue(rules, LEVEL_PRICES);
    const before = isSteered && this.valueOfSecond !== null ? this.#value : this.valueOfSecond;
    if (before === null) return;
    const spending = { share: this.#share, budget: budgetPercent / 100, first };
    const value = isSteered ? steer(before, spending, took) : before;
    if (isSteered) this.#value = value;
    const worth = value * this.#wakes.L3;
    if (Math.abs(Math.log(worth / this.#worth)) < NOTEWORTHY) return;
    this.#worth = worth;
    this.changed();
    if (!isSteered) return;
    await policyStore.saveFleet('steering', new TextEncoder().encode(`${value}`));
  }
}
