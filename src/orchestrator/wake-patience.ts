import { type Fault, fault } from '../domain/faults.ts';
import type { TenantName } from '../domain/ids.ts';
import { type DurationMs, elapsed, type Instant, ms } from '../domain/units.ts';
import type { Joining } from './pending-wake.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

/** How long one caller waits for a wake, counted from now, and what it is told when that is over. */
export class WakePatience {
  readonly #world: Pick<World, 'clock' | 'settings'>;
  readonly #tenant: TenantName;
  readonly #since: Instant;

  constructor(world: Pick<World, 'clock' | 'settings'>, tenant: TenantName) {
    this.#world = world;
    this.#tenant = tenant;
    this.#since = world.clock.now();
  }

  /** For a wake that is shared with others. */
  get joining(): Joining {
    return { wait: this.#left, otherwise: (why) => this.over(why) };
  }

  get #waited(): DurationMs {
    return elapsed(this.#since, this.#world.clock.now());
  }

  get #left(): DurationMs {
    return ms(this.#world.settings.wakeTimeout - this.#waited);
  }

  over(why: string): Fault {
    return fault('WAKE_TIMEOUT', { tenant: this.#tenant, waited: this.#waited, why });
  }

  /** Waits for the end of `work`, however it ends. Throws `WAKE_TIMEOUT`. */
  async sitOut(work: Promise<void>, what: string): Promise<void> {
    const otherwise = (): Fault => this.over(`${what} is under way`);
    await waitUntil(
      work.catch(() => {}),
      { clock: this.#world.clock, wait: this.#left, otherwise },
    );
  }
}
