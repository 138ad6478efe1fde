/** How far work is, told to whoever asked to hear of it. */
import type { OnProgress } from '../domain/archive.ts';
import type { Clock } from '../domain/clock.ts';
import { elapsed, type Instant, ms } from '../domain/units.ts';

/** Oftener nobody looks. */
const TOLD_EVERY = ms(250);

export class Progress {
  readonly #clock: Clock;
  readonly #told: OnProgress | undefined;
  #toldAt: Instant | null = null;
  #done = 0;
  #all: number | null = null;

  constructor(clock: Clock, told: OnProgress | undefined) {
    this.#clock = clock;
    this.#told = told;
  }

  /** How much there is to do. */
  expect(bytes: number): void {
    this.#all = bytes;
    this.add(0);
  }

  /** So much more is done. The first and the last are told in any case. */
  add(bytes: number): void {
    this.#done += bytes;
    if (this.#told === undefined) return;
    const now = this.#clock.now();
    const isEarly = this.#toldAt !== null && elapsed(this.#toldAt, now) < TOLD_EVERY;
    if (isEarly && this.#done !== this.#all) return;
    this.#toldAt = now;
    this.#told(this.#done, this.#all);
  }
}
