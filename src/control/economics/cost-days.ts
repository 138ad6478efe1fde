/**
 * What each day cost: reckoned once when it is over, and as it stands while it is not.
 *
 *   ledger's rows ──hour by hour──▶ the day's sums ──over, and a while later──▶ settled: written, never changed
 *                                        └──────────────not settled yet─────▶ told on request, a minute old at most
 *
 * One hour of the rows of whoever was awake is in memory at a time, and one line for each tenant. Who was at rest is read once for
 * all hours. Hours of a running day that are over are not reckoned again: a request costs the rows of an hour or two. Where that
 * takes long, of a large fleet, what was told last is told again meanwhile.
 */
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import { DAY, dayOf, dayText } from '../../domain/day.ts';
import type { CostShare, CostStore, FleetDay } from '../../domain/economics.ts';
import type { Log } from '../../domain/log.ts';
import type { UseLedger } from '../../domain/metering.ts';
import {
  elapsed,
  type Instant,
  later,
  minutes,
  type Timestamp,
  timestamp,
} from '../../domain/units.ts';
import { NO_USE, type UseRow } from '../../domain/use.ts';
import { type DayCost, DayCosts } from '../../economics/day-cost.ts';
import { HOUR_MS } from '../../economics/month.ts';
import { inTurns, type Steps } from '../../economics/steps.ts';
import { Latest } from '../kept.ts';
import type { PriceDesk } from './price-desk.ts';

/** What is late with its minutes has this long. */
const GRACE = minutes(15);

const LOOK_EVERY = minutes(10);

/** An hour that has been over for so long is not reckoned again for the running day. */
const HOUR_GRACE = minutes(5);

const FRESH_FOR = minutes(1);

export type CostWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Pick<UseLedger, 'rows' | 'parted'>;
  readonly store: CostStore;
  readonly prices: Pick<PriceDesk, 'at' | 'onChange'>;
  /** Lets everybody else do what is due: a large fleet's hour takes a tenth of a second of a processor. */
  readonly pause: () => Promise<void>;
};

/** A day as it is kept, or would be if it ended now. */
export type DayBooked = { readonly fleet: FleetDay; readonly shares: readonly CostShare[] };

type Running = { readonly costs: DayCosts; readonly until: Timestamp };

type Booked = {
  readonly at: Instant;
  readonly generation: number;
  readonly days: readonly DayBooked[];
};

export class CostDays {
  readonly #world: CostWorld;
  readonly #running = new Map<Timestamp, Running>();
  /** Days that are over, until they are settled: both who settles and who asks wait for one reckoning. */
  readonly #over = new Map<Timestamp, Promise<DayBooked>>();
  readonly #unlisten: () => void;
  /** What is under way when prices change, or a day is settled, is not kept. */
  #generation = 0;
  readonly #booked: Latest<Booked>;
  #settling: Promise<void> = Promise.resolve();
  #cancel: CancelTimer = () => {};
  #isClosed = false;

  constructor(world: CostWorld) {
    this.#world = world;
    const { clock, log } = world;
    const failed = (error: unknown) =>
      log.warn('what days have cost so far is told as it was', { error });
    this.#booked = new Latest({ clock, failed });
    this.#unlisten = world.prices.onChange(() => this.#forget());
  }

