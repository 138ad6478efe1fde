/**
 * All that is learned of one tenant, as one piece: its habit of returning, its use of late, the pattern
 * of its weeks, and when somebody last asked something.
 *
 * As bytes: a version, the last use and the age watched (8 each), then each part behind its length (2). What
 * cannot be read, such as what a newer program wrote, is left out, and learned anew.
 */
import { type DurationMs, ms, type Timestamp, timestamp } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';
import { type MinuteOfUse, Pattern } from './pattern.ts';
import { Habit } from './returns.ts';
import { UsageWindow } from './usage-window.ts';

const VERSION = 1;
const USED_AT = 1;
const WATCHED_TO = 9;
const HEAD_BYTES = 17;
const LENGTH_BYTES = 2;

/** The largest time there is. */
const TIME_MAX = 8.64e15;

const US_IN_MS = 1_000;

type LearnedParts = {
  readonly habit?: Habit;
  readonly window?: UsageWindow;
  readonly pattern?: Pattern;
};

export class Learned {
  /** When a person last asked something; null if that is not known. */
  usedAt: Timestamp | null = null;
  /** Up to which age of the present idle time the fleet has been told of it. */
  watchedTo: DurationMs = ms(0);
  readonly habit: Habit;
  readonly window: UsageWindow;
  readonly pattern: Pattern;

  /** Nothing is known of what is not given. */
  constructor({ habit, window, pattern }: LearnedParts = {}) {
    this.habit = habit ?? new Habit();
    this.window = window ?? new UsageWindow();
    this.pattern = pattern ?? new Pattern();
  }

  static decode(bytes: Uint8Array): Learned {
    if (bytes[0] !== VERSION || bytes.length < HEAD_BYTES) return new Learned();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const learned = new Learned(decodedParts(bytes, view));
    const usedAt = view.getFloat64(USED_AT);
    learned.usedAt = usedAt > 0 && usedAt < TIME_MAX ? timestamp(usedAt) : null;
    const watchedTo = view.getFloat64(WATCHED_TO);
    learned.watchedTo = ms(watchedTo > 0 && watchedTo < TIME_MAX ? watchedTo : 0);
    return learned;
  }

  /** At most 2,048 bytes. */
  encode(): Uint8Array {
    const parts = [this.habit.encode(), this.window.encode(), this.pattern.encode()];
    const length = parts.reduce((sum, part) => sum + LENGTH_BYTES + part.length, HEAD_BYTES);
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    bytes[0] = VERSION;
    view.setFloat64(USED_AT, this.usedAt ?? 0);
    view.setFloat64(WATCHED_TO, this.watchedTo);
    let at = HEAD_BYTES;
    for (const part of parts) {
      view.setUint16(at, part.length);
      bytes.set(part, at + LENGTH_BYTES);
      at += LENGTH_BYTES + part.length;
    }
    return bytes;
  }
}

function decodedParts(bytes: Uint8Array, view: DataView): LearnedParts {
  const [habit, window, pattern] = partsOf(bytes, view);
  return {
    ...(habit && { habit: Habit.decode(habit) }),
    ...(window && { window: UsageWindow.decode(window) }),
    ...(pattern && { pattern: Pattern.decode(pattern) }),
  };
}

function partsOf(bytes: Uint8Array, view: DataView): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = HEAD_BYTES;
  while (at + LENGTH_BYTES <= bytes.length) {
    const end = at + LENGTH_BYTES + view.getUint16(at);
    if (end > bytes.length) break;
    parts.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return parts;
}

/** What the proxies have counted in a minute, as far as something is learned of it. */
export function minuteOfUse(record: UsageMinute): MinuteOfUse {
  const { minute, queries, byRobots, sessions, transactions, latencySumUs } = record;
  const answers = record.latency.reduce((sum, count) => sum + count, 0);
  return {
    ...{ minute, queries, sessions, transactions },
    people: Math.max(0, queries - byRobots),
    errors: Object.values(record.errors).reduce((sum, count) => sum + count, 0),
    bytes: record.bytesOut,
    latencyMs: answers === 0 ? 0 : latencySumUs / answers / US_IN_MS,
  };
}
