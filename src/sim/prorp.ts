/**
 * A policy like ProRP (Poppe et al., SIGMOD 2024): a tenant that is likely to log in within `reach` of
 * its pause stays, any other is paused, and is resumed shortly before its next predicted activity. A
 * window slides over the next day; the part of past days with a login in the same time of day is its
 * probability, and the first window that is likely enough is the prediction.
 *
 * Rebuilt from what is published, with a reactive floor added: warm for `FLOOR` after each use. Where a
 * stay ends before the floor does, only the stay is charged: a little in its favour, as in the reference.
 */
import { type ReturnAfter, returnsOf } from './foresight.ts';
import type { MakeResidence, Residence } from './replay.ts';

const DAY = 86_400;
const SLOT = 300;
const SLOTS = DAY / SLOT;
const HISTORY_DAYS = 28;
const RESUME_BEFORE = 300;
const FLOOR = 900;
/** Predictions that one idle time may ask for. */
const PREDICTIONS_MAX = 400;

export type ProrpOptions = {
  /** Seconds: the window that slides, and how near a prediction must be to stay. */
  readonly window: number;
  readonly reach: number;
  /** Least probability of a window that counts. */
  readonly likely: number;
};

export const prorpLike =
  (options: ProrpOptions): MakeResidence =>
  (tenant) =>
    new Prorp(options, returnsOf(tenant));

type Prediction = { readonly from: number; readonly to: number };

class Prorp implements Residence {
  readonly #options: ProrpOptions;
  /** By day: the slots with activity. */
  readonly #days = new Map<number, Uint8Array>();
  readonly #windowSlots: number;
  readonly #returnAfter: ReturnAfter;
  readonly #next: Int32Array;
  readonly #latest: Int32Array;
  #firstDay = 0;

  constructor(options: ProrpOptions, returnAfter: ReturnAfter) {
    this.#options = options;
    this.#returnAfter = returnAfter;
    this.#windowSlots = Math.round(options.window / SLOT);
    this.#next = new Int32Array(SLOTS + this.#windowSlots + 1);
    this.#latest = new Int32Array(SLOTS + this.#windowSlots);
  }

  busy(from: number, to: number): void {
    for (let at = from; at < to; at += SLOT) this.#mark(at);
    this.#mark(to - 1);
  }

  *spans(since: number): Generator<readonly [number, number]> {
    const floor = since + FLOOR;
    if (this.#returnAfter(since) <= floor) {
      yield [since, floor];
      return;
    }
    const { reach } = this.#options;
    let at = since + reach;
    if (Math.floor(since / DAY) - this.#firstDay >= 1) {
      const near = this.#predict(since);
      const stays = near !== null && near.from <= since + reach;
      at = stays ? Math.max(Math.min(near.to, near.from + reach), since + SLOT) : floor;
    }
    yield [since, at];
    for (let asked = 0; asked < PREDICTIONS_MAX; asked++) {
      const next = this.#predict(at);
      if (next === null) {
        at += DAY;
        yield [at, at];
        continue;
      }
      const from = Math.max(at, next.from - RESUME_BEFORE);
      const to = Math.max(next.from + reach, from + SLOT);
      yield [from, to];
      at = to;
    }
  }

  #mark(at: number): void {
    const day = Math.floor(at / DAY);
    if (this.#days.size === 0) this.#firstDay = day;
    let slots = this.#days.get(day);
    if (slots === undefined) {
      slots = new Uint8Array(SLOTS);
      this.#days.set(day, slots);
      for (const old of this.#days.keys()) if (old < day - HISTORY_DAYS - 1) this.#days.delete(old);
    }
    slots[Math.floor((at % DAY) / SLOT)] = 1;
  }

  /** The first window of the next day that is likely, as the past days have it. */
  #predict(now: number): Prediction | null {
    const today = Math.floor(now / DAY);
    const days = Math.min(HISTORY_DAYS, today - this.#firstDay);
    if (days < 1) return null;
    const slot = Math.floor((now % DAY) / SLOT);
    const counts = new Uint16Array(SLOTS);
    const first = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY);
    const last = new Float64Array(SLOTS).fill(-1);
    for (let ago = 1; ago <= days; ago++) {
      if (!this.#look({ today, slot, ago })) continue;
      for (let at = 0; at < SLOTS; at++) {
        const found = this.#next[at] ?? 0;
        if (found >= at + this.#windowSlots) continue;
        counts[at] = (counts[at] ?? 0) + 1;
        first[at] = Math.min(first[at] ?? 0, found);
        last[at] = Math.max(last[at] ?? 0, this.#latest[at + this.#windowSlots - 1] ?? -1);
      }
    }
    const best = counts.findIndex((count) => count / days >= this.#options.likely);
    if (best === -1) return null;
    const begin = now - (now % SLOT);
    return { from: begin + (first[best] ?? 0) * SLOT, to: begin + ((last[best] ?? 0) + 1) * SLOT };
  }

  /** What a day had from this time of day on: by slot the next with activity, and the latest so far. */
  #look({ today, slot, ago }: { today: number; slot: number; ago: number }): boolean {
    const day = this.#days.get(today - ago);
    const dayAfter = this.#days.get(today - ago + 1);
    if (day === undefined && dayAfter === undefined) return false;
    // What lies in the future is not looked at.
    const end = ago === 1 ? SLOTS + slot : 2 * SLOTS;
    const [next, latest] = [this.#next, this.#latest];
    let found = FAR;
    next[latest.length] = FAR;
    for (let j = latest.length - 1; j >= 0; j--) {
      const place = slot + j;
      const of = place < SLOTS ? day?.[place] : dayAfter?.[place - SLOTS];
      if (of === 1 && place < end) found = j;
      next[j] = found;
    }
    let seen = -1;
    for (let j = 0; j < latest.length; j++) {
      if (next[j] === j) seen = j;
      latest[j] = seen;
    }
    return true;
  }
}

/** Later than any slot. */
const FAR = 1 << 29;
