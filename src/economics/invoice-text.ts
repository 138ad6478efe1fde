/** An invoice as JSON, as CSV, and as a page to print. */
import { dayText } from '../domain/day.ts';
import type { Invoice, Line, Party } from './invoice.ts';
import { type Amount, moneyOf } from './money.ts';

/** The same invoice is the same text: what is closed is this text. */
export function printJson(invoice: Invoice): string {
  const money = (amount: Amount): string => moneyOf(amount, invoice.currency);
  const { number, issuedAt, month, from, to, currency, customer, seller, buyer } = invoice;
  const whole = {
    ...{ format: 'dynabase-invoice-1', number, issued: dayText(issuedAt), month },
    ...{ from: new Date(from).toISOString(), to: new Date(to).toISOString(), currency, customer },
    seller: partyOf(seller),
    buyer: partyOf(buyer),
    lines: invoice.lines.map(({ kind, says, quantity, unit, price, amount, details, note }) => ({
      ...{ kind, says, quantity, unit, price: price === null ? null : money(price) },
      amount: money(amount),
      details: details.map((one) => ({ database: one.tenant, amount: money(one.amount) })),
      note,
    })),
    charged: money(invoice.charged),
    net: money(invoice.net),
    total: money(invoice.total),
    creditsLeft: invoice.creditsLeft.map(({ id, says, amount }) => ({
      ...{ id, says, amount: money(amount) },
    })),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

const partyOf = ({ name, address, taxId }: Party): Party => ({ name, address, taxId });

const COLUMNS = [
  ...['invoice', 'month', 'customer', 'kind', 'description', 'database'],
  ...['quantity', 'unit', 'price', 'amount', 'currency'],
];

/** A row for each database of a line, or for the line: the amounts are the total. RFC 4180. */
export function printCsv(invoice: Invoice): string {
  const { number, month, customer, currency } = invoice;
  const rows = invoice.lines.flatMap((line) => {
    const price = line.price === null ? '' : moneyOf(line.price, currency);
    const start = [number, month, customer, line.kind, line.says];
    const parts = line.details.length > 0 ? line.details : [{ tenant: '', amount: line.amount }];
    return parts.map(({ tenant, amount }, at) => [
      ...start,
      tenant,
      // Once a line, so that the column can be summed as well.
      at === 0 ? (line.quantity ?? '') : '',
      line.unit ?? '',
      price,
      moneyOf(amount, currency),
      currency,
    ]);
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Full-width signs count for some spreadsheets. */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** A spreadsheet would run what begins like a formula; an amount may begin with a minus. */
function cell(text: string): string {
  const isNumber = /^-?\d+(\.\d+)?$/.test(text);
  const tame = !isNumber && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}

/** What is on the paper and not part of the invoice: the seller's own head and foot. */
export type InvoiceLook = {
  /** In large letters above all; empty for none. */
  readonly logoText: string;
  readonly footer: readonly string[];
};

const PLAIN: InvoiceLook = { logoText: '', footer: [] };

/** A whole page without scripts and without anything from elsewhere, that prints on A4 and on Letter. */
export function printHtml(invoice: Invoice, { logoText, footer }: InvoiceLook = PLAIN): string {
  const { number, month, seller, buyer, issuedAt } = invoice;
  const { from, to } = invoice;
  const last = dayText((to - 1) as typeof to);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`Invoice ${number}, ${month}`)}</title>
<style>${STYLE}</style>
</head>
<body>
${logoText === '' ? '' : `<p class="logo">${escaped(logoText)}</p>`}
<header>
${partyHtml('From', seller)}
${partyHtml('To', buyer)}
</header>
<h1>Invoice ${escaped(number)}</h1>
<p>Issued ${dayText(issuedAt)}, for ${dayText(from)} to ${last} (UTC). All amounts in ${invoice.currency}.</p>
${linesHtml(invoice)}
${notesHtml(invoice.lines)}
${detailsHtml(invoice)}
${footer.length === 0 ? '' : `<footer>${footer.map(escaped).join('<br>\n')}</footer>`}
</body>
</html>
`;
}

const STYLE = `
:root { font: 11pt/1.4 system-ui, sans-serif; color: #111; background: #fff }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
header { display: flex; justify-content: space-between; gap: 2rem }
.logo { font-size: 1.8rem; font-weight: 700; letter-spacing: -.02em; margin: 0 0 1.5rem }
footer { margin-top: 2rem; padding-top: .6rem; border-top: 1px solid #ccc; font-size: .85em; color: #444 }
address { font-style: normal; white-space: pre-line }
table { width: 100%; border-collapse: collapse; margin: 1rem 0 }
caption { text-align: left; font-weight: 600; padding: .3rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem .3rem 0; border-bottom: 1px solid #ccc }
.n { text-align: right; padding: .3rem 0 .3rem 1.2rem; white-space: nowrap; font-variant-numeric: tabular-nums }
tfoot tr:last-child { font-weight: 700 }
.note { font-size: .9em }
@page { margin: 2cm }
@media print { body { margin: 0; max-width: none; padding: 0 } thead { display: table-header-group } tfoot { display: table-row-group }
tr { break-inside: avoid } .details { break-before: auto; font-size: 9pt } }
`;

function partyHtml(role: string, { name, address, taxId }: Party): string {
  const lines = [name, ...address, ...(taxId === null ? [] : [taxId])];
  return `<section aria-label="${role}"><strong>${role}</strong>
<address>${lines.map(escaped).join('\n')}</address></section>`;
}

function linesHtml(invoice: Invoice): string {
  const { currency } = invoice;
  const money = (amount: Amount): string => moneyOf(amount, currency);
  const body = invoice.lines
    .filter(({ kind }) => kind !== 'tax')
    .map(
      ({ says, details: [only, ...more], quantity, unit, price, amount }) => `<tr>
<td>${escaped(only === undefined || more.length > 0 ? says : `${says}: ${only.tenant}`)}</td>
<td class="n">${quantity === null ? '' : escaped(`${quantity} ${unit}`)}</td>
<td class="n">${price === null ? '' : money(price)}</td><td class="n">${money(amount)}</td></tr>`,
    );
  const sum = (says: string, amount: Amount): string =>
    `<tr><th scope="row" colspan="3">${escaped(says)}</th><td class="n">${money(amount)}</td></tr>`;
  const taxes = invoice.lines
    .filter(({ kind }) => kind === 'tax')
    .map((line) => sum(taxWords(line), line.amount));
  return `<table>
<thead><tr><th scope="col">What</th><th scope="col" class="n">Quantity</th>
<th scope="col" class="n">Price</th><th scope="col" class="n">Amount</th></tr></thead>
<tbody>
${body.join('\n')}
</tbody>
<tfoot>
${[sum('Net', invoice.net), ...taxes, sum('Total', invoice.total)].join('\n')}
</tfoot>
</table>`;
}

const taxWords = ({ says, quantity }: Line): string =>
  quantity === null || says.includes('%') ? says : `${says}, ${quantity} %`;

const notesHtml = (lines: readonly Line[]): string =>
  lines
    .flatMap(({ note }) => (note === null ? [] : [`<p class="note">${escaped(note)}.</p>`]))
    .join('\n');

/** Of lines that are about several databases, what each is about. */
function detailsHtml({ lines, currency }: Invoice): string {
  const tables = lines
    .filter(({ details }) => details.length > 1)
    .map(({ says, details }) => {
      const rows = details.map(
        ({ tenant, amount }) =>
          `<tr><td>${escaped(tenant)}</td><td class="n">${moneyOf(amount, currency)}</td></tr>`,
      );
      return `<table><caption>${escaped(says)}</caption>
<thead><tr><th scope="col">Database</th><th scope="col" class="n">Amount</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table>`;
    });
  return tables.length === 0 ? '' : `<section class="details">\n${tables.join('\n')}\n</section>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
