/** What `docs/errors.md` says of the failures around prices and invoices. */
import type { MONEY_FAULTS } from '../domain/money-faults.ts';
import type { FaultGuide } from './fault-guide.ts';

export const MONEY_GUIDE: Pick<FaultGuide, keyof typeof MONEY_FAULTS> = {
  BAD_PRICES: {
    params: { why: 'versions[0].prices.memory must be an amount such as "0.10"' },
    advice: 'Correct the field that is named. docs/economics.md describes price books and tariffs.',
  },
  PERIOD_CLOSED: {
    params: { customer: 'cu_0123456789ab', month: '2026-11', number: '2026-0042' },
    advice:
      'An invoice that was issued is never changed. What was wrong in it is put right in the next one: see "Invoices" in docs/economics.md.',
  },
};
