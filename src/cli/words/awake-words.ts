/** Why tenants are awake as a person reads it, within the columns of the terminal. */
import type { AwakeList, AwakeTime, Why } from '../../contract/awake/awake.ts';
import { moneyWords } from './economics-words.ts';
import { type Column, tableText } from './layout.ts';
import type { Style } from './style.ts';
import { cut, widthOf, wrapped } from './width.ts';
import { agoWords, percentWords, spanWords } from './words.ts';

/** Of a text beside figures, at least. */
const TEXT_WIDTH_MIN = 24;

/** Narrower than that, how long ago is left out: the time of day is there. */
const WIDE = 100;

const GAP = 2;

type Shown = { readonly now: number; readonly columns: number; readonly style: Style };

export function whyText(
  why: Why,
  times: readonly AwakeTime[],
  { now, columns, style }: Shown,
): string {
  const says = why.says.map((sentence) => wrapped(sentence, columns));
  const parts = [says.join('\n') || 'nothing is known of it'];
  if (times.length > 0) parts.push(timesText(times, { now, columns, style }));
  if (why.causes.length > 0) parts.push(sumsText(why, columns, style));
  if (why.isCut) parts.push('there were more times awake than are summed here');
  return parts.join('\n\n');
}

/** A column less than the end of the line for each of the last `texts` columns, which share what the others leave. */
function fittedText(
  heads: readonly Column[],
  rows: readonly (readonly string[])[],
  { texts, columns, style }: { texts: number; columns: number; style: Style },
): string {
  const figures = heads.length - texts;
  const taken = heads
    .slice(0, figures)
    .map(({ head }, at) => Math.max(widthOf(head), ...rows.map((row) => widthOf(row[at] ?? ''))))
    .reduce((sum, width) => sum + width + GAP, (texts - 1) * GAP);
  const each = Math.max(TEXT_WIDTH_MIN, Math.floor((columns - taken) / texts));
  const fitted = rows.map((row) => row.map((cell, at) => (at < figures ? cell : cut(cell, each))));
  return tableText(heads, fitted, style);
}

function timesText(times: readonly AwakeTime[], { now, columns, style }: Shown): string {
  const isWide = columns >= WIDE;
  const heads: readonly Column[] = [
    { head: 'WOKE (UTC)' },
    ...(isWide ? [{ head: '' }] : []),
    { head: 'AWAKE', align: 'right' },
    { head: 'COST', align: 'right' },
    { head: 'ENDED' },
    { head: 'BECAUSE' },
  ];
  const rows = times.map(({ from, lengthMs, cost, ended, cause }) => [
    momentText(from, now),
    ...(isWide ? [agoWords(from, now)] : []),
    spanWords(lengthMs),
    costText(cost),
    ended?.kind ?? style.green('awake'),
    cause.says,
  ]);
  return fittedText(heads, rows, { texts: 1, columns, style });
}

/** `18:02` of today, `11-22 18:02` of this year, else with its year. */
export function momentText(moment: string, now: number): string {
  const [date = '', time = ''] = new Date(moment).toISOString().split('T');
  const [today = ''] = new Date(now).toISOString().split('T');
  const clock = time.slice(0, 'HH:MM'.length);
  if (date === today) return clock;
  const isThisYear = date.slice(0, 'YYYY'.length) === today.slice(0, 'YYYY'.length);
  return `${isThisYear ? date.slice('YYYY-'.length) : date} ${clock}`;
}

const KEPT: Readonly<Record<Why['reasons'][number]['kind'], string>> = {
  work: 'clients at work',
  pin: 'sessions that cannot be parked',
  idle: 'an idle time that is set',
  policy: 'the policy, nobody at work',
  expected: 'a client expected',
  floor: 'its tier',
  refused: 'a suspend that was refused',
  upkeep: 'upkeep of its tables',
  inside: 'requests through the API',
  restart: 'restarts',
  unwatched: 'no server that could tell',
};

function causeText({ kind, role, applicationName, by }: Why['causes'][number]): string {
  switch (kind) {
    case 'session':
    case 'expected': {
      const who = role === null ? 'a client' : `role ${role}`;
      const name = applicationName ? ` (${applicationName})` : '';
      return `${who}${name}${kind === 'expected' ? ' that did not come' : ''}`;
    }
    case 'operator':
      return by === null ? 'the API' : `the API: ${by}`;
    case 'prewarm':
      return 'the policy, ahead of clients';
    case 'tier':
      return 'its tier';
    case 'upkeep':
      return 'upkeep of its data';
    case 'restart':
      return 'restarts';
    case 'found':
      return 'found running';
    default:
      return kind satisfies never;
  }
}

function sumsText({ causes, reasons, total }: Why, columns: number, style: Style): string {
  const partOf = (lengthMs: number): string =>
    total.lengthMs === 0 ? '-' : percentWords(lengthMs / total.lengthMs, 0);
  const heads = (what: string): readonly Column[] => [
    ...(['WAKES', 'AWAKE', '', 'COST'] as const).map(
      (head) => ({ head, align: 'right' }) satisfies Column,
    ),
    { head: what },
  ];
  const rowOf = (wakes: string, { lengthMs, cost }: Sum, what: string): readonly string[] => [
    ...[wakes, spanWords(lengthMs), partOf(lengthMs), costText(cost), what],
  ];
  const woken = [
    ...causes.map((sum) => rowOf(String(sum.wakes), sum, causeText(sum))),
    rowOf(String(total.wakes), total, style.bold('together')),
  ];
  const kept = reasons.map((sum) => rowOf('', sum, KEPT[sum.kind]).slice(1));
  return [
    fittedText(heads('WOKEN BY'), woken, { texts: 1, columns, style }),
    fittedText(heads('KEPT AWAKE BY').slice(1), kept, { texts: 1, columns, style }),
  ].join('\n\n');
}

type Sum = Pick<Why['total'], 'lengthMs' | 'cost'>;

export function awakeText({ awake, tenants }: AwakeList, columns: number, style: Style): string {
  if (tenants.length === 0) return 'nothing is awake';
  const heads: readonly Column[] = [
    { head: 'NAME' },
    { head: 'AWAKE', align: 'right' },
    { head: 'COST 24 H', align: 'right' },
    { head: 'WOKEN BECAUSE' },
    { head: 'KEPT BY' },
  ];
  const rows = tenants.map(({ name, lengthMs, cost, cause, kept }) => [
    cut(name, TEXT_WIDTH_MIN),
    spanWords(lengthMs),
    costText(cost),
    cause.says,
    kept?.says ?? '-',
  ]);
  const more = awake > tenants.length ? `\n\n${awake} are awake in all` : '';
  return `${fittedText(heads, rows, { texts: 2, columns, style })}${more}`;
}

/** What is less is not worth a digit: `--json` has it. */
const COST_MIN = 1e-6;

/** The exact amount is in `--json`. */
function costText(cost: AwakeTime['cost']): string {
  if (cost === null) return '-';
  const units = Number(cost.amount);
  const isTiny = units !== 0 && Math.abs(units) < COST_MIN;
  if (isTiny) return cost.currency === 'USD' ? '<$0.000001' : `<0.000001 ${cost.currency}`;
  return moneyWords(cost.amount, cost.currency);
}
