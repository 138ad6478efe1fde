/**
 * What becomes of who has passed a limit.
 *
 * A soft limit is told of once a period. A hard one holds: the compute is stopped, its sessions parked, and neither is it
 * woken nor a login let through before the month turns or the limit is raised. Size is another matter, since only who may
 * write can delete: at its limit transactions begin read-only, which a session may take back for itself to make room; a
 * tenth above it the compute is stopped, for ten minutes at first, and each further time for twice as long. When it may come
 * again it has ten minutes to become smaller, if it does not grow meanwhile.
 */
import type { Clock } from '../../domain/clock.ts';
import type { Events, EventTenant } from '../../domain/events.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Log } from '../../domain/log.ts';
import {
  type Account,
  effectiveQuota,
  type Gauges,
  isMonthly,
  type Mark,
  monthStart,
  nextMonth,
  type Passed,
  passed,
  type QuotaOwner,
  type QuotaStore,
  SIZE_STOP_FACTOR,
  type Usage,
} from '../../domain/quota.ts';
import { hours, later, minutes, ms, seconds } from '../../domain/units.ts';
import { fewAtOnce } from '../few-at-once.ts';
import type { AllowanceBook } from './allowance-book.ts';

/** For what is under way in a compute that is stopped. */
const STOP_WITHIN = seconds(5);

/** The first time; doubled with each further one. */
const SIZE_STOP_FIRST = minutes(10);
const SIZE_STOP_LONGEST = hours(24);
const SIZE_STOPS_DOUBLED = 8;

/** How long a tenant that is far too large may be awake to become smaller. */
const SHRINK_WITHIN = minutes(10);

/** What is not more than this is no growth: deleting writes, too. */
const GROWTH = 1.01;

const AT_ONCE = 4;

export type JudgeWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
  readonly store: QuotaStore;
  readonly book: AllowanceBook;
  readonly gauges: Gauges;
  readonly lifecycle: Pick<Lifecycle, 'live' | 'halt'>;
  readonly isAwake: (tenant: TenantId) => boolean;
};

/** Whose limits are looked at. */
type Case = {
  readonly owner: QuotaOwner;
  readonly tenant: EventTenant | null;
  readonly customer: CustomerId | null;
  readonly usage: Usage;
  /** When it was measured before. */
  readonly sizeBefore: number;
  /** All that the limits hold. */
  readonly tenants: () => Promise<readonly TenantId[]>;
};

export class QuotaJudge {
  readonly #world: JudgeWorld;

  constructor(world: JudgeWorld) {
    this.#world = world;
  }

