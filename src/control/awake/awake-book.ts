/**
 * Keeps why each tenant is awake, from its wake to its end, and writes it to the catalog behind everybody's back.
 *
 *   woke ──▶ lasting ──kept, kept, ...──▶ ended ──written──▶ forgotten here
 *              │ found after a crash: goes on with the interval that was kept
 *              └ not found: ended with what is known of it
 *
 * Costs about 1 kB an awake tenant and nothing for one at rest. A wake is one row of one statement for all that woke in the
 * same second. Once a minute, while anything is awake, those whose reasons have changed are written together, with the
 * time at which all were seen: so a crash loses at most a minute, and who is quietly awake is not written at all.
 */
import type {
  AskedNow,
  AwakeCause,
  AwakeEnd,
  AwakeInterval,
  AwakeStart,
  AwakeStore,
  AwakeWatch,
  KeptAwake,
} from '../../domain/awake.ts';
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { type DurationMs, minutes, seconds } from '../../domain/units.ts';
import { AwakeTale } from './awake-tale.ts';

/** A wake is written so much later: not in the way of the first query. */
const WRITTEN_AFTER = seconds(1);

const SEEN_EVERY = minutes(1);

/** Written with one statement. */
const BATCH = 500;

/** Ended ones that wait to be written; there are more only while the catalog does not answer. */
const WAITING_MAX = 10_000;

const CRASHED: AwakeEnd = { kind: 'crash', because: 'it was found stopped' };

type ToldUse = Parameters<AwakeWatch['told']>[1];

export type AwakeWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: AwakeStore;
  readonly asked: AskedNow;
};

export class AwakeBook implements AwakeWatch {
  readonly #world: AwakeWorld;
  readonly #lasting = new Map<TenantId, AwakeTale>();
  /** Kept by a server before this one; whether they go on is not known yet. */
  readonly #before = new Map<TenantId, AwakeTale>();
  #over: AwakeTale[] = [];
  #writing: Promise<void> = Promise.resolve();
  #timer: { readonly at: number; readonly cancel: CancelTimer } | null = null;
  #isClosed = false;

  constructor(world: AwakeWorld) {
    this.#world = world;
  }

  /** Takes up what was kept. To be called before tenants are healed. Throws `CATALOG_DOWN`. */
  async open(): Promise<void> {
    const { intervals, seenAt } = await this.#world.store.lasting();
    for (const interval of intervals) {
      const tale = AwakeTale.of(interval);
      tale.isNew = false;
      if (seenAt !== null) tale.seen(seenAt);
      const other = this.#before.get(interval.tenant);
      if (other !== undefined) this.#finish(other, CRASHED);
      this.#before.set(interval.tenant, tale);
    }
  }

