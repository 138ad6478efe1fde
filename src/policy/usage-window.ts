/**
 * What one tenant did lately: the last hours by quarters of an hour, the last fifteen days by hours. It is
 * what the rules of the tiers look at, and no more: 324 bytes of counters, at most 400 as bytes.
 *
 * Counts come by the minute, in parts, a few minutes late or after months; they add up. People are told from
 * programs before (`visitors.ts`): whether it was *active* is asked of people alone.
 *
 * Its pace says what it calls a window and a day. The vision's are 4 hours and 24 hours; a policy that
 * is to be watched live has shorter ones. Days are those of UTC: what is asked of them (how much, and
 * whether at the same hours as the day before) is the same in every zone.
 *
 * `add`, `spell` and `consistency` take below 0.5 µs each, `encode` 2 µs.
 */
import { type DurationMs, hours, minutes, ms, type Timestamp, timestamp } from '../domain/units.ts';
import { ByteReader, ByteWriter } from './usage-bytes.ts';

/** What is called a window, and a day. */
export type Pace = { readonly window: DurationMs; readonly day: DurationMs };

export const REAL_PACE: Pace = { window: hours(4), day: hours(24) };

export type Use = {
  /** Start of the minute. */
  readonly minute: Timestamp;
  readonly queries: number;
  /** Those of them that people asked. */
  readonly people: number;
};

/** The window that ended with the last use. */
export type Spell = {
  /** Queries by people. */
  readonly queries: number;
  /** In how many of its four quarters somebody was at work: hours, in a window of four. */
  readonly quarters: number;
  /** In which part of its sixteen slots somebody was at work, 0 to 1. */
  readonly steadiness: number;
};

const VERSION = 1;

/** Of a window, and one more, since a window seldom begins where a slot does. */
const SLOTS_OF_WINDOW = 16;
const SLOTS = SLOTS_OF_WINDOW + 1;
const SLOTS_OF_QUARTER = SLOTS_OF_WINDOW / 4;

/** Parts of a slot that are told apart: minutes, in a window of four hours. */
const TICKS = 15;

/** The present one, and those that the rules look back on. */
const DAYS = 15;
const HOURS = 24;

/** Three counters a slot: all queries, those by people, and a bit for each active tick. */
const SLOT_CELLS = 3;
/** Two a day: queries by people, and a bit for each active hour. */
const DAY_CELLS = 2;
const DAYS_AT = SLOTS * SLOT_CELLS;
const CELLS = DAYS_AT + DAYS * DAY_CELLS;

const COUNT_MAX = 0xffff_ffff;

/** After the last use it counts as going on for so long, or one slot if that is longer: counts come late. */
const FRESH_MIN = minutes(2);

const NONE: Spell = { queries: 0, quarters: 0, steadiness: 0 };

export class UsageWindow {
  #pace: Pace;
  readonly #cells = new Uint32Array(CELLS);
  /** The latest slot and day that anything was added to; -1 before. */
  #slot = -1;
  #day = -1;
  #lastUse: Timestamp | null = null;
  #since: Timestamp | null = null;

  constructor(pace: Pace = REAL_PACE) {
    this.#pace = pace;
  }

  /** What cannot be read is left out: it starts afresh, in the given pace. */
  static decode(bytes: Uint8Array, otherwise: Pace = REAL_PACE): UsageWindow {
    return decoded(new ByteReader(bytes)) ?? new UsageWindow(otherwise);
    function decoded(reader: ByteReader): UsageWindow | null {
      if (reader.byte() !== VERSION) return null;
      const pace: Pace = { window: ms(reader.number()), day: ms(reader.number()) };
      if (!(pace.window >= SLOTS_OF_WINDOW * TICKS && pace.day >= HOURS)) return null;
      const window = new UsageWindow(pace);
      return window.#read(reader) && reader.isAtEnd ? window : null;
    }
  }

  get pace(): Pace {
    return this.#pace;
  }

