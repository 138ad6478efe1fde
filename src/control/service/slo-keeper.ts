/**
 * Keeps the days: beats once a minute, finds out at a start since when nobody did, and adds up windows.
 *
 * One statement a minute, whatever the number of tenants. A crash loses a minute of figures, and the length of a gap is
 * known to a minute.
 */
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import { DAY, dayOf } from '../../domain/day.ts';
import type { Log } from '../../domain/log.ts';
import { minutes, type Timestamp, timestamp } from '../../domain/units.ts';
import type { Gap, UptimeStore } from '../../domain/uptime.ts';
import type { FleetWatch } from './metrics-watch.ts';
import { addedDays, type Day, NO_DAY, readDay } from './slo-day.ts';

const BEAT_EVERY = minutes(1);

export type KeeperParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: UptimeStore;
  readonly watch: FleetWatch;
  /** Prewarms since the server started. */
  readonly prewarms: () => { readonly hits: number; readonly misses: number };
};

/** What is known of a span, and when the server did not serve in it. */
export type Window = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly sum: Day;
  readonly gaps: readonly Gap[];
};

export class ServiceKeeper {
  readonly #parts: KeeperParts;
  #today: { readonly day: Timestamp; readonly figures: Day } | null = null;
  #bornAt: Timestamp;
  #prewarms = { hits: 0, misses: 0 };
  #cancel: CancelTimer | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isFailing = false;
  /** Since when it is not known to serve, if it fails. */
  #beatAt: Timestamp;
  #isClosed = false;

  /** Reads what was before, and tells how long nobody served. Throws `CATALOG_DOWN`. */
  static async open(parts: KeeperParts): Promise<ServiceKeeper> {
    const { store, clock } = parts;
    const now = clock.wall();
    const life = await store.life();
    const keeper = new ServiceKeeper(parts, life?.bornAt ?? now);
    const [stored] = await store.days(dayOf(now));
    const figures = stored === undefined ? NO_DAY : readDay(stored.figures);
    keeper.#today = { day: dayOf(now), figures };
    if (life !== null && now > life.beatAt) {
      const isLong = now - life.beatAt > BEAT_EVERY || life.isClosed;
      const gap = { from: life.beatAt, to: now, planned: life.isClosed };
      if (isLong) await store.addGap(gap);
    }
    await keeper.#beat(false);
    keeper.#schedule();
    return keeper;
  }

  private constructor(parts: KeeperParts, bornAt: Timestamp) {
    this.#parts = parts;
    this.#bornAt = bornAt;
    this.#beatAt = parts.clock.wall();
  }

  /** Of the last `days`, as far back as anybody was there to know. */
  async window(days: number): Promise<Window> {
    const { clock, store } = this.#parts;
    const to = clock.wall();
    const from = timestamp(Math.max(this.#bornAt, to - days * DAY));
    this.#gather();
    const [stored, gaps] = await Promise.all([store.days(dayOf(from)), store.gaps(from)]);
    const today = this.#today;
    const earlier = stored
      .filter(({ day }) => day !== today?.day)
      .map(({ figures }) => readDay(figures));
    const sum = earlier.reduce(addedDays, today?.figures ?? NO_DAY);
    return { from, to, sum, gaps };
  }

  /** Tells that the server ends of itself. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#beat(true);
  }

  #schedule(): void {
    this.#cancel = this.#parts.clock.timer(BEAT_EVERY, () => {
      this.#parts.watch.settle();
      void this.#beat(false).finally(() => {
        if (!this.#isClosed) this.#schedule();
      });
    });
  }

  /** One after the other; never throws. */
  #beat(isClosed: boolean): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const { clock, store, log } = this.#parts;
      this.#gather();
      const now = clock.wall();
      const { day, figures } = this.#today ?? { day: dayOf(now), figures: NO_DAY };
      try {
        await store.beat(now, { day, figures }, isClosed);
        // Without the catalog nobody is let in or woken: to the public that is down.
        if (this.#isFailing) await store.addGap({ from: this.#beatAt, to: now, planned: false });
        this.#isFailing = false;
        this.#beatAt = now;
        if (dayOf(now) !== day) this.#today = { day: dayOf(now), figures: NO_DAY };
      } catch (error) {
        // Told once: the catalog's own failure is told by everybody else as well.
        if (!this.#isFailing) log.warn('how the server has served could not be written', { error });
        this.#isFailing = true;
      }
    });
    return this.#writing;
  }

  /** What has come together belongs to the day that was kept until now, which is a minute too late at most. */
  #gather(): void {
    const { watch, clock } = this.#parts;
    const { hits, misses } = this.#parts.prewarms();
    const ahead = {
      ...NO_DAY,
      prewarmHits: hits - this.#prewarms.hits,
      prewarmMisses: misses - this.#prewarms.misses,
    };
    this.#prewarms = { hits, misses };
    const { day, figures } = this.#today ?? { day: dayOf(clock.wall()), figures: NO_DAY };
    this.#today = { day, figures: addedDays(addedDays(figures, watch.takeDay()), ahead) };
  }
}
