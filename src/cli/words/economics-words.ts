/** Costs as people read them. */
import type { CostLine, CostReport, OwnCost } from '../../contract/economics/economics.ts';
import { factsText, tableText } from './layout.ts';
import type { Style } from './style.ts';

/** Two decimals, or as many as it takes to show something. */
export function moneyWords(text: string, currency: string): string {
  const value = Number(text);
  const size = Math.abs(value);
  const digits = size === 0 || size >= 0.1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(size)));
  const shown = size.toFixed(digits);
  const sign = value < 0 && Number(shown) !== 0 ? '-' : '';
  return currency === 'USD' ? `${sign}$${shown}` : `${sign}${shown} ${currency}`;
}

/** What is ten times more than the whole is no part of it any more. */
export const percentWords = (ratio: number | null): string =>
  ratio === null || ratio < -9.995 ? '-' : `${(100 * ratio).toFixed(1)} %`;

const marginWords = ({ margin, marginUnknown }: Pick<CostLine, 'margin' | 'marginUnknown'>) =>
  marginUnknown === 'too early' ? 'too early to tell' : percentWords(margin);

/** Days of history from which on a month's end is told. */
const FORESEEN_FROM = 1;

const NOBODY = 'of nobody';

export function costText(report: CostReport, by: string, style: Style): string {
  const { currency, lines, others, total, unattributed, projection, advice } = report;
  const money = (text: string | null): string => (text === null ? '-' : moneyWords(text, currency));
  const right = { align: 'right' } as const;
  const columns = [
    ...[{ head: by.toUpperCase() }, { head: 'COST', ...right }, { head: 'ALWAYS ON', ...right }],
    ...[
      { head: 'SAVED', ...right },
      { head: 'REVENUE', ...right },
      { head: 'MARGIN', ...right },
    ],
  ];
  const row = (name: string, line: CostLine): string[] => [
    ...[name, money(line.cost), money(line.alwaysOn), percentWords(line.reduction)],
    ...[money(line.revenue), marginWords(line)],
  ];
  const rows = lines.map((line) => row(line.name ?? line.key ?? NOBODY, line));
  if (others !== null) rows.push(row('others', others));
  rows.push(row('all', total));
  const shared = Object.entries(unattributed)
    .filter(([name, amount]) => name !== 'unborne' && Number(amount) !== 0)
    .map(([name, amount]) => `${name} ${money(amount)}`);
  return [
    `${report.from} to ${report.to} (not included), by price book ${report.priceBook}`,
    '',
    tableText(columns, rows, style),
    '',
    ...(shared.length === 0 ? [] : [`used by nobody: ${shared.join(', ')}`]),
    `this month: ${money(projection.measured)} so far, ${projection.days < FORESEEN_FROM ? 'too early to tell its end' : `${money(projection.expected)} at its end (${money(projection.low)} to ${money(projection.high)})`}`,
    ...advice.map(
      ({ plan, price, ownCost }) =>
        `plan ${plan}: a tenant costs ${money(ownCost)} a month, and would have to be sold for ${money(price)}`,
    ),
  ].join('\n');
}

export function ownCostText(own: OwnCost, style: Style): string {
  const { currency, ours } = own;
  const charges = own.charges.map(
    ({ meter, amount }) => [meter ?? 'the plan', moneyWords(amount, currency)] as const,
  );
  const facts = factsText(
    [
      ['from', own.from],
      ['to', `${own.to} (not included)`],
      ['charged', moneyWords(own.charged, currency)],
      ...charges.map(([what, amount]) => [`  for ${what}`, amount] as const),
      ['at month end', moneyWords(own.chargedAtMonthEnd, currency)],
      ...(ours === null
        ? []
        : ([
            ['costs', moneyWords(ours.cost, ours.currency)],
            ['  of its own', moneyWords(ours.attributed, ours.currency)],
            ['  shared', moneyWords(ours.shared, ours.currency)],
            ['always on', moneyWords(ours.alwaysOn, ours.currency)],
            ['saved', percentWords(ours.reduction)],
            ['margin', marginWords(ours)],
            [
              'month will cost',
              ours.projection.days < FORESEEN_FROM
                ? 'too early to tell'
                : moneyWords(ours.projection.expected, ours.currency),
            ],
          ] as const)),
    ],
    style,
  );
  return facts;
}
