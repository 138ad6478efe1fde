/** `dynabase audit`: who has changed what. */
import type { Command } from 'commander';
import type { AuditEntry } from '../../contract/access/audit.ts';
import { AUDIT_OUTCOMES } from '../../contract/limits.ts';
import type { Run } from '../command.ts';
import { firstOf, given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, integer, momentAgo } from '../options/parse.ts';
import { visible } from '../sql/rows-text.ts';
import { tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { agoWords } from '../words/words.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 100_000;

type Flags = {
  readonly tenant?: string;
  readonly customer?: string;
  readonly caller?: string;
  readonly operation?: string;
  readonly outcome?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
};

export function addAuditCommand(program: Command, run: Run): void {
  program
    .command('audit')
    .description('List who has changed what, the latest first')
    .option('--tenant <id>', 'Only about the tenant of this id, there or not')
    .option('--customer <id>', 'Only about this customer')
    .option('--caller <id>', 'Only by the key, person or token of this id')
    .option('--operation <text>', 'Only of this kind, such as changeTenant')
    .option('--outcome <outcome>', AUDIT_OUTCOMES.join(', '))
    .option('--from <time>', 'Start: 2h or 7d ago, or such as 2030-12-31T18:00Z')
    .option('--to <time>', 'End')
    .option('--limit <n>', `How many at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer, world }, _, flags: Flags) => {
        const limit = parsed('--limit', flags.limit, integer({ min: 1, max: LIMIT_MAX }));
        const query = given({
          tenant: flags.tenant,
          customer: flags.customer,
          caller: flags.caller,
          operation: flags.operation,
          outcome: parsed('--outcome', flags.outcome, choice(AUDIT_OUTCOMES)),
          from: parsed('--from', flags.from, momentAgo(world.now())),
          to: parsed('--to', flags.to, momentAgo(world.now())),
        });
        const client = await server();
        const found = await firstOf(client.access.audit(query), limit ?? LIMIT_DEFAULT);
        printer.answer(found, (style) => auditText(found, world.now(), style));
      }),
    );
}

function auditText(entries: readonly AuditEntry[], now: number, style: Style): string {
  if (entries.length === 0) return 'nothing';
  const columns = [
    { head: 'WHEN' },
    { head: 'WHO' },
    { head: 'FROM' },
    { head: 'DID' },
    { head: 'ABOUT' },
    { head: 'OUTCOME' },
    { head: 'CHANGED' },
  ] as const;
  const rows = entries.map((entry) => [
    agoWords(entry.at, now),
    visible(entry.caller.name),
    entry.caller.address ?? '-',
    entry.operation,
    visible([entry.tenant ?? entry.customer, entry.target].filter(Boolean).join(' ') || '-'),
    entry.fault ?? entry.outcome,
    visible(changeText(entry)),
  ]);
  return tableText(columns, rows, style);
}

/** `plan free -> starter`. */
function changeText({ before, after }: AuditEntry): string {
  const said = Object.entries(after ?? {}).map(([name, value]) => {
    const was = before === null ? '' : `${textOf(before[name])} -> `;
    return `${name} ${was}${textOf(value)}`;
  });
  return said.length === 0 ? '-' : said.join(', ');
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '-');
