/** `dynabase kpis` and `status-link`: how the server does, and where that can be seen. */
import type { Command } from 'commander';
import type { Fleet, Kpi, KpiReport, TierFlows } from '../../contract/service/health.ts';
import type { Run } from '../command.ts';
import { dayMoment } from '../options/day-moment.ts';
import { given } from '../options/fields.ts';
import { tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';

export function addHealthCommands(program: Command, run: Run): void {
  program
    .command('kpis')
    .description('Show what the product is measured by, against its targets')
    .option('--why', 'Say how each is measured, or why it is not known')
    .action(
      run(async ({ server, printer }, _, flags: { readonly why?: boolean }) => {
        const found = await (await server()).health.kpis();
        printer.answer(found, (style) => kpisText(found, flags.why === true, style));
      }),
    );
  addFleet(program, run);
  program
    .command('status-link')
    .argument('<name>', 'Name or id')
    .description('Show where the public status page of a tenant is')
    .action(
      run(async ({ server, printer }, [name = '']) => {
        const found = await (await server()).health.statusLink(name);
        printer.answer(found, () => found.path ?? 'none: see --status-page of "dynabase up"');
      }),
    );
}

function addFleet(program: Command, run: Run): void {
  program
    .command('fleet')
    .description('Show how tenants have woken in the last hour')
    .action(
      run(async ({ server, printer }) => {
        const found = await (await server()).health.fleet();
        printer.answer(found, (style) => fleetText(found, style));
      }),
    );
  program
    .command('tier-flows')
    .description('Show how often tenants went from one tier to another, by day')
    .option(
      '--from <day>',
      'The first day, such as 2026-11-01, in UTC; seven days ago if not given',
    )
    .option('--to <day>', 'The last day')
    .action(
      run(
        async ({ server, printer }, _, flags: { readonly from?: string; readonly to?: string }) => {
          const [from, to] = [dayMoment('--from', flags.from), dayMoment('--to', flags.to)];
          const found = await (await server()).health.tierFlows(given({ from, to }));
          printer.answer(found, (style) => flowsText(found, style));
        },
      ),
    );
}

function fleetText({ wakesPerMinute, wakes }: Fleet, style: Style): string {
  const right = 'right' as const;
  const waited = (ms: number | null): string => (ms === null ? '-' : `${Math.round(ms)} ms`);
  const table = tableText(
    [
      ...[{ head: 'FROM' }, { head: 'WAKES', align: right }, { head: 'P50', align: right }],
      ...[
        { head: 'P95', align: right },
        { head: 'P99', align: right },
      ],
    ],
    wakes.map(({ from, times, p50Ms, p95Ms, p99Ms }) => [
      ...[from, String(times), waited(p50Ms), waited(p95Ms), waited(p99Ms)],
    ]),
    style,
  );
  return `${table}\n${style.dim(`of the last hour; ${wakesPerMinute} in the last whole minute`)}`;
}

function flowsText({ flows, from, to }: TierFlows, style: Style): string {
  const columns = [
    ...[{ head: 'DAY' }, { head: 'FROM' }, { head: 'TO' }],
    ...[{ head: 'TIMES', align: 'right' as const }],
  ];
  const rows = flows.map((one) => [one.day, one.from, one.to, String(one.times)]);
  return `${tableText(columns, rows, style)}\n${style.dim(`from ${from} to before ${to}`)}`;
}

function kpisText({ kpis, from, to }: KpiReport, why: boolean, style: Style): string {
  const right = 'right' as const;
  const columns = [
    ...[{ head: 'FIGURE' }, { head: 'PLAN' }, { head: 'VALUE', align: right }],
    ...[{ head: 'TARGET', align: right }, { head: '' }, ...(why ? [{ head: 'HOW' }] : [])],
  ];
  const rows = kpis.map((kpi) => [
    ...[kpi.title, kpi.plan ?? '', kpi.value === null ? '?' : valueText(kpi.value, kpi.unit)],
    ...[`${SIGNS[kpi.target.is]} ${valueText(kpi.target.value, kpi.unit)}`],
    ...[verdictText(kpi, style), ...(why ? [kpi.why ?? kpi.measured] : [])],
  ]);
  const table = tableText(columns, rows, style);
  return `${table}\n${style.dim(`from ${from} to ${to}`)}`;
}

const SIGNS: Readonly<Record<Kpi['target']['is'], string>> = {
  below: '<',
  above: '>',
  'at most': '<=',
  'at least': '>=',
};

function verdictText({ isMet }: Kpi, style: Style): string {
  if (isMet === null) return style.dim('-');
  return isMet ? style.green('met') : style.red('missed');
}

function valueText(value: number, unit: Kpi['unit']): string {
  switch (unit) {
    case 'ratio':
      return `${(value * 100).toFixed(1)} %`;
    case 'seconds':
      return value < 1 ? `${Math.round(value * 1_000)} ms` : `${value.toFixed(1)} s`;
    case 'dollars':
      return `$${value.toFixed(2)}`;
    case 'count':
    case 'score':
      return String(value);
    default:
      return unit satisfies never;
  }
}
