/** `dynabase statements ...`: what takes the time of a tenant. */
import type { Command } from 'commander';
import type { CountedStatement, StatementList } from '../../contract/inside/statements.ts';
import { STATEMENT_SORTS, STATEMENTS_MAX } from '../../contract/limits.ts';
import type { Run } from '../command.ts';
import { given, orDash } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, integer } from '../options/parse.ts';
import { visible } from '../sql/rows-text.ts';
import { tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { agoWords, countWords, percentWords, spanWords } from '../words/words.ts';

const TENANT = 'Name or id of the tenant';
const LIMIT_DEFAULT = 20;
/** Of a text in a line; `--json` has all of it. */
const TEXT_SHOWN = 100;

export function addStatementCommands(program: Command, run: Run): void {
  const statements = program
    .command('statements')
    .description('Show which statements take the time of a tenant');
  addList(statements, run);
  addForget(statements, run);
}

type ListFlags = { readonly sort?: string; readonly limit?: string };

function addList(statements: Command, run: Run): void {
  statements
    .command('list')
    .alias('ls')
    .argument('<name>', TENANT)
    .description('List the statements that take the time of a tenant, without values; wakes it')
    .option('--sort <statement-sort>', `${STATEMENT_SORTS.join(', ')}: the greatest first`)
    .option('--limit <n>', `How many at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer, world }, [name = ''], flags: ListFlags) => {
        const sort = parsed('--sort', flags.sort, choice(STATEMENT_SORTS));
        const most = integer({ min: 1, max: STATEMENTS_MAX });
        const limit = parsed('--limit', flags.limit, most) ?? LIMIT_DEFAULT;
        const found = await (await server()).inside.statements(name, given({ sort, limit }));
        printer.answer(found, (style) => statementsText(found, world.now(), style));
      }),
    );
}

function addForget(statements: Command, run: Run): void {
  statements
    .command('forget')
    .argument('<name>', TENANT)
    .description('Count the statements of a tenant from zero; wakes it')
    .action(
      run(async ({ server, printer }, [tenant = '']) => {
        await (await server()).inside.forgetStatements(tenant);
        printer.answer({ tenant, forgotten: true }, () => 'statements are counted from zero');
      }),
    );
}

const UNCOUNTED = {
  engine: 'not counted: the PostgreSQL of this server has no pg_stat_statements',
  restart:
    'not counted yet: the tenant runs since before statements were; `dynabase restart` has them counted',
} as const;

function statementsText(found: StatementList, now: number, style: Style): string {
  if (found.uncounted !== null) return UNCOUNTED[found.uncounted];
  const since = found.since === null ? '' : `, counted since ${agoWords(found.since, now)}`;
  if (found.statements.length === 0) return `nothing was asked${since}`;
  const columns = [
    { head: 'SHARE', align: 'right' },
    { head: 'TOTAL', align: 'right' },
    { head: 'CALLS', align: 'right' },
    { head: 'MEAN', align: 'right' },
    { head: 'LONGEST', align: 'right' },
    { head: 'ROWS', align: 'right' },
    { head: 'ROLE' },
    { head: 'STATEMENT' },
  ] as const;
  const told = `${found.statements.length} of ${countWords(found.known)}${since}`;
  return `${tableText(columns, found.statements.map(rowOf), style)}\n${style.dim(told)}`;
}

const rowOf = (one: CountedStatement): readonly string[] => [
  percentWords(one.share),
  shortWords(one.totalMs),
  countWords(one.calls),
  shortWords(one.meanMs),
  shortWords(one.longestMs),
  countWords(one.rows),
  visible(orDash(one.role)),
  lineOf(one),
];

function lineOf({ text, cut }: CountedStatement): string {
  const line = visible(text.replaceAll(/\s+/g, ' ').trim());
  return cut || line.length > TEXT_SHOWN ? `${line.slice(0, TEXT_SHOWN)}…` : line;
}

/** Statements are told apart below a millisecond. */
const shortWords = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(ms < 1 ? 3 : 2)} ms` : spanWords(ms);
