/**
 * Sees to it that sleeping tenants are asked about when the policy wants that: to wake one before its
 * people come, or to give it another tier.
 *
 * Who is due is asked of the store, every 30 seconds: a tenant that sleeps costs no memory and no timer,
 * and the question does not grow with their number. As many as are due are asked about, batch by batch. A
 * tenant that cannot be asked about keeps its appointment, and is tried again after the others.
 */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { PolicyStore, TenantDue } from '../domain/policy-store.ts';
import { type DurationMs, later, seconds } from '../domain/units.ts';

/** So much too early, and at most as much too late, an appointment may be kept. */
const LOOK_EVERY = seconds(30);

/** Asked for at once, and then asked about one after the other. */
const BATCH = 500;

/** Tenants asked about at the same time. */
const AT_ONCE = 4;

export type AppointmentParts = {
  readonly world: {
    readonly clock: Clock;
    readonly log: Log;
    readonly policyStore: Pick<PolicyStore, 'dueToAsk'>;
  };
  /** Asks about one, and makes its next appointment. */
  readonly ask: (tenant: TenantId) => Promise<void>;
  /** Resolves when the appointments made until now are in the store. */
  readonly kept: () => Promise<void>;
};

export class Appointments {
  readonly #parts: AppointmentParts;
  #cancelTimer: CancelTimer = () => {};
  #round: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: AppointmentParts) {
    this.#parts = parts;
  }

  start(wait: DurationMs = LOOK_EVERY): void {
    if (this.#isClosed) return;
    this.#cancelTimer = this.#parts.world.clock.timer(wait, () => {
      this.#round = this.#lookAtAll()
        .catch((error: unknown) => {
          this.#parts.world.log.warn('who is to be asked about is not known now', { error });
        })
        .then(() => this.start());
    });
  }

  /** Asks about nobody more. Resolves when nobody is being asked about. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.#round;
  }

  /** Until all have been asked about, or the same are due again. */
  async #lookAtAll(): Promise<void> {
    const seen = new Set<TenantId>();
    while (!this.#isClosed) {
      const due = await this.#look();
      const isNew = due.some(({ tenant }) => !seen.has(tenant));
      if (due.length < BATCH || !isNew) return;
      for (const { tenant } of due) seen.add(tenant);
      await this.#parts.kept();
    }
  }

  async #look(): Promise<readonly TenantDue[]> {
    const { clock, log, policyStore } = this.#parts.world;
    const due = await policyStore.dueToAsk(later(clock.wall(), LOOK_EVERY), BATCH);
    if (due.length === 0) return due;
    const left = [...due];
    const one = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        if (this.#isClosed) return;
        const { tenant } = next;
        await this.#parts.ask(tenant).catch((error: unknown) => {
          log.debug('a tenant could not be asked about', { tenant, error });
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    return due;
  }
}
