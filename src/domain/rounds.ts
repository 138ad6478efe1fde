import type { CancelTimer, Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { DurationMs } from './units.ts';

export type RoundsWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly every: DurationMs;
  readonly work: () => Promise<void>;
  /** What is said of a round that fails: `letters were not looked for; it is tried again`. */
  readonly failed: string;
};

/** Work that is done every so often, and whenever somebody asks: one round after the other, and no two at once. */
export class Rounds {
  readonly #world: RoundsWorld;
  #last: Promise<void> = Promise.resolve();
  #cancel: CancelTimer = () => {};
  #isClosed = false;

  constructor(world: RoundsWorld) {
    this.#world = world;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** By the clock from now on; the first when its time is over. */
  start(): void {
    const { clock, every } = this.#world;
    if (this.#isClosed) return;
    this.#cancel = clock.timer(every, () => {
      this.start();
      void this.now();
    });
  }

  /** One more, behind those that were asked for before. Never rejects: the next does what a failed one has left. */
  now(): Promise<void> {
    const { log, work, failed } = this.#world;
    this.#last = this.#last
      .then(() => (this.#isClosed ? undefined : work()))
      .catch((error: unknown) => log.warn(failed, { error }));
    return this.#last;
  }

  /** No more. Resolves when the one that is under way is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#last;
  }
}
