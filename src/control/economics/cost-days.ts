/**
 * What each day cost: reckoned once when it is over, and as it stands while it is not.
 *
 *   ledger's rows ──hour by hour──▶ the day's sums ──over, and a while later──▶ settled: written, never changed
 *                                        └──────────────not settled yet─────▶ told on request, a minute old at most
 *
 * One hour of the fleet's rows is in memory at a time, and one line for each tenant. Hours of a running day that are over are
 * not reckoned again: a request costs the rows of an hour or two.
 */
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import { DAY, dayOf, dayText } from '../../domain/day.ts';
import type { CostShare, CostStore, FleetDay } from '../../domain/economics.ts';
import type { Log } from '../../domain/log.ts';
import type { UseLedger } from '../../domain/metering.ts';
import { type Instant, later, minutes, type Timestamp, timestamp } from '../../domain/units.ts';
import { NO_USE, type UseRow } from '../../domain/use.ts';
import { type DayCost, DayCosts } from '../../economics/day-cost.ts';
import { HOUR_MS } from '../../economics/month.ts';
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
  readonly ledger: Pick<UseLedger, 'rows'>;
  readonly store: CostStore;
  readonly prices: Pick<PriceDesk, 'at' | 'onChange'>;
  /** Lets everybody else do what is due: a large fleet's hour takes a tenth of a second of a processor. */
  readonly pause: () => Promise<void>;
};

/** A day as it is kept, or would be if it ended now. */
export type DayBooked = { readonly fleet: FleetDay; readonly shares: readonly CostShare[] };

type Running = { readonly costs: DayCosts; readonly until: Timestamp };

type Booked = { readonly at: Instant; readonly days: readonly DayBooked[] };

export class CostDays {
  readonly #world: CostWorld;
  readonly #running = new Map<Timestamp, Running>();
  readonly #unlisten: () => void;
  /** What is under way when prices change, or a day is settled, is not kept. */
  #generation = 0;
  #booked: Booked | null = null;
  #asking: Promise<readonly DayBooked[]> | null = null;
  #settling: Promise<void> = Promise.resolve();
  #cancel: CancelTimer = () => {};
  #isClosed = false;

  constructor(world: CostWorld) {
    this.#world = world;
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
    const booked = this.#booked;
    if (booked !== null && clock.now() - booked.at < FRESH_FOR) return booked.days;
    this.#asking ??= this.#book().finally(() => {
      this.#asking = null;
    });
    return await this.#asking;
  }

  async #settleDue(): Promise<void> {
    const { clock, store, log } = this.#world;
    let from = await this.#firstUnsettled();
    while (!this.#isClosed && from !== null && dayOf(from) + DAY + GRACE <= clock.wall()) {
      const day = dayOf(from);
      const booked = bookedOf(await this.#reckoned(from), this.#world.prices.at(day), from);
      const isNew = await store.settle(booked.fleet, booked.shares);
      const { tenants, book } = booked.fleet;
      const settled = { day: dayText(day), tenants, book: book.name };
      if (isNew) log.info('what a day cost is settled', settled);
      this.#forget();
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

  async #book(): Promise<readonly DayBooked[]> {
    const { clock, prices } = this.#world;
    const now = clock.wall();
    const generation = this.#generation;
    const days: DayBooked[] = [];
    const first = (await this.#firstUnsettled()) ?? dayOf(now);
    for (let from = first; from <= now; from = later(dayOf(from), DAY)) {
      days.push(bookedOf(await this.#asOf(from, now), prices.at(dayOf(from)), from));
    }
    if (this.#generation === generation) this.#booked = { at: clock.now(), days };
    return days;
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
    const end = Math.min((Math.floor(now / HOUR_MS) + 1) * HOUR_MS, day + DAY);
    await this.#add(running, until, timestamp(end));
    return running.done();
  }

  async #reckoned(from: Timestamp): Promise<DayCost> {
    const day = dayOf(from);
    const costs = new DayCosts(this.#world.prices.at(day).book);
    await this.#add(costs, from, later(day, DAY));
    return costs.done();
  }

  /** Each hour of [from, to), those in which nobody was there, too. */
  async #add(costs: DayCosts, from: Timestamp, to: Timestamp): Promise<void> {
    if (from >= to) return;
    const { ledger, store, pause } = this.#world;
    const ours = await store.overhead({ from, to });
    const overhead = new Map(ours.map(({ hour, use }) => [hour, use]));
    let hour = from;
    let rows: UseRow[] = [];
    const close = async (): Promise<void> => {
      const steps = costs.adding({ hour, rows, overhead: overhead.get(hour) ?? NO_USE });
      while (!steps.next().done) await pause();
      hour = timestamp(hour + HOUR_MS);
      rows = [];
    };
    for await (const row of ledger.rows({ from, to })) {
      while (row.hour > hour) await close();
      rows.push(row);
    }
    while (hour < to) await close();
  }

  #forget(): void {
    this.#generation += 1;
    this.#running.clear();
    this.#booked = null;
  }
}

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
