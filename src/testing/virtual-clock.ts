import type { CancelTimer, Clock } from '../domain/clock.ts';
import {
  after,
  type DurationMs,
  type Instant,
  later,
  type Timestamp,
  timestamp,
} from '../domain/units.ts';

interface Sleeper {
  readonly wakeAt: Instant;
  readonly wake: () => void;
}

/** Where virtual wall time begins: a round date, so that a test's numbers can be read. */
const WALL_START = timestamp(Date.UTC(2030, 0, 1));

/** A clock that moves only when told. Sleepers wake in order of time, then of arrival. */
export class VirtualClock implements Clock {
  #now = 0 as Instant;
  #sleepers: Sleeper[] = [];

  now(): Instant {
    return this.#now;
  }

  wall(): Timestamp {
    return later(WALL_START, this.#now as number as DurationMs);
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
    const sleeper = { wakeAt: after(this.#now, wait), wake: run };
    this.#sleepers.push(sleeper);
    return () => {
      this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
    };
  }

  /** Timers and sleepers that have not fired. A test that ends with some has leaked them. */
  get pending(): number {
    return this.#sleepers.length;
  }

  async advance(by: DurationMs): Promise<void> {
    const end = after(this.#now, by);
    await settled();
    for (let next = this.#takeDue(end); next; next = this.#takeDue(end)) {
      this.#now = next.wakeAt;
      next.wake();
      await settled();
    }
    this.#now = end;
  }

  #takeDue(end: Instant): Sleeper | undefined {
    const due = this.#sleepers.filter((s) => s.wakeAt <= end);
    const [first] = due.sort((a, b) => a.wakeAt - b.wakeAt);
    this.#sleepers = this.#sleepers.filter((s) => s !== first);
    return first;
  }
}

/** Lets every promise that can settle now do so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