  /** All tenants are healed: what was not found is over. */
  settled(): void {
    for (const tale of this.#before.values()) this.#finish(tale, CRASHED);
    this.#before.clear();
  }

  woke(tenant: TenantId, { cause, customer, level, wakeMs }: AwakeStart): void {
    if (this.#lasting.has(tenant)) return;
    this.#lose(tenant);
    const from = this.#world.clock.wall();
    const known = { tenant, customer, from, level, wakeMs, cause, waited: 0 };
    this.#begin(new AwakeTale(known, [{ from, kept: firstOf(cause) }]));
  }

  found(tenant: TenantId, customer: CustomerId | null): void {
    if (this.#lasting.has(tenant)) return;
    const from = this.#world.clock.wall();
    const before = this.#before.get(tenant);
    if (before !== undefined) {
      this.#before.delete(tenant);
      before.kept({ kind: 'unwatched' }, before.until);
      before.seen(from);
      this.#begin(before);
      return;
    }
    const known = { tenant, customer, from, level: null, wakeMs: null, waited: 0 };
    const cause = { kind: 'found' } as const;
    this.#begin(new AwakeTale({ ...known, cause }, [{ from, kept: { kind: 'unwatched' } }]));
  }

  kept(tenant: TenantId, kept: KeptAwake): void {
    this.#lasting.get(tenant)?.kept(kept, this.#world.clock.wall());
  }

  told(tenant: TenantId, { holder, left, waited }: ToldUse): void {
    const who = left ?? holder?.who;
    if (who === undefined && waited === undefined) return;
    this.#lasting.get(tenant)?.told(who, waited);
  }

  ended(tenant: TenantId, end: AwakeEnd): void {
    const tale = this.#lasting.get(tenant);
    if (tale === undefined) {
      this.#lose(tenant);
      return;
    }
    this.#lasting.delete(tenant);
    tale.seen(this.#world.clock.wall());
    const { asking } = this.#world.asked;
    this.#finish(tale, end.kind === 'operator' ? { ...end, asking } : end);
  }

  /** Resolves when the store has what ended of the tenant. */
  async endsWritten(tenant: TenantId): Promise<void> {
    if (this.#over.some((tale) => tale.tenant === tenant)) await this.written();
    else await this.#writing;
  }

  /** The interval of a tenant that is awake, until now; null of one that is not. */
  now(tenant: TenantId): AwakeInterval | null {
    const tale = this.#lasting.get(tenant);
    tale?.seen(this.#world.clock.wall());
    return tale?.interval ?? null;
  }

  /** Who is awake, the longest first, of one customer or all. */
  awake(customer: CustomerId | null): readonly TenantId[] {
    return [...this.#lasting.values()]
      .filter((tale) => customer === null || tale.customer === customer)
      .sort((one, other) => one.from - other.from)
      .map(({ tenant }) => tenant);
  }

  /** Resolves when all that was told is in the catalog, or could not be written. */
  written(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Those that last are left to the next server. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const tale of this.#lasting.values()) tale.isNew = true;
    await this.written();
    this.#timer?.cancel();
  }

  #begin(tale: AwakeTale): void {
    this.#lasting.set(tale.tenant, tale);
    this.#soon(WRITTEN_AFTER);
  }

  /** It was kept by a server before this one, and does not go on. */
  #lose(tenant: TenantId): void {
    const before = this.#before.get(tenant);
    this.#before.delete(tenant);
    if (before !== undefined) this.#finish(before, CRASHED);
  }

  #finish(tale: AwakeTale, end: AwakeEnd): void {
    tale.end(end);
    if (this.#over.length >= WAITING_MAX) {
      this.#world.log.warn('why a tenant was awake is not kept', { tenant: tale.tenant });
      return;
    }
    this.#over.push(tale);
    this.#soon(WRITTEN_AFTER);
  }

  /** Writes after that time at the latest. */
  #soon(wait: DurationMs): void {
    if (this.#isClosed) return;
    const { clock } = this.#world;
    const at = clock.now() + wait;
    if (this.#timer !== null && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: clock.timer(wait, () => void this.written()) };
  }

  async #write(): Promise<void> {
    const { clock, store, log } = this.#world;
    const over = this.#over;
    this.#over = [];
    const seenAt = clock.wall();
    for (const tale of this.#lasting.values()) tale.seen(seenAt);
    const due = [...over, ...[...this.#lasting.values()].filter(({ isNew }) => isNew)];
    for (const tale of due) tale.isNew = false;
    const left = [...due];
    try {
      do {
        const batch = left.slice(0, BATCH);
        await store.save(onePerRow(batch), seenAt);
        left.splice(0, BATCH);
      } while (left.length > 0);
    } catch (error) {
      for (const tale of left) tale.isNew = true;
      this.#over = [...over.filter((tale) => tale.isNew), ...this.#over].slice(0, WAITING_MAX);
      log.debug('why tenants are awake was not written; it is tried again', { error });
    }
    if (this.#lasting.size + this.#over.length > 0) this.#soon(SEEN_EVERY);
  }
}

/** What keeps it awake until more is said. */
function firstOf(cause: AwakeCause): KeptAwake {
  switch (cause.kind) {
    case 'session':
      return { kind: 'work', who: cause.who };
    case 'prewarm':
      return { kind: 'policy', because: cause.because };
    case 'restart':
      return { kind: 'restart', because: cause.because };
    case 'operator':
      return { kind: 'inside' };
    case 'expected':
    case 'upkeep':
      return { kind: cause.kind };
    case 'tier':
      return { kind: 'floor' };
    case 'found':
      return { kind: 'unwatched' };
    default:
      return cause satisfies never;
  }
}

/** Of two intervals that began in the same millisecond, the later told: they are one row. */
function onePerRow(tales: readonly AwakeTale[]): readonly AwakeInterval[] {
  const rows = new Map<string, AwakeInterval>();
  for (const { interval } of tales) rows.set(`${interval.tenant} ${interval.from}`, interval);
  return [...rows.values()];
}
