import type { Clock } from '../domain/clock.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';

/** Time that passes as soon as somebody waits for it; what is only feared never comes. */
export class PromptClock implements Clock {
  readonly #clock = new VirtualClock();
  readonly waits: number[] = [];
  readonly timers = new Set<() => void>();

  readonly now = (): ReturnType<Clock['now']> => this.#clock.now();
  readonly wall = (): ReturnType<Clock['wall']> => this.#clock.wall();

  async sleep(wait: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.waits.push(wait);
  }

  timer(_wait: number, run: () => void): () => void {
    this.timers.add(run);
    return () => this.timers.delete(run);
  }
}
