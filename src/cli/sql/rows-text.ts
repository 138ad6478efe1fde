/** Rows as aligned text, in the form of psql. */
import type { Style } from '../style.ts';
import { padEnd, padStart, widthOf } from '../width.ts';
import type { ResultColumn, StatementResult } from './query.ts';
import { MONEY_OID, NUMBER_OIDS } from './type-oids.ts';

const NULL = 'NULL';
const TAB = '        ';

/** A table and the number of its rows, or what the statement did. */
export function resultText(result: StatementResult, expanded: boolean, style: Style): string {
  const { columns, rows, tag } = result;
  if (columns === null) return tag;
  const count = rows.length === 1 ? '(1 row)' : `(${rows.length} rows)`;
  if (expanded && rows.length > 0) return recordsText(columns, rows, style);
  return `${alignedText(columns, rows, style)}\n${count}`;
}

function alignedText(
  columns: readonly ResultColumn[],
  rows: StatementResult['rows'],
  style: Style,
): string {
  const cells = rows.map((row) => columns.map((_, i) => linesOf(row[i] ?? null)));
  const heads = columns.map((c) => visible(c.name));
  const widths = heads.map((head, i) =>
    Math.max(widthOf(head), ...cells.flatMap((row) => (row[i] ?? []).map(widthOf))),
  );
  const head = heads.map((name, i) => ` ${style.bold(centred(name, widths[i] ?? 0))} `).join('|');
  const rule = widths.map((width) => '-'.repeat(width + 2)).join('+');
  const body = cells.flatMap((row, r) =>
    rowLines(row, { columns, widths, nulls: rows[r] ?? [], style }),
  );
  return [head.trimEnd(), rule, ...body].join('\n');
}

type RowShape = {
  readonly columns: readonly ResultColumn[];
  readonly widths: readonly number[];
  readonly nulls: readonly (string | null)[];
  readonly style: Style;
};

/** One row may take several lines; a `+` says that a cell goes on in the next. */
function rowLines(row: readonly (readonly string[])[], shape: RowShape): readonly string[] {
  const height = Math.max(1, ...row.map((lines) => lines.length));
  return Array.from({ length: height }, (_, n) =>
    row
      .map((lines, i) => {
        const pad = isNumber(shape.columns[i]) ? padStart : padEnd;
        const text = pad(lines[n] ?? '', shape.widths[i] ?? 0);
        const shown = (shape.nulls[i] ?? null) === null ? shape.style.dim(text) : text;
        return ` ${shown}${n + 1 < lines.length ? '+' : ' '}`;
      })
      .join('|')
      .trimEnd(),
  );
}

/** One value a line, for rows too wide to read. */
function recordsText(
  columns: readonly ResultColumn[],
  rows: StatementResult['rows'],
  style: Style,
): string {
  const width = Math.max(...columns.map((c) => widthOf(visible(c.name))));
  return rows
    .flatMap((row, r) => [
      style.bold(`-[ RECORD ${r + 1} ]${'-'.repeat(Math.max(1, width - 8))}`),
      ...columns.flatMap((column, i) =>
        linesOf(row[i] ?? null).map((line, n) => {
          const name = padEnd(n === 0 ? visible(column.name) : '', width);
          return `${name} | ${(row[i] ?? null) === null ? style.dim(line) : line}`.trimEnd();
        }),
      ),
    ])
    .join('\n');
}

const isNumber = (column: ResultColumn | undefined): boolean =>
  column !== undefined && (NUMBER_OIDS.has(column.typeOid) || column.typeOid === MONEY_OID);

function centred(text: string, width: number): string {
  const left = Math.floor((width - widthOf(text)) / 2);
  return padEnd(' '.repeat(Math.max(0, left)) + text, width);
}

/** The lines of a cell. A text that happens to say NULL is quoted, so that the two differ. */
function linesOf(value: string | null): readonly string[] {
  if (value === null) return [NULL];
  if (value === NULL) return [`"${NULL}"`];
  return value.split(/\r?\n/).map(visible);
}

/** What a terminal would obey is shown, not sent. */
const visible = (text: string): string =>
  text
    .replaceAll('\t', TAB)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (c) => {
      const code = c.charCodeAt(0).toString(16).padStart(2, '0');
      return `\\x${code.toUpperCase()}`;
    });
