/** Draws from a seeded source, in the words of a generator. */
import type { Random } from '../../domain/random.ts';

export class Chance {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** From 0 to `limit - 1`. */
  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  one<T>(choices: readonly T[]): T {
    const found = choices[this.below(choices.length)];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }

  /** Between `min` and `max` of what `make` makes. */
  some<T>(min: number, max: number, make: () => T): readonly T[] {
    return Array.from({ length: min + this.below(max - min + 1) }, make);
  }
}
