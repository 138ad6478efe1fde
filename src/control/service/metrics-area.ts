import type { Clock } from '../../domain/clock.ts';
import { elapsed, type Instant } from '../../domain/units.ts';

/** How many of something there are, added up over time: the area below the curve, in milliseconds. */
export class Area {
  readonly #clock: Clock;
  #height = 0;
  #area = 0;
  #at: Instant;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.now();
  }

  /** There are so many from now on. */
  set height(height: number) {
    this.#reach();
    this.#height = height;
  }

  get height(): number {
    return this.#height;
  }

  /** Takes what has come together since it was last taken. */
  take(): number {
    this.#reach();
    const area = this.#area;
    this.#area = 0;
    return area;
  }

  #reach(): void {
    const now = this.#clock.now();
    this.#area += this.#height * elapsed(this.#at, now);
    this.#at = now;
  }
}
