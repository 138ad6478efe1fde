import type { Clock } from '../domain/clock.ts';
import { type Fault, fault } from '../domain/faults.ts';
import type { TenantName } from '../domain/ids.ts';
import { type DurationMs, elapsed, type Instant, ms } from '../domain/units.ts';
import { waitUntil } from './wait-until.ts';

/** How long one caller waits for a wake, counted from now, and what it is told when that is over. */
export class WakePatience {
  readonly #clock: Clock;
  readonly #tenant: TenantName;
  readonly #wait: DurationMs;
  readonly #since: Instant;

  constructor(clock: Clock, tenant: TenantName, wait: DurationMs) {
    this.#clock = clock;
    this.#tenant = tenant;
    this.#wait = wait;
    this.#since = clock.now();
  }

  get left(): DurationMs {
    return ms(this.#wait - elapsed(this.#since, this.#clock.now()));
  }

  over(why: string): Fault {
    const waited = elapsed(this.#since, this.#clock.now());
    return fault('WAKE_TIMEOUT', { tenant: this.#tenant, waited, why });
  }

  /** Waits for the end of `work`, however it ends. Throws `WAKE_TIMEOUT`. */
  async sitOut(work: Promise<void>, what: string): Promise<void> {
    const otherwise = (): Fault => this.over(`${what} is under way`);
    await waitUntil(
      work.catch(() => {}),
      { clock: this.#clock, wait: this.left, otherwise },
    );
  }
}
