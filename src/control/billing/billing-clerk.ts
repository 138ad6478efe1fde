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

/** Looks in a row that failed, after which a person is to look: the first may be a catalog that is away for a moment. */
const FAILURES_TOLD = 4;

export class BillingClerk {
  readonly #rounds: Rounds;

  constructor({ clock, log, invoices, lookEvery: every }: ClerkWorld) {
    let failures = 0;
    const work = async (): Promise<void> => {
      const closed = await invoices.closeDue().catch((error: unknown) => {
        if (++failures === FAILURES_TOLD) log.error('no month can be closed', { failures });
        throw error;
      });
      failures = 0;
      for (const { month, numbers, skipped } of closed) {
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
