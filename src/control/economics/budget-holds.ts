/** Holds tenants for money, by the marks of quotas: who is held is suspended and not woken until the month ends. */
import type { Clock } from '../../domain/clock.ts';
import type { BudgetOwner } from '../../domain/economics.ts';
import type { Events } from '../../domain/events.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Log } from '../../domain/log.ts';
import type { Mark, QuotaOwner, QuotaStore } from '../../domain/quota.ts';
import { seconds, type Timestamp } from '../../domain/units.ts';
import { fewAtOnce } from '../few-at-once.ts';
import type { AllowanceBook } from '../quotas/allowance-book.ts';

export type HoldReason = 'budget' | 'included';

/** Whom to hold, and what is told of it. */
export type Due = {
  readonly owner: BudgetOwner;
  readonly limit: number;
  readonly until: Timestamp;
};

export type HoldsWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
  readonly store: Pick<QuotaStore, 'setMark' | 'removeMark' | 'tenantsOf' | 'marks'>;
  readonly book: AllowanceBook;
  readonly lifecycle: Pick<Lifecycle, 'halt'>;
};

/** For what is under way in a compute that is stopped. */
const STOP_WITHIN = seconds(5);

const AT_ONCE = 4;

export class BudgetHolds {
  readonly #world: HoldsWorld;
  readonly #held = new Map<string, Mark>();
  #isOpen = false;

  constructor(world: HoldsWorld) {
    this.#world = world;
  }

  /** All that are held for this reason from now on, by key of the owner; the others are let go. Throws `CATALOG_DOWN`. */
  async set(reason: HoldReason, due: ReadonlyMap<string, Due>): Promise<void> {
    await this.#open();
    for (const mark of [...this.#held.values()]) {
      const isDue = due.has(mark.owner.id) && mark.until > this.#world.clock.wall();
      if (mark.quota === reason && !isDue) await this.#lift(mark);
    }
    for (const { owner, limit, until } of due.values()) {
      if (owner.kind === 'fleet' || this.#held.has(`${owner.id} ${reason}`)) continue;
      await this.#hold({ owner, quota: reason, grade: 'hard', limit, until, stops: 0 });
    }
  }

  /** What an earlier run has held. */
  async #open(): Promise<void> {
    if (this.#isOpen) return;
    for (const mark of await this.#world.store.marks()) {
      if (mark.quota === 'budget' || mark.quota === 'included') this.#held.set(keyOf(mark), mark);
    }
    this.#isOpen = true;
  }

  async #hold(mark: Mark): Promise<void> {
    const { store, book, lifecycle, log } = this.#world;
    await store.setMark(mark);
    book.keep(mark);
    this.#held.set(keyOf(mark), mark);
    const { owner, quota, limit } = mark;
    const resetsAt = new Date(mark.until).toISOString();
    this.#tell('quota.hard', owner, { quota, limit, used: limit, resetsAt });
    const tenants = owner.kind === 'tenant' ? [owner.id] : await store.tenantsOf(owner.id);
    await fewAtOnce(tenants, AT_ONCE, async (id: TenantId) => {
      try {
        await lifecycle.halt(id, { within: STOP_WITHIN, force: true }, 'its budget is used up');
      } catch (error) {
        log.warn('a tenant whose budget is used up could not be stopped', { tenant: id, error });
      }
    });
  }

  async #lift(mark: Mark): Promise<void> {
    const { store, book } = this.#world;
    await store.removeMark(mark);
    book.drop(mark);
    this.#held.delete(keyOf(mark));
    this.#tell('quota.lifted', mark.owner, { quota: mark.quota, limit: mark.limit });
  }

  #tell(
    type: 'quota.hard' | 'quota.lifted',
    owner: QuotaOwner,
    data: Readonly<Record<string, string | number | null>>,
  ): void {
    const customer: CustomerId | null = owner.kind === 'customer' ? owner.id : null;
    this.#world.events.publish({
      type,
      tenant: null,
      customer,
      data: { ...data, owner: owner.id },
    });
  }
}

const keyOf = ({ owner, quota }: Mark): string => `${owner.id} ${quota}`;
