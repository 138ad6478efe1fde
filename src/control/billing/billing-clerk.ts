/** Closes months that are due, without being asked: looks once an hour, and again after whatever failed. */
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { DurationMs } from '../../domain/units.ts';
import type { InvoiceDesk } from './invoice-desk.ts';

export type ClerkWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly invoices: Pick<InvoiceDesk, 'closeDue'>;
  readonly lookEvery: DurationMs;
};

export class BillingClerk {
  readonly #world: ClerkWorld;
  #cancel: CancelTimer = () => undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(world: ClerkWorld) {
    this.#world = world;
  }

  start(): void {
    if (this.#isClosed) return;
    const { clock, lookEvery } = this.#world;
    this.#cancel = clock.timer(lookEvery, () => {
      this.#looking = this.#look().finally(() => this.start());
    });
  }

  async #look(): Promise<void> {
    const { invoices, log } = this.#world;
    try {
      for (const { month, numbers, skipped } of await invoices.closeDue()) {
        log.info('month closed', { month, invoices: numbers.length, skipped });
      }
    } catch (error) {
      log.warn('a month could not be closed; it is tried again', { error });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#looking;
  }
}
