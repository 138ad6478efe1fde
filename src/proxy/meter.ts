/**
 * Usage, counted as it passes.
 *
 * A tenant with open sessions has one `TenantMeter`, whose plain number fields the relays add to; no
 * object is made for a request. At each full minute the counts of all active tenants are taken,
 * become records and go to the sink. A tenant with neither sessions nor counts is forgotten.
 *
 *   counting ──full minute──▶ due (merged by tenant and minute) ──▶ offered ──added──▶ gone
 *                              ▲                                      │
 *                              └── next minute, the same batch ◀──failed
 *
 * A sink that fails loses nothing: the batch it failed on is offered again under its own name, and
 * what comes meanwhile waits. What waits is bounded: beyond `DUE_MAX` records a tenant's minutes are
 * added into its first waiting one, which keeps the sums and blurs the time; only more tenants than
 * that lose their oldest records, and the log says how many.
 *
 * The minute is the one in which the counts were taken up, so that the bytes of a long query count
 * where they passed. Between the full minute and the timer a few milliseconds may go to the wrong
 * side.
 */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';
import { minutes, ms, seconds, type Timestamp, timestamp } from '../domain/units.ts';
import { addedUsage, type UsageMinute, type UsageSink } from '../domain/usage.ts';
import { TenantMeter } from './tenant-meter.ts';

const MINUTE_MS = minutes(1);

/** Most records that wait while the sink fails. */
export const DUE_MAX = 10_000;

/** Most records in one call of the sink. */
export const BATCH_MAX = 1_000;

/** For the sink to take the last records when the server stops. */
const CLOSE_MAX = seconds(5);

/** 96 bits name a batch. */
const BATCH_NAME_BYTES = 12;

export type MeterOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sink: UsageSink;
};

type Batch = { readonly name: string; readonly records: readonly UsageMinute[] };

export class Meter {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #sink: UsageSink;
  readonly #tenants = new Map<TenantId, TenantMeter>();
  /** By tenant and minute, oldest first. */
  readonly #due = new Map<string, UsageMinute>();
  /** Offered, and not known to be stored. */
  #offered: Batch | null = null;
  #sending: Promise<void> | null = null;
  #isFailing = false;
  #minute: Timestamp;
  #cancelTimer: CancelTimer;

  constructor(options: MeterOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#log = options.log;
    this.#sink = options.sink;
    this.#minute = minuteOf(this.#clock.wall());
    this.#cancelTimer = this.#nextMinute();
  }

  /** The tenant's counters, held and counted for one session until its `sessionEnded`. */
  sessionBegan(tenant: TenantId): TenantMeter {
    const meter = this.#tenants.get(tenant) ?? new TenantMeter(tenant);
    this.#tenants.set(tenant, meter);
    meter.sessionBegan();
    return meter;
  }

  /** Tenants that are counted now. */
  get activeCount(): number {
    return this.#tenants.size;
  }

  /** Takes the counts so far and offers all that is due. Resolves when the sink has had its turn. */
  flush(): Promise<void> {
    this.#takeCounts();
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /**
   * Ends the counting of minutes with a last flush, for which the sink has `CLOSE_MAX`. What it has
   * not taken by then is lost, and logged.
   */
  async close(): Promise<void> {
    this.#cancelTimer();
    await this.#withinCloseMax(async () => {
      await this.#sending;
      await this.flush();
    });
    const lost = this.#due.size + (this.#offered?.records.length ?? 0);
    if (lost > 0) this.#log.error('usage was not stored before the end', { records: lost });
  }

  async #withinCloseMax(work: () => Promise<void>): Promise<void> {
    const { promise: tooLate, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.timer(CLOSE_MAX, resolve);
    await Promise.race([work(), tooLate]);
    cancel();
  }

  #nextMinute(): CancelTimer {
    const wait = ms(MINUTE_MS - (this.#clock.wall() % MINUTE_MS));
    return this.#clock.timer(wait, () => {
      this.#cancelTimer = this.#nextMinute();
      // Its failures are logged where they happen; a minute waits for nobody.
      void this.flush();
    });
  }

  #takeCounts(): void {
    for (const [tenant, meter] of this.#tenants) {
      const counts = meter.take(this.#minute);
      if (counts !== null) this.#addDue(counts);
      if (meter.openSessions === 0) this.#tenants.delete(tenant);
    }
    this.#minute = minuteOf(this.#clock.wall());
  }

  #addDue(record: UsageMinute): void {
    const key = `${record.tenant} ${record.minute}`;
    const same = this.#due.get(key);
    this.#due.set(key, same === undefined ? record : addedUsage(same, record));
    if (this.#due.size > DUE_MAX) this.#shrinkDue();
  }

  /** Makes room: one record a tenant, and if that is not enough, the oldest go. */
  #shrinkDue(): void {
    const byTenant = new Map<TenantId, UsageMinute>();
    for (const record of this.#due.values()) {
      const first = byTenant.get(record.tenant);
      byTenant.set(record.tenant, first === undefined ? record : addedUsage(first, record));
    }
    const kept = [...byTenant.values()].slice(-DUE_MAX / 2);
    const lost = byTenant.size - kept.length;
    if (lost > 0) this.#log.error('usage was lost: too much waits for the catalog', { lost });
    this.#due.clear();
    for (const record of kept) this.#due.set(`${record.tenant} ${record.minute}`, record);
  }

  /** Stops at the first failure; the next minute tries again. */
  async #send(): Promise<void> {
    while (this.#offered !== null || this.#due.size > 0) {
      this.#offered ??= this.#nextBatch();
      try {
        await this.#sink.add(this.#offered.records, this.#offered.name);
      } catch (error) {
        this.#failed(error);
        return;
      }
      this.#offered = null;
      if (this.#isFailing) this.#log.info('usage is stored again');
      this.#isFailing = false;
    }
  }

  #nextBatch(): Batch {
    const records: UsageMinute[] = [];
    for (const [key, record] of this.#due) {
      if (records.length === BATCH_MAX) break;
      records.push(record);
      this.#due.delete(key);
    }
    return { name: Buffer.from(this.#random.bytes(BATCH_NAME_BYTES)).toString('hex'), records };
  }

  /** Says it once for each time that the sink goes away. */
  #failed(error: unknown): void {
    if (!this.#isFailing) this.#log.warn('usage could not be stored; it is kept', { error });
    this.#isFailing = true;
  }
}

const minuteOf = (wall: Timestamp): Timestamp => timestamp(wall - (wall % MINUTE_MS));
