/**
 * Budgets: how much a month may come to, of what it costs the operator or of what a customer is charged.
 *
 * The operator sets budgets of cost, for the fleet, a customer or a tenant; a customer sets budgets of what it is charged. Each
 * stands by itself. They are few and known in memory; what they have come to is reckoned where it is asked for.
 */
import { type Caller, customerOf, mayDo } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import {
  type Budget,
  type BudgetMeasure,
  type BudgetOwner,
  type BudgetStore,
  ownerKey,
  type StoredAlert,
} from '../../domain/economics.ts';
import { fault } from '../../domain/faults.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Rate } from '../../domain/settings.ts';
import type { Plan } from '../../domain/tier.ts';
import { type Amount, parseDecimal } from '../../economics/money.ts';
import { RateLimits } from '../access/rate-limits.ts';
import type { BudgetWatch } from './budget-watch.ts';

export type BudgetWish = {
  /** Decimal text; null for no budget. */
  readonly amount: string | null;
  readonly hardCap?: boolean | undefined;
  readonly emails?: readonly string[] | undefined;
};

/** A budget and how it stands. */
export type BudgetView = Budget & {
  readonly name: string | null;
  readonly spent: Amount;
  readonly currency: string;
};

export type BudgetDeskWorld = {
  readonly clock: Clock;
  readonly store: BudgetStore;
  readonly watch: Pick<BudgetWatch, 'look' | 'standings'>;
  readonly tenantsOf: (
    id: TenantId,
  ) => Promise<{ readonly customer: CustomerId | null; readonly plan: Plan } | undefined>;
};

const ALERTS_MAX = 200;

/** By a customer, of one budget: a person tries some amounts, and then one now and then. */
const CHANGES: Rate = { perMinute: 0.2, burst: 20 };

export class BudgetDesk {
  readonly #world: BudgetDeskWorld;
  readonly #paces: RateLimits;

  constructor(world: BudgetDeskWorld) {
    this.#world = world;
    this.#paces = new RateLimits(world.clock);
  }

  /** Those that the caller may see. Throws `CATALOG_DOWN`. */
  async list(caller: Caller): Promise<readonly BudgetView[]> {
    const own = customerOf(caller);
    const all = await this.#world.watch.standings();
    if (caller.scope.kind === 'operator') return all.map(({ customer: _, ...view }) => view);
    const found: BudgetView[] = [];
    for (const { customer, ...view } of all) {
      // Of a tenant that has used nothing yet this month does not say whose it is.
      const isTheirs = customer === own || (customer === null && view.owner.kind === 'tenant');
      if (view.measure === 'charges' && isTheirs && (await this.#isOf(view.owner, own)))
        found.push(view);
    }
    return found;
  }

  /** Null once there is none. Throws `BAD_REQUEST`, `RATE_LIMITED`, `CATALOG_DOWN`. */
  async set(owner: BudgetOwner, wish: BudgetWish, caller: Caller): Promise<BudgetView | null> {
    const { store, watch } = this.#world;
    const measure: BudgetMeasure = caller.scope.kind === 'operator' ? 'cost' : 'charges';
    if (!mayDo(caller, 'billing')) {
      throw fault('FORBIDDEN', { why: `budgets are not for role ${caller.role}` });
    }
    if (measure === 'charges') this.#pace(owner);
    if (wish.amount === null) await store.remove(owner, measure);
    else await store.set(await this.#budget(owner, measure, wish));
    // Who is below it again may be awake at once, and who is above it is told at once.
    await watch.look();
    const all = await watch.standings();
    const found = all.find((one) => keyOf(one) === keyOf({ owner, measure }));
    if (found === undefined) return null;
    const { customer: _, ...view } = found;
    return view;
  }

  /** The newest first. Throws `CATALOG_DOWN`. */
  async alerts(caller: Caller, limit = ALERTS_MAX): Promise<readonly StoredAlert[]> {
    const customer = caller.scope.kind === 'operator' ? undefined : customerOf(caller);
    if (customer === null) return [];
    return await this.#world.store.alerts({ customer, limit: Math.min(limit, ALERTS_MAX) });
  }

  /** Each other amount may be told of again, to whatever addresses are on it: nobody gets letters by the hundred so. */
  #pace(owner: BudgetOwner): void {
    const { isLeft, waitSeconds } = this.#paces.take(ownerKey(owner), CHANGES);
    if (!isLeft) throw fault('RATE_LIMITED', { of: 'changes of this budget', waitSeconds });
  }

  /** A tenant may have been given to somebody else since. */
  async #isOf(owner: BudgetOwner, customer: CustomerId | null): Promise<boolean> {
    if (owner.kind !== 'tenant') return true;
    return (await this.#world.tenantsOf(owner.id))?.customer === customer;
  }

  async #budget(owner: BudgetOwner, measure: BudgetMeasure, wish: BudgetWish): Promise<Budget> {
    const amount = parseDecimal(wish.amount ?? '');
    if (amount === null || amount <= 0n) {
      const why = 'the amount of a budget is such as "25" or "0.50", and more than nothing';
      throw fault('BAD_REQUEST', { why });
    }
    if (owner.kind === 'fleet' && wish.hardCap === true) {
      throw fault('BAD_REQUEST', { why: 'a budget of the whole fleet cannot end its use' });
    }
    const isCapped = wish.hardCap ?? (await this.#isFree(owner));
    return { owner, measure, amount, isCapped, emails: [...new Set(wish.emails ?? [])] };
  }

  /** Nobody pays for more than a free plan: its budget is a hard one unless somebody says otherwise. */
  async #isFree(owner: BudgetOwner): Promise<boolean> {
    if (owner.kind !== 'tenant') return false;
    return (await this.#world.tenantsOf(owner.id))?.plan === 'free';
  }
}

const keyOf = ({ owner, measure }: Pick<Budget, 'owner' | 'measure'>): string =>
  `${ownerKey(owner)} ${measure}`;