  /** Starts afresh if it was kept in another pace. */
  keepPace(pace: Pace): void {
    if (this.#pace.window === pace.window && this.#pace.day === pace.day) return;
    this.#pace = pace;
    this.#clear();
  }

  /** When a person last asked something, to the tick; null if nobody has within memory. */
  get lastUse(): Timestamp | null {
    return this.#lastUse;
  }

  /** The first minute that it was ever told of: days before that it knows nothing about. Null if none was. */
  get since(): Timestamp | null {
    return this.#since;
  }

  add({ minute, queries, people }: Use): void {
    if (!(queries > 0 && minute >= 0)) return;
    const slot = this.#slotOf(minute);
    const day = this.#dayOf(minute);
    // A clock that was ahead by weeks and is right again: what it said is of no use.
    if (day <= this.#day - DAYS) this.#clear();
    this.#advance(slot, day);
    if (this.#since === null || minute < this.#since) this.#since = minute;
    const byPeople = Math.min(queries, Math.max(0, people));
    if (slot > this.#slot - SLOTS) this.#addToSlot(slot, { minute, queries, byPeople });
    if (byPeople > 0) this.#addToDay(day, minute, byPeople);
  }

  /** All queries, and those by people, in the window before `now`. */
  queries(now: Timestamp): { readonly all: number; readonly people: number } {
    return { all: this.#sum(now, 0), people: this.#sum(now, 1) };
  }

  /** Ticks of the window before `now` in which somebody was at work: minutes, in one of four hours. */
  activeTicks(now: Timestamp): number {
    const end = this.#tickOf(now) + 1;
    let active = 0;
    for (let tick = end - SLOTS_OF_WINDOW * TICKS; tick < end; tick++) {
      if (this.#isActive(tick)) active += 1;
    }
    return active;
  }

  /**
   * The window that ended with the last use; nothing if that was too long ago to be going on. Time that
   * passes without use can therefore end a spell, and never makes one.
   */
  spell(now: Timestamp): Spell {
    const last = this.#lastUse;
    if (last === null || now - last >= Math.max(FRESH_MIN, this.#slotMs)) return NONE;
    const end = this.#tickOf(last) + 1;
    let slots = 0;
    let quarters = 0;
    for (let slot = 0; slot < SLOTS_OF_WINDOW; slot++) {
      if (!this.#isAnyActive(end - (slot + 1) * TICKS)) continue;
      slots += 1;
      quarters |= 1 << Math.floor(slot / SLOTS_OF_QUARTER);
    }
    const until = timestamp(end * this.#tickMs);
    const steadiness = slots / SLOTS_OF_WINDOW;
    return { queries: this.#sum(until, 1), quarters: ones(quarters), steadiness };
  }

  /** Queries by people on the day of `now`, so far. */
  today(now: Timestamp): number {
    return this.#dayCell(this.#dayOf(now), 0);
  }

  /** Queries by people on each of the last `count` whole days (14 at most), yesterday first. */
  days(now: Timestamp, count: number): readonly number[] {
    const today = this.#dayOf(now);
    return Array.from({ length: Math.min(count, DAYS - 1) }, (_, back) =>
      this.#dayCell(today - 1 - back, 0),
    );
  }

  /** Hours of a day on which people were at work, as bits; `back` 0 is today, 14 at most. */
  hoursOf(now: Timestamp, back: number): number {
    return this.#dayCell(this.#dayOf(now) - back, 1);
  }

  /**
   * How alike the hours of use were on those of the last `count` whole days that had any: the mean, over
   * all pairs of such days, of hours in both to hours in either. 1 for the same hours each day,
   * 0 if there are less than two such days.
   */
  consistency(now: Timestamp, count: number): number {
    const days: number[] = [];
    for (let back = 1; back <= Math.min(count, DAYS - 1); back++) {
      const bits = this.hoursOf(now, back);
      if (bits !== 0) days.push(bits);
    }
    let sum = 0;
    for (let one = 0; one < days.length; one++) {
      for (let other = one + 1; other < days.length; other++) {
        const [a, b] = [days[one] ?? 0, days[other] ?? 0];
        sum += ones(a & b) / ones(a | b);
      }
    }
    return days.length < 2 ? 0 : sum / ((days.length * (days.length - 1)) / 2);
  }

  /** Days in a row with any use, up to today or, before today's first, up to yesterday. */
  daysInRow(now: Timestamp): number {
    const first = this.hoursOf(now, 0) === 0 ? 1 : 0;
    let days = 0;
    while (first + days < DAYS && this.hoursOf(now, first + days) !== 0) days += 1;
    return days;
  }

  /** When the day of `now` ends. */
  dayEnd(now: Timestamp): Timestamp {
    return timestamp((this.#dayOf(now) + 1) * this.#pace.day);
  }

  /** At most 400 bytes; a tenant that has been silent for long has few of them. */
  encode(): Uint8Array {
    const writer = new ByteWriter();
    writer.byte(VERSION);
    writer.number(this.#pace.window);
    writer.number(this.#pace.day);
    writer.number(this.#slot + 1);
    writer.number(this.#day + 1);
    writer.number(this.#lastUse === null ? 0 : this.#lastUse + 1);
    writer.number(this.#since === null ? 0 : this.#since + 1);
    for (const cell of this.#cells) writer.number(cell);
    return writer.bytes();
  }

  /** Whether what there was could be true. */
  #read(reader: ByteReader): boolean {
    this.#slot = reader.number() - 1;
    this.#day = reader.number() - 1;
    const lastUse = reader.number();
    const since = reader.number();
    this.#lastUse = lastUse === 0 ? null : timestamp(lastUse - 1);
    this.#since = since === 0 ? null : timestamp(since - 1);
    const isEmpty = this.#slot === -1 && this.#day === -1;
    const apart = (this.#slot * this.#slotMs) / this.#pace.day - this.#day;
    if (!(isEmpty || Math.abs(apart) <= 1) || Number.isNaN(lastUse + since)) return false;
    for (let cell = 0; cell < CELLS; cell++) {
      const value = reader.number();
      if (!(value <= cellMax(cell))) return false;
      this.#cells[cell] = value;
    }
    return true;
  }

  #addToSlot(
    slot: number,
    use: { readonly minute: Timestamp; readonly queries: number; readonly byPeople: number },
  ): void {
    const at = (slot % SLOTS) * SLOT_CELLS;
    this.#count(at, use.queries);
    if (use.byPeople === 0) return;
    this.#count(at + 1, use.byPeople);
    this.#mark(at + 2, Math.min(TICKS - 1, Math.floor((use.minute % this.#slotMs) / this.#tickMs)));
  }

  #addToDay(day: number, minute: Timestamp, byPeople: number): void {
    const at = DAYS_AT + (day % DAYS) * DAY_CELLS;
    this.#count(at, byPeople);
    this.#mark(at + 1, Math.floor(((minute % this.#pace.day) * HOURS) / this.#pace.day));
    if (this.#lastUse === null || minute > this.#lastUse) this.#lastUse = minute;
  }

  #advance(slot: number, day: number): void {
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++) {
      const at = (next % SLOTS) * SLOT_CELLS;
      this.#cells.fill(0, at, at + SLOT_CELLS);
    }
    for (let next = Math.max(this.#day + 1, day - DAYS + 1); next <= day; next++) {
      const at = DAYS_AT + (next % DAYS) * DAY_CELLS;
      this.#cells.fill(0, at, at + DAY_CELLS);
    }
    this.#slot = Math.max(this.#slot, slot);
    this.#day = Math.max(this.#day, day);
  }

  #clear(): void {
    this.#cells.fill(0);
    this.#slot = -1;
    this.#day = -1;
    this.#lastUse = null;
    this.#since = null;
  }

  /** Of the window that ends at `end`. Of the oldest slot counts the part that the window has of it. */
  #sum(end: Timestamp, cell: 0 | 1): number {
    const last = Math.ceil(end / this.#slotMs) - 1;
    const oldest = last - SLOTS_OF_WINDOW;
    let sum = 0;
    for (let slot = oldest + 1; slot <= last; slot++) sum += this.#slotCell(slot, cell);
    const count = this.#slotCell(oldest, cell);
    if (count === 0) return sum;
    const left = last + 1 - end / this.#slotMs;
    return Math.round(sum + count * (cell === 0 ? left : this.#activePart(oldest, left)));
  }

  /** Which part of a slot's active ticks lies in the last `left` of it. */
  #activePart(slot: number, left: number): number {
    const ticks = this.#slotCell(slot, 2);
    const gone = Math.round(TICKS * (1 - left));
    return ones(ticks >>> gone) / Math.max(1, ones(ticks));
  }

  #isAnyActive(from: number): boolean {
    for (let tick = from; tick < from + TICKS; tick++) if (this.#isActive(tick)) return true;
    return false;
  }

  #isActive(tick: number): boolean {
    return ((this.#slotCell(Math.floor(tick / TICKS), 2) >>> (tick % TICKS)) & 1) === 1;
  }

  #slotCell(slot: number, cell: number): number {
    if (slot < 0 || slot > this.#slot || slot <= this.#slot - SLOTS) return 0;
    return this.#cells[(slot % SLOTS) * SLOT_CELLS + cell] ?? 0;
  }

  #dayCell(day: number, cell: number): number {
    if (day < 0 || day > this.#day || day <= this.#day - DAYS) return 0;
    return this.#cells[DAYS_AT + (day % DAYS) * DAY_CELLS + cell] ?? 0;
  }

  #count(cell: number, more: number): void {
    this.#cells[cell] = Math.min(COUNT_MAX, (this.#cells[cell] ?? 0) + Math.ceil(more));
  }

  #mark(cell: number, bit: number): void {
    this.#cells[cell] = (this.#cells[cell] ?? 0) | (1 << bit);
  }

  get #slotMs(): number {
    return this.#pace.window / SLOTS_OF_WINDOW;
  }

  get #tickMs(): number {
    return this.#slotMs / TICKS;
  }

  #slotOf(at: Timestamp): number {
    return Math.floor(at / this.#slotMs);
  }

  /** By its slot, so that a tick never lies in two. */
  #tickOf(at: Timestamp): number {
    const slot = this.#slotOf(at);
    return slot * TICKS + Math.min(TICKS - 1, Math.floor((at % this.#slotMs) / this.#tickMs));
  }

  #dayOf(at: Timestamp): number {
    return Math.floor(at / this.#pace.day);
  }
}

function cellMax(cell: number): number {
  const isTicks = cell < DAYS_AT && cell % SLOT_CELLS === 2;
  const isHours = cell >= DAYS_AT && (cell - DAYS_AT) % DAY_CELLS === 1;
  return isTicks ? 2 ** TICKS - 1 : isHours ? 2 ** HOURS - 1 : COUNT_MAX;
}

/** How many bits are set. */
function ones(bits: number): number {
  let left = bits;
  let count = 0;
  while (left !== 0) {
    left &= left - 1;
    count += 1;
  }
  return count;
}
