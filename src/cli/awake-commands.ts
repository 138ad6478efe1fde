/** `dynabase why` and `awake`: why tenants are awake, and what that costs. */
import type { Command } from 'commander';
import type { AwakeList, AwakeTime, Why } from '../contract/awake.ts';
import type { Run } from './command.ts';
import { given } from './fields.ts';
import { parsed } from './flag.ts';
import { tableText } from './layout.ts';
import { integer, momentAgo } from './parse.ts';
import type { Style } from './style.ts';
import { cut } from './width.ts';
import { agoWords, spanWords } from './words.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 500;

/** Of a cause in a table. */
const SAYS_WIDTH = 60;

export function addAwakeCommands(program: Command, run: Run): void {
  addWhy(program, run);
  addAwake(program, run);
}

type WhyFlags = { readonly since?: string; readonly limit?: string };

function addWhy(program: Command, run: Run): void {
  program
    .command('why')
    .argument('<name>', 'Name or id')
    .description('Say why a tenant is awake, or was, and what that costs; wakes nobody')
    .option('--since <time>', 'From when on: 2h or 7d ago, or such as 2030-12-31T18:00Z (7d)')
    .option('--limit <n>', `Times awake to list at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer, world }, [name = ''], flags: WhyFlags) => {
        const since = parsed('--since', flags.since, momentAgo(world.now()));
        const limit = parsed('--limit', flags.limit, integer({ min: 0, max: LIMIT_MAX }));
        const { awake } = await server();
        const why = await awake.why(name, given({ since }));
        const times: AwakeTime[] = [];
        for await (const time of awake.times(name, given({ from: since }))) {
          if (times.length >= (limit ?? LIMIT_DEFAULT)) break;
          times.push(time);
        }
        printer.answer({ ...why, times }, (style) =>
          whyText(why, times, { now: world.now(), style }),
        );
      }),
    );
}

function addAwake(program: Command, run: Run): void {
  program
    .command('awake')
    .description('List who is awake now and why, the costliest of the last day first')
    .option('--limit <n>', `How many at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer }, _, flags: { readonly limit?: string }) => {
        const limit = parsed('--limit', flags.limit, integer({ min: 1, max: LIMIT_MAX }));
        const found = await (await server()).awake.now({ limit: limit ?? LIMIT_DEFAULT });
        printer.answer(found, (style) => awakeText(found, style));
      }),
    );
}

type Shown = { readonly now: number; readonly style: Style };

function whyText(why: Why, times: readonly AwakeTime[], { now, style }: Shown): string {
  const parts = [why.says.join('\n') || 'nothing is known of it'];
  if (times.length > 0) parts.push(timesText(times, now, style));
  if (why.causes.length > 0) parts.push(sumsText(why, style));
  if (why.isCut) parts.push('there were more times awake than are summed here');
  return parts.join('\n\n');
}

function timesText(times: readonly AwakeTime[], now: number, style: Style): string {
  const columns = [
    { head: 'WOKE' },
    { head: 'AWAKE', align: 'right' },
    { head: 'COST', align: 'right' },
    { head: 'ENDED' },
    { head: 'BECAUSE' },
  ] as const;
  const rows = times.map(({ from, lengthMs, cost, ended, cause }) => [
    agoWords(from, now),
    spanWords(lengthMs),
    moneyText(cost),
    ended?.kind ?? style.green('awake'),
    cut(cause.says, SAYS_WIDTH),
  ]);
  return tableText(columns, rows, style);
}

function sumsText({ causes, reasons, total }: Why, style: Style): string {
  const of = (what: string) =>
    [
      { head: what },
      { head: 'WAKES', align: 'right' },
      { head: 'AWAKE', align: 'right' },
      { head: 'COST', align: 'right' },
    ] as const;
  const woken = causes.map(({ kind, role, applicationName, wakes, lengthMs, cost }) => [
    [kind, role, applicationName === '' ? null : applicationName].filter((part) => part).join(' '),
    String(wakes),
    spanWords(lengthMs),
    moneyText(cost),
  ]);
  const sum = ['together', String(total.wakes), spanWords(total.lengthMs), moneyText(total.cost)];
  const kept = reasons.map(({ kind, lengthMs, cost }) => [
    ...[kind, '', spanWords(lengthMs), moneyText(cost)],
  ]);
  return [
    tableText(of('WOKEN BY'), [...woken, sum], style),
    tableText(of('KEPT BY'), kept, style),
  ].join('\n\n');
}

function awakeText({ awake, tenants }: AwakeList, style: Style): string {
  if (tenants.length === 0) return 'nothing is awake';
  const columns = [
    { head: 'NAME' },
    { head: 'AWAKE', align: 'right' },
    { head: 'COST 24 H', align: 'right' },
    { head: 'WOKEN BECAUSE' },
    { head: 'KEPT BY' },
  ] as const;
  const rows = tenants.map(({ name, lengthMs, cost, cause, kept }) => [
    name,
    spanWords(lengthMs),
    moneyText(cost),
    cut(cause.says, SAYS_WIDTH),
    cut(kept?.says ?? '-', SAYS_WIDTH),
  ]);
  const more = awake > tenants.length ? `\n\n${awake} are awake in all` : '';
  return `${tableText(columns, rows, style)}${more}`;
}

/** Two digits that count; the exact amount is in `--json`. */
function moneyText(cost: AwakeTime['cost']): string {
  if (cost === null) return '-';
  const units = Number(cost.amount);
  if (units === 0) return `0 ${cost.currency}`;
  const digits = Math.max(2, 1 - Math.floor(Math.log10(Math.abs(units))));
  return `${units.toFixed(Math.min(12, digits))} ${cost.currency}`;
}
