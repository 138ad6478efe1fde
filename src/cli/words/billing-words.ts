/** Invoices, credits and the payment provider in words. */
import type {
  BillingProfile,
  BillingSettings,
  Credit,
  InvoiceHead,
  InvoiceVerdicts,
  Reconciliation,
} from '../../contract/billing/billing.ts';
import { orDash } from '../options/fields.ts';
import { visible } from '../sql/rows-text.ts';
import { factsText, tableText } from './layout.ts';
import type { Style } from './style.ts';

type Verdict = InvoiceVerdicts['verdicts'][number];

const paymentText = ({ payment }: Pick<InvoiceHead, 'payment'>, style: Style): string => {
  if (payment === 'paid') return style.green(payment);
  return payment === 'failed' ? style.red(payment) : orDash(payment);
};

export function invoicesText(found: readonly InvoiceHead[], style: Style): string {
  if (found.length === 0) {
    return 'no invoices; a month that is over is closed with: dynabase invoices close YYYY-MM';
  }
  const columns = [
    { head: 'NUMBER' },
    { head: 'MONTH' },
    { head: 'CUSTOMER' },
    { head: 'TOTAL', align: 'right' },
    { head: '' },
    { head: 'PAYMENT' },
  ] as const;
  const rows = found.map((one) => [
    ...[visible(one.number), one.month, one.customer, one.total, one.currency],
    paymentText(one, style),
  ]);
  return tableText(columns, rows, style);
}

export const invoiceText = (
  found: InvoiceHead & { readonly digest: string },
  style: Style,
): string =>
  factsText(
    [
      ['number', visible(found.number)],
      ['customer', found.customer],
      ['month', found.month],
      ['closed', found.closedAt],
      ['payment', paymentText(found, style)],
      ['digest', found.digest],
    ],
    style,
  );

type InvoiceLines = {
  readonly lines: readonly {
    readonly says: string;
    readonly quantity: string | null;
    readonly unit: string | null;
    readonly amount: string;
  }[];
  readonly total: string;
  readonly currency: string;
};

export function linesText(text: string, style: Style): string {
  const { lines: all, total, currency } = readLines(text);
  const columns = [
    { head: 'WHAT' },
    { head: 'QUANTITY', align: 'right' },
    { head: currency, align: 'right' },
  ] as const;
  const rows = all.map(({ says, quantity, unit, amount }) => [
    visible(says),
    quantity === null ? '' : `${quantity} ${unit}`,
    amount,
  ]);
  return tableText(columns, [...rows, ['Total', '', total]], style);
}

/** What is told must be shown even where it is of a form that is not known here. */
function readLines(text: string): InvoiceLines {
  try {
    return { lines: [], total: '', currency: '', ...JSON.parse(text) };
  } catch {
    return { lines: [], total: text, currency: '' };
  }
}

export function verdictsText({ verdicts }: InvoiceVerdicts, style: Style): string {
  const same = verdicts.filter(({ isIntact, isSame }) => isIntact && isSame === true);
  const others = verdicts.filter((one) => !same.includes(one));
  const good = `${same.length} of ${verdicts.length} invoices are what the ledger gives, text for text`;
  if (others.length === 0) return style.green(good);
  return [good, ...others.map((one) => verdictText(one, style))].join('\n');
}

function verdictText(
  { number, isIntact, isSame, isGood, difference, currency, corrections }: Verdict,
  style: Style,
): string {
  const name = (isGood ? style.green : style.red)(visible(number));
  if (!isIntact) return `${name} was tampered with`;
  if (isSame === null) return `${name} stands; the hours of its month are no longer kept`;
  const by = corrections.length === 0 ? '' : `; put right by ${corrections.join(', ')}`;
  return /^-?0\.0+$/.test(difference)
    ? `${name} differs${by}`
    : `${name} differs by ${difference} ${currency}${by}`;
}

export function creditsText(found: readonly Credit[], style: Style): string {
  if (found.length === 0) return 'no credits';
  const columns = [
    { head: 'ID' },
    { head: 'KIND' },
    { head: 'WHAT' },
    { head: 'LEFT', align: 'right' },
    { head: 'OF', align: 'right' },
    { head: '' },
  ] as const;
  const rows = found.map((one) => [
    ...[one.id, one.kind, visible(one.says), one.remaining, one.amount, one.currency],
  ]);
  return tableText(columns, rows, style);
}

export const settingsText = ({ seller, ...found }: BillingSettings, style: Style): string =>
  factsText(
    [
      ['seller', visible(seller.name) || '-'],
      ['address', seller.address.map(visible).join(', ') || '-'],
      ['tax id', orDash(seller.taxId)],
      ['logo', visible(seller.logoText) || '-'],
      ['footer', seller.footer.map(visible).join(', ') || '-'],
      ['numbers begin with', visible(found.numberPrefix) || '-'],
      ['closes from', orDash(found.closesFrom)],
      ['grace', `${found.graceHours} h`],
      ['provider is told', found.tells],
      ['prices', found.prices.join(', ') || '-'],
      ...Object.entries(found.meters).map(
        ([meter, { event, per }]) => [`meter ${meter}`, `${event}, one for ${per}`] as const,
      ),
    ],
    style,
  );

export const profileText = (found: BillingProfile, style: Style): string =>
  factsText(
    [
      ['customer', found.customer],
      ['name', visible(found.legalName ?? found.name)],
      ['address', found.address.map(visible).join(', ') || '-'],
      ['tax id', orDash(found.taxId)],
      ...found.taxes.map(
        ({ name, rate, reverseCharge }) =>
          [
            'tax',
            `${visible(name)}, ${reverseCharge ? 'reverse charge' : `${rate / 100} %`}`,
          ] as const,
      ),
      ...(found.failed === null
        ? []
        : [
            [
              'payment failed',
              style.red(`${visible(found.failed.note)} (${found.failed.at})`),
            ] as const,
          ]),
    ],
    style,
  );

export function reconciliationText(found: Reconciliation, style: Style): string {
  const { differences, waiting, lastError } = found;
  const left =
    waiting === 0
      ? 'nothing is still to be told'
      : `${waiting} still to be told${lastError === null ? '' : `: ${visible(lastError)}`}`;
  if (differences.length === 0) return `${style.green('the books agree')}; ${left}`;
  const columns = [
    { head: 'CUSTOMER' },
    { head: 'WHAT' },
    { head: 'OURS', align: 'right' },
    { head: 'THEIRS', align: 'right' },
    { head: 'DONE' },
  ] as const;
  const rows = differences.map((one) => [
    ...[one.customer, one.what, one.ours, one.theirs, orDash(one.mended)],
  ]);
  return `${tableText(columns, rows, style)}\n\n${left}`;
}
