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
  MONTH_OPEN: {
    params: { month: '2026-11', until: '2026-12-01T06:00:00.000Z' },
    advice:
      'A month is closed once it is over and the last use of it is counted. Ask for a draft meanwhile.',
  },
  USE_FORGOTTEN: {
    params: { month: '2025-11', from: '2025-12-01T00:00:00.000Z' },
    advice:
      'An invoice would lack what was used in hours that are gone. Bill it by hand, as an adjustment in a later month; `retention.hoursMs` of `dynabase server-settings` says how long hours are kept.',
  },
  SELLER_MISSING: {
    params: {},
    advice: 'Set the seller: `dynabase billing configure --seller NAME`. See docs/billing.md.',
  },
  INVOICE_UNKNOWN: {
    params: { invoice: '000042' },
    advice: 'See `dynabase invoices list` for those that there are.',
  },
  PAYMENTS_OFF: {
    params: {},
    advice: 'Start the server with `--stripe-key-file`. See docs/billing.md.',
  },
  PAYMENTS_REFUSED: {
    params: { why: 'Invalid API Key provided' },
    advice: 'The message says why. What was to be told stays in the outbox and is told later.',
  },
  PAYMENT_MESSAGE_FORGED: {
    params: {},
    advice:
      'The secret of the endpoint is another one, the message was changed on its way, it is older than five minutes, or somebody else sent it.',
  },
  PRICE_BOOK_UNKNOWN: {
    params: { book: 'ours' },
    advice: 'See `dynabase price-book list` for those that there are.',
  },
  WHAT_IF_BUSY: {
    params: { max: 1 },
    advice:
      'A simulation takes a processor for a while. Ask again when the one under way has ended.',
  },
  WHAT_IF_NOTHING: {
    params: { days: 14 },
    advice: 'A simulation replays what tenants did. Ask again when there has been some use.',
  },
};