  async tenant(account: Account, usage: Usage): Promise<void> {
    const { id, name, customer, quota, plan, logicalBytes } = account;
    const { book } = this.#world;
    const limits = effectiveQuota(quota, book.plans[plan]);
    await this.#judge(passed(limits, usage), {
      ...{ owner: { kind: 'tenant', id }, tenant: { id, name }, customer, usage },
      sizeBefore: logicalBytes,
      tenants: async () => [id],
    });
    const isHeld = book.holdOf(account) !== null;
    if (isHeld && this.#world.isAwake(id)) await this.#stop(id, 'a quota is used up');
  }

  async customer(id: CustomerId): Promise<void> {
    const { store, clock, lifecycle } = this.#world;
    const tenants = await store.tenantsOf(id);
    const used = await store.ofCustomer(id, monthStart(clock.wall()));
    const sessions = tenants.reduce((sum, tenant) => sum + lifecycle.live(tenant).sessions, 0);
    const limits = effectiveQuota(await store.customerQuota(id));
    await this.#judge(passed(limits, { ...used, sessions }), {
      ...{ owner: { kind: 'customer', id }, tenant: null, customer: id },
      ...{ usage: { ...used, sessions }, sizeBefore: used.logicalBytes },
      tenants: async () => tenants,
    });
    const awake = tenants.filter((tenant) => this.#isHeldByCustomer(tenant, id));
    await fewAtOnce(awake, AT_ONCE, (tenant) =>
      this.#stop(tenant, 'a quota of its customer is used up'),
    );
  }

  /** A compute runs again: whatever else has changed, it is as writable as its size allows. */
  woke(id: TenantId): void {
    const mark = this.#world.book.mark({ kind: 'tenant', id }, 'logicalSizeBytes', 'hard');
    if (mark !== null) void this.#setReadOnly(id, true);
  }

  /** Lets go whom a new month lets go. */
  async expire(): Promise<void> {
    for (const mark of this.#world.book.over()) await this.#lift(mark, null);
  }

  async #judge(all: readonly Passed[], about: Case): Promise<void> {
    const { book } = this.#world;
    for (const one of all) {
      if (one.grade === 'soft') await this.#soft(one, about);
      else if (one.quota === 'logicalSizeBytes') await this.#size(one, about);
      else await this.#hard(one, about);
    }
    const held = new Set(all.filter(({ grade }) => grade === 'hard').map(({ quota }) => quota));
    for (const mark of book.marksOf(about.owner)) {
      // Budgets and what plans include are looked at by who knows of money.
      if (mark.quota === 'budget' || mark.quota === 'included') continue;
      if (mark.grade === 'hard' && !held.has(mark.quota)) await this.#lift(mark, about);
    }
  }

  /** Once a period, and not again after the hard one. */
  async #soft({ quota, limit, used }: Passed, about: Case): Promise<void> {
    const { book, clock } = this.#world;
    if (book.mark(about.owner, quota, 'soft') !== null) return;
    const until = nextMonth(clock.wall());
    await this.#keep({ owner: about.owner, quota, grade: 'soft', limit, until, stops: 0 });
    this.#tell('quota.soft', about, { quota, limit, used });
  }

  async #hard({ quota, limit, used }: Passed, about: Case): Promise<void> {
    const { book, clock } = this.#world;
    const known = book.mark(about.owner, quota, 'hard');
    if (known?.limit === limit) return;
    const until = nextMonth(clock.wall());
    await this.#keep({ owner: about.owner, quota, grade: 'hard', limit, until, stops: 0 });
    if (known !== null) return;
    const resetsAt = isMonthly(quota) ? new Date(until).toISOString() : null;
    this.#tell('quota.hard', about, { quota, limit, used, resetsAt });
  }

  async #size({ quota, limit, used }: Passed, about: Case): Promise<void> {
    const { book, clock } = this.#world;
    const known = book.mark(about.owner, quota, 'hard');
    const now = clock.wall();
    const grade = 'hard';
    if (known === null) {
      const until = nextMonth(now);
      await this.#keep({ owner: about.owner, quota, grade, limit, until, stops: 0 });
      await this.#setAllReadOnly(about, true);
      this.#tell('quota.hard', about, { quota, limit, used, resetsAt: null });
    }
    const isFarAbove = used >= limit * SIZE_STOP_FACTOR;
    if (!isFarAbove || !this.#isOverdue(known, used, about)) return;
    const stops = (known?.stops ?? 0) + 1;
    const wait = SIZE_STOP_FIRST * 2 ** Math.min(stops - 1, SIZE_STOPS_DOUBLED);
    const until = later(now, ms(Math.min(wait, SIZE_STOP_LONGEST)));
    await this.#keep({ owner: about.owner, quota, grade, limit, until, stops });
    const mayComeAt = new Date(until).toISOString();
    this.#tell('quota.hard', about, { quota, limit, used, resetsAt: mayComeAt });
  }

  /** Whether one that is far too large has to stop again: it grows, or has had its time to become smaller. */
  #isOverdue(known: Mark | null, used: number, { sizeBefore }: Case): boolean {
    const now = this.#world.clock.wall();
    if (known === null || known.stops === 0) return true;
    if (known.until > now) return false;
    return used > sizeBefore * GROWTH || now >= later(known.until, SHRINK_WITHIN);
  }

  async #lift(mark: Mark, about: Case | null): Promise<void> {
    const { book, store } = this.#world;
    await store.removeMark(mark);
    book.drop(mark);
    if (mark.grade === 'soft') return;
    if (mark.quota === 'logicalSizeBytes' && about !== null) {
      await this.#setAllReadOnly(about, false);
    }
    const whom = about ?? (await this.#whom(mark.owner));
    this.#tell('quota.lifted', whom, { quota: mark.quota, limit: mark.limit });
  }

  async #whom(owner: QuotaOwner): Promise<Pick<Case, 'tenant' | 'customer'>> {
    const { store, clock } = this.#world;
    if (owner.kind === 'customer') return { tenant: null, customer: owner.id };
    const [account] = await store.accounts([owner.id], monthStart(clock.wall()));
    if (account === undefined) return { tenant: null, customer: null };
    const { id, name, customer } = account;
    return { tenant: { id, name }, customer };
  }

  async #keep(mark: Mark): Promise<void> {
    await this.#world.store.setMark(mark);
    this.#world.book.keep(mark);
  }

  #tell(
    type: 'quota.soft' | 'quota.hard' | 'quota.lifted',
    { tenant, customer }: Pick<Case, 'tenant' | 'customer'>,
    data: Readonly<Record<string, string | number | null>>,
  ): void {
    this.#world.events.publish({ type, tenant, customer, data });
  }

  #isHeldByCustomer(id: TenantId, customer: CustomerId): boolean {
    const { book, isAwake } = this.#world;
    return isAwake(id) && book.holdOf({ id, customer })?.of === 'customer';
  }

  /** What cannot be stopped now is stopped the next time that it is counted. */
  async #stop(id: TenantId, because: string): Promise<void> {
    const { lifecycle, log } = this.#world;
    try {
      await lifecycle.halt(id, { within: STOP_WITHIN, force: true }, because);
    } catch (error) {
      log.warn('a tenant that has used up its quota could not be stopped', { tenant: id, error });
    }
  }

  async #setAllReadOnly({ tenants }: Pick<Case, 'tenants'>, isReadOnly: boolean): Promise<void> {
    await fewAtOnce(await tenants(), AT_ONCE, (id) => this.#setReadOnly(id, isReadOnly));
  }

  async #setReadOnly(id: TenantId, isReadOnly: boolean): Promise<void> {
    const { gauges, log } = this.#world;
    try {
      await gauges.setReadOnly(id, isReadOnly);
    } catch (error) {
      log.warn('a tenant could not be made read-only, or writable', { tenant: id, error });
    }
  }
}
