/** Closes months that are due, without being asked: looks every so often, and again after whatever failed. */
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { Rounds } from '../../domain/rounds.ts';
import type { DurationMs } from '../../domain/units.ts';
import type { InvoiceDesk } from './invoice-desk.ts';

export type ClerkWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly invoices: Pick<InvoiceDesk, 'closeDue'>;
  readonly lookEvery: DurationMs;
};

export class BillingClerk {
  readonly #rounds: Rounds;

  constructor({ clock, log, invoices, lookEvery: every }: ClerkWorld) {
    const work = async (): Promise<void> => {
      for (const { month, numbers, skipped } of await invoices.closeDue()) {
        log.info('month closed', { month, invoices: numbers.length, skipped });
      }
    };
    const failed = 'a month could not be closed; it is tried again';
    this.#rounds = new Rounds({ clock, log, every, work, failed });
  }

  start(): void {
    this.#rounds.start();
  }

  async close(): Promise<void> {
    await this.#rounds.close();
  }
}
