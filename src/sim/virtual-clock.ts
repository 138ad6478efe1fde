import type { CancelTimer, Clock } from '../domain/clock.ts';
import {
  after,
  type DurationMs,
  type Instant,
  later,
  type Timestamp,
  timestamp,
} from '../domain/units.ts';

type Sleeper = {
  readonly wakeAt: Instant;
  /** Grows with every sleeper: of two that are due at once, who came first is first. */
  readonly turn: number;
  /** Null once it is cancelled; then it is dropped when its time comes. */
  wake: (() => void) | null;
};

const isBefore = (a: Sleeper, b: Sleeper): boolean =>
  a.wakeAt < b.wakeAt || (a.wakeAt === b.wakeAt && a.turn < b.turn);

/** So many cancelled sleepers, and more than there are others, are cleared away at once. */
const CANCELLED_MAX = 1_000;

/** So many times the world outside waits while sleepers wake: a turn of the event loop costs more than most of them. */
const TURNS_TOGETHER = 64;

/** Where virtual wall time begins: a round date, so that a test's numbers can be read. */
const WALL_START = timestamp(Date.UTC(2030, 0, 1));

/** A clock that moves only when told. Sleepers wake in order of time, then of arrival. */
export class VirtualClock implements Clock {
  #now = 0 as Instant;
  /** A heap: nobody is due before the one at half its place. */
  #sleepers: Sleeper[] = [];
  readonly #wallStart: Timestamp;
  #turns = 0;
  #cancelled = 0;

  constructor(wallStart: Timestamp = WALL_START) {
    this.#wallStart = wallStart;
  }

  now(): Instant {
    return this.#now;
  }

  wall(): Timestamp {
    return later(this.#wallStart, this.#now as number as DurationMs);
  }

  sleep(wait: DurationMs, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const cancel = this.timer(wait, resolve);
      signal?.addEventListener(
        'abort',
        () => {
          cancel();
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  timer(wait: DurationMs, run: () => void): CancelTimer {
    this.#turns += 1;
    const sleeper: Sleeper = { wakeAt: after(this.#now, wait), turn: this.#turns, wake: run };
    this.#sleepers.push(sleeper);
    this.#rise(this.#sleepers.length - 1);
    return () => {
      if (sleeper.wake === null) return;
      sleeper.wake = null;
      this.#cancelled += 1;
      this.#clearAway();
    };
  }

  /** Timers and sleepers that have not fired. A test that ends with some has leaked them. */
  get pending(): number {
    return this.#sleepers.length - this.#cancelled;
  }

  async advance(by: DurationMs): Promise<void> {
    const end = after(this.#now, by);
    await settled();
    let turns = 0;
    for (let next = this.#takeDue(end); next; next = this.#takeDue(end)) {
      this.#now = next.wakeAt;
      next.run();
      turns += 1;
      await (turns % TURNS_TOGETHER === 0 ? settled() : promisesSettled());
    }
    if (turns % TURNS_TOGETHER !== 0) await settled();
    this.#now = end;
  }

  #takeDue(end: Instant): { readonly wakeAt: Instant; readonly run: () => void } | null {
    for (let first = this.#sleepers[0]; first !== undefined; first = this.#sleepers[0]) {
      if (first.wake !== null && first.wakeAt > end) return null;
      this.#takeFirst();
      const { wakeAt, wake: run } = first;
      first.wake = null;
      if (run !== null) return { wakeAt, run };
      this.#cancelled -= 1;
    }
    return null;
  }

  #takeFirst(): void {
    const last = this.#sleepers.pop();
    if (last === undefined || this.#sleepers.length === 0) return;
    this.#sleepers[0] = last;
    this.#sink(0);
  }

  #rise(place: number): void {
    for (let at = place; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, above)) return;
      at = above;
    }
  }

  #sink(place: number): void {
    for (let at = place; ; ) {
      const left = this.#sleepers[2 * at + 1];
      const right = this.#sleepers[2 * at + 2];
      if (left === undefined) return;
      const below = right !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
      if (!this.#swapIfBefore(below, at)) return;
      at = below;
    }
  }

  #swapIfBefore(below: number, above: number): boolean {
    const [a, b] = [this.#sleepers[below], this.#sleepers[above]];
    if (a === undefined || b === undefined || !isBefore(a, b)) return false;
    this.#sleepers[above] = a;
    this.#sleepers[below] = b;
    return true;
  }

  #clearAway(): void {
    if (this.#cancelled < CANCELLED_MAX || this.#cancelled * 2 < this.#sleepers.length) return;
    // What is sorted is a heap.
    this.#sleepers = this.#sleepers.filter(({ wake }) => wake !== null);
    this.#sleepers.sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#cancelled = 0;
  }
}

/**
 * Lets every promise that can settle without the world outside do so: a tick is taken once none is left.
 * Begun behind a promise, since the ticks of a callback are taken before its promises.
 */
const promisesSettled = (): Promise<void> =>
  SETTLED.then(() => new Promise((resolve) => process.nextTick(resolve)));

const SETTLED = Promise.resolve();

/** Lets every promise that can settle now do so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