  start(): void {
    if (this.#isClosed) return;
    void this.settle().then(() => {
      if (!this.#isClosed) this.#cancel = this.#world.clock.timer(LOOK_EVERY, () => this.start());
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    this.#unlisten();
    await this.#settling;
  }

  /** All days that are over and not settled, the oldest first. Never rejects. */
  settle(): Promise<void> {
    this.#settling = this.#settling
      .then(() => this.#settleDue())
      .catch((error: unknown) => {
        this.#world.log.warn('what a day cost was not settled; it is tried again', { error });
      });
    return this.#settling;
  }

  /** Those that are not settled, in their order, the running one last. Throws `CATALOG_DOWN`. */
  async unsettled(): Promise<readonly DayBooked[]> {
    const { clock } = this.#world;
    const { days } = await this.#booked.get(
      ({ at, generation }) =>
        generation === this.#generation && elapsed(at, clock.now()) < FRESH_FOR,
      () => this.#book(),
    );
    return days;
  }

  async #settleDue(): Promise<void> {
    const { clock, store, log } = this.#world;
    let from = await this.#firstUnsettled();
    while (!this.#isClosed && from !== null && isOver(from, clock.wall())) {
      const day = dayOf(from);
      const { fleet, shares } = await this.#reckoned(from);
      const isNew = await store.settle(fleet, shares);
      const settled = { day: dayText(day), tenants: fleet.tenants, book: fleet.book.name };
      if (isNew) log.info('what a day cost is settled', settled);
      this.#running.delete(day);
      this.#over.delete(from);
      this.#generation += 1;
      from = later(day, DAY);
    }
  }

  /** The very first day begins with the hour in which a server was first there. Null while nothing was ever counted. */
  async #firstUnsettled(): Promise<Timestamp | null> {
    const { store, clock } = this.#world;
    const until = await store.settledUntil();
    if (until !== null) return until;
    const [first] = await store.overhead({ from: timestamp(0), to: later(clock.wall(), DAY) });
    return first?.hour ?? null;
  }

  async #book(): Promise<Booked> {
    const { clock, prices } = this.#world;
    const now = clock.wall();
    const generation = this.#generation;
    const days: DayBooked[] = [];
    const first = (await this.#firstUnsettled()) ?? dayOf(now);
    for (let from = first; from <= now; from = later(dayOf(from), DAY)) {
      const book = prices.at(dayOf(from));
      days.push(
        isOver(from, now)
          ? await this.#reckoned(from)
          : bookedOf(await this.#asOf(from, now), book, from),
      );
    }
    return { at: clock.now(), generation, days };
  }

  /** What a day has cost so far; hours that are over are kept for the next time. */
  async #asOf(first: Timestamp, now: Timestamp): Promise<DayCost> {
    const { prices } = this.#world;
    const day = dayOf(first);
    const generation = this.#generation;
    const known = this.#running.get(day);
    // A copy, since one that fails half-way has taken in hours already.
    const costs = known?.costs.copy() ?? new DayCosts(prices.at(day).book);
    const from = known?.until ?? first;
    const over = Math.floor((now - HOUR_GRACE) / HOUR_MS) * HOUR_MS;
    const until = timestamp(Math.max(from, Math.min(over, day + DAY)));
    await this.#add(costs, from, until);
    if (this.#generation === generation) this.#running.set(day, { costs, until });
    const running = costs.copy();
    const present = Math.floor(now / HOUR_MS) * HOUR_MS;
    const begun = timestamp(Math.min(present, day + DAY));
    await this.#add(running, until, begun);
    await this.#add(running, begun, timestamp(Math.min(present + HOUR_MS, day + DAY)));
    return await this.#inSteps(running.ending());
  }

  /** A day that is over and whose rows are all there. */
  #reckoned(from: Timestamp): Promise<DayBooked> {
    const known = this.#over.get(from);
    if (known !== undefined) return known;
    const made = this.#reckon(from);
    this.#over.set(from, made);
    made.catch(() => {
      if (this.#over.get(from) === made) this.#over.delete(from);
    });
    return made;
  }

  async #reckon(from: Timestamp): Promise<DayBooked> {
    const day = dayOf(from);
    const prices = this.#world.prices.at(day);
    const costs = new DayCosts(prices.book);
    await this.#add(costs, from, later(day, DAY));
    return bookedOf(await this.#inSteps(costs.ending()), prices, from);
  }

  /** Each hour of [from, to), those in which nobody was there, too. */
  async #add(costs: DayCosts, from: Timestamp, to: Timestamp): Promise<void> {
    if (from >= to) return;
    const { ledger, store } = this.#world;
    const ours = await store.overhead({ from, to });
    const overhead = new Map(ours.map(({ hour, use }) => [hour, use]));
    const { resting, others } = await ledger.parted({ from, to });
    // One that was given rows since it was told to rest is told as it was.
    const asleep = new Set(resting.map(({ tenant }) => tenant));
    await this.#inSteps(costs.resting(resting));
    let hour = from;
    let rows: UseRow[] = [];
    const close = async (): Promise<void> => {
      await this.#inSteps(costs.adding({ hour, rows, overhead: overhead.get(hour) ?? NO_USE }));
      hour = timestamp(hour + HOUR_MS);
      rows = [];
    };
    for await (const row of ledger.rows({ from, to, tenants: others })) {
      while (row.hour > hour) await close();
      if (!asleep.has(row.tenant)) rows.push(row);
    }
    while (hour < to) await close();
    await this.#inSteps(costs.resting([]));
  }

  #inSteps<T>(steps: Steps<T>): Promise<T> {
    return inTurns(steps, this.#world.pause);
  }

  #forget(): void {
    this.#generation += 1;
    this.#running.clear();
    this.#over.clear();
    this.#booked.forget();
  }
}

/** Whether all of its day's rows are there. */
const isOver = (from: Timestamp, now: Timestamp): boolean => dayOf(from) + DAY + GRACE <= now;

const HOURS_OF_DAY = 24;

function bookedOf(
  { shares, hours: byHour, ...totals }: DayCost,
  { name, revision, book }: ReturnType<PriceDesk['at']>,
  from: Timestamp,
): DayBooked {
  const day = dayOf(from);
  const before = (from - day) / HOUR_MS;
  const tenants = new Set(shares.map(({ tenant }) => tenant)).size;
  const hourly = Array.from({ length: HOURS_OF_DAY }, (_, at): bigint => byHour[at - before] ?? 0n);
  const fleet = { day, book: { name, revision }, currency: book.currency, tenants, hours: hourly };
  return { fleet: { ...fleet, ...totals }, shares };
}
