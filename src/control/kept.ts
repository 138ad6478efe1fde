/** Answers that are dear to give, and good for a while. */
import type { Clock } from '../domain/clock.ts';
import { type DurationMs, elapsed, type Instant, ms } from '../domain/units.ts';

/** `load`, asked again when what it said is as old as `life`; who comes meanwhile shares one answer. */
export function kept<T>(clock: Clock, life: DurationMs, load: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: Instant; readonly value: Promise<T> } | null = null;
  return () => {
    const now = clock.now();
    if (last !== null && elapsed(last.at, now) < life) return last.value;
    const made = { at: now, value: load() };
    last = made;
    made.value.catch(() => {
      if (last === made) last = null;
    });
    return made.value;
  };
}

/** Whoever asks waits for so long; where it takes longer he is told what was known before. */
const WAITED_AT_MOST = ms(250);

export type StaleWorld = {
  readonly clock: Clock;
  /** What was to replace what is told has failed; it is tried again when somebody asks. */
  readonly failed: (error: unknown) => void;
};

/** An answer that is told until a newer one is there, where that takes longer than anybody likes to wait. */
export class Latest<T> {
  readonly #world: StaleWorld;
  #known: { readonly value: T; readonly took: DurationMs } | null = null;
  #asking: Promise<T> | null = null;

  constructor(world: StaleWorld) {
    this.#world = world;
  }

  /** `isCurrent` says whether what is known is as good as new, `load` makes another. Rejects as it does where nothing is known. */
  async get(isCurrent: (value: T) => boolean, load: () => Promise<T>): Promise<T> {
    const known = this.#known;
    if (known !== null && isCurrent(known.value)) return known.value;
    this.#asking ??= this.#ask(load);
    if (known === null || known.took <= WAITED_AT_MOST) return await this.#asking;
    this.#asking.catch(this.#world.failed);
    return known.value;
  }

  /** What is known, and what is under way, is told to nobody more. */
  forget(): void {
    this.#known = null;
    this.#asking = null;
  }

  #ask(load: () => Promise<T>): Promise<T> {
    const { clock } = this.#world;
    const began = clock.now();
    const asking: Promise<T> = load()
      .then((value) => {
        if (this.#asking === asking) this.#known = { value, took: elapsed(began, clock.now()) };
        return value;
      })
      .finally(() => {
        if (this.#asking === asking) this.#asking = null;
      });
    return asking;
  }
}
