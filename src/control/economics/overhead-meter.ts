/** Writes once a minute what our own processes have used: one statement, however many tenants there are. */
import type { Clock } from '../../domain/clock.ts';
import type { CostStore } from '../../domain/economics.ts';
import type { Log } from '../../domain/log.ts';
import { Rounds } from '../../domain/rounds.ts';
import { elapsed, type Instant, minutes, timestamp } from '../../domain/units.ts';
import { addedUse, NO_USE, type Use } from '../../domain/use.ts';
import { HOUR_MS } from '../../economics/month.ts';

const EVERY = minutes(1);

/** Longer ones are no minute: the machine slept, or we were held up. What was in between nobody knows. */
const LONGEST = minutes(5);

export type OverheadWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<CostStore, 'addOverhead'>;
  /** What is held now, and what was taken since the last look. */
  readonly look: () => Promise<{ readonly memoryBytes: number; readonly cpuUs: number }>;
};

export class OverheadMeter {
  readonly #world: OverheadWorld;
  #lookedAt: Instant | null = null;
  /** What could not be written yet. */
  #unsent = new Map<number, Use>();
  readonly #rounds: Rounds;

  constructor(world: OverheadWorld) {
    this.#world = world;
    const failed = 'what the server itself used was not written; it is tried again';
    const { clock, log } = world;
    this.#rounds = new Rounds({ clock, log, every: EVERY, work: () => this.#look(), failed });
  }

  start(): void {
    void this.#rounds.now();
    this.#rounds.start();
  }

  async close(): Promise<void> {
    await this.#rounds.now();
    await this.#rounds.close();
  }

  async #look(): Promise<void> {
    const { clock, store, look } = this.#world;
    const { memoryBytes, cpuUs } = await look();
    const now = clock.now();
    const since = this.#lookedAt;
    this.#lookedAt = now;
    const length = since === null ? 0 : Math.min(elapsed(since, now), LONGEST);
    const hour = Math.floor(clock.wall() / HOUR_MS) * HOUR_MS;
    const use: Use = {
      ...NO_USE,
      memory: (BigInt(Math.round(memoryBytes)) * BigInt(Math.round(length))) / 1_000n,
      cpu: since === null ? 0n : BigInt(Math.round(cpuUs)),
      awake: BigInt(Math.round(length / 1_000)),
    };
    this.#unsent.set(hour, addedUse(this.#unsent.get(hour) ?? NO_USE, use));
    for (const [at, unsent] of this.#unsent) {
      await store.addOverhead(timestamp(at), unsent);
      this.#unsent.delete(at);
    }
  }
}
