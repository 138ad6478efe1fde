/** `dynabase kpis` and `status-link`: how the server does, and where that can be seen. */
import type { Command } from 'commander';
import type { Kpi, KpiReport } from '../contract/health.ts';
import type { Run } from './command.ts';
import { tableText } from './layout.ts';
import type { Style } from './style.ts';

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
