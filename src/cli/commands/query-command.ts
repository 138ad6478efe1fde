/** `dynabase query`: SQL over the API, where no PostgreSQL port is within reach. */
import type { Command } from 'commander';
import type { Query, QueryResult } from '../../contract/inside/query.ts';
import {
  QUERY_BODY_BYTES_MAX,
  QUERY_ROWS_DEFAULT,
  QUERY_ROWS_MAX,
  QUERY_TIMEOUT_DEFAULT_MS,
  QUERY_TIMEOUT_MAX_MS,
} from '../../contract/limits.ts';
import { DynaBaseError } from '../../sdk/error.ts';
import type { Run } from '../command.ts';
import { badRequest } from '../failure.ts';
import { collected, given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { duration, durationText, integer } from '../options/parse.ts';
import { DISPLAY, widthFor } from '../sql/display.ts';
import { exactRows } from '../sql/exact-rows.ts';
import { noticeText } from '../sql/notice-text.ts';
import { resultText } from '../sql/rows-text.ts';
import type { Style } from '../words/style.ts';
import { spanWords } from '../words/words.ts';
import type { World } from '../world.ts';

type Flags = {
  readonly readOnly?: true;
  readonly role?: string;
  readonly database?: string;
  readonly param?: readonly string[];
  readonly rowsMax?: string;
  readonly timeout?: string;
};

const STANDARD = '-';

export function addQueryCommand(program: Command, run: Run): void {
  program
    .command('query')
    .argument('<name>', 'Name or id')
    .argument('<sql>', `The statement, or "${STANDARD}" for standard input`)
    .description('Run SQL as the owner of a tenant over the API; wakes it')
    .option('--read-only', 'Refuse whatever writes')
    .option('--role <role>', 'Act as this role')
    .option('--database <database>', "The tenant's own if not given")
    .option('--param <value>', 'For $1, the next for $2, and so on', collected)
    .option('--rows-max <n>', `Rows given at most (${QUERY_ROWS_DEFAULT})`)
    .option(
      '--timeout <duration>',
      `How long it may take (${durationText(QUERY_TIMEOUT_DEFAULT_MS)})`,
    )
    .action(
      run(async ({ server, printer, world }, [name = '', sql = ''], flags: Flags) => {
        const rows = integer({ min: 1, max: QUERY_ROWS_MAX });
        const timeout = duration({ min: 100, max: QUERY_TIMEOUT_MAX_MS });
        const query: Query = {
          sql: sql === STANDARD ? await inputOf(world) : sql,
          ...given({
            readOnly: flags.readOnly,
            role: flags.role,
            database: flags.database,
            params: flags.param === undefined ? undefined : [...flags.param],
            rowsMax: parsed('--rows-max', flags.rowsMax, rows),
            timeoutMs: parsed('--timeout', flags.timeout, timeout),
          }),
          // For people each column has its place, whatever it is called.
          ...(printer.json ? {} : { arrayMode: true }),
          // As text, since reading an answer would lose digits of its numbers.
          jsonAsText: true,
        };
        const result = await asked((await server()).inside.query(name, query), world);
        printer.answer(printer.json ? exact(result) : result, (style) =>
          queryText(result, widthFor(world.stdout), style),
        );
      }),
    );
}

async function inputOf({ stdin }: World): Promise<string> {
  let sql = '';
  for await (const part of stdin) {
    sql += String(part);
    if (sql.length > QUERY_BODY_BYTES_MAX) throw badRequest('that is too long; use dynabase sql');
  }
  return sql;
}

/** What PostgreSQL says meanwhile goes to standard error, as psql has it, also where it fails in the end. */
async function asked(answer: Promise<QueryResult>, { stderr }: World): Promise<QueryResult> {
  const told = await answer.catch((error: unknown) => {
    const notices = error instanceof DynaBaseError ? error.database?.notices : undefined;
    for (const notice of notices ?? []) stderr.write(noticeText(notice));
    throw error;
  });
  for (const { notices } of told.results ?? [told]) {
    for (const notice of notices) stderr.write(noticeText(notice));
  }
  if (told.noticesLeftOut > 0) stderr.write(`notices left out: ${told.noticesLeftOut}\n`);
  return told;
}

/** For programs, with JSON as JSON. */
function exact(result: QueryResult): QueryResult {
  const read = <R extends One>(one: R): R => ({ ...one, rows: exactRows(one) });
  const { results } = result;
  return { ...read(result), ...(results && { results: results.map(read) }) };
}

type One = NonNullable<QueryResult['results']>[number];

function queryText(result: QueryResult, room: number | null, style: Style): string {
  const all: readonly One[] = result.results ?? [result];
  const woke = result.wakeMs > 0 ? [style.dim(`woke in ${spanWords(result.wakeMs)}`)] : [];
  return [...all.map((one) => oneText(one, room, style)), ...woke].join('\n');
}

function oneText(one: One, room: number | null, style: Style): string {
  const tag = one.rowCount === null ? one.command : `${one.command} ${one.rowCount}`;
  const columns = one.columns.map(({ name, typeId }) => ({ name, typeOid: typeId }));
  const rows = one.rows.map((row) => (Array.isArray(row) ? row.map(cellText) : []));
  const shown = { columns: columns.length === 0 ? null : columns, rows, tag };
  const text = resultText(shown, { display: DISPLAY, room, style }) ?? '';
  return one.truncated ? `${text}\n${style.yellow('there are more rows; see --rows-max')}` : text;
}

function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
