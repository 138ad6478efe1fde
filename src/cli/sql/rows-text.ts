/** Rows as aligned text, in the form of psql. */
import type { Style } from '../words/style.ts';
import { cut, padEnd, padStart, widthOf } from '../words/width.ts';
import type { Display } from './display.ts';
import { fitted } from './fit.ts';
import type { ResultColumn, StatementResult } from './query.ts';
import { MONEY_OID, NUMBER_OIDS } from './type-oids.ts';

const TAB = '        ';

export type TextOptions = {
  readonly display: Display;
  /** Columns that there are; null for as many as it takes. */
  readonly room: number | null;
  readonly style: Style;
};

/** A table and the number of its rows, or what the statement did; null if that is not wanted. */
export function resultText(result: StatementResult, options: TextOptions): string | null {
  const { columns, rows, tag } = result;
  const { display, room } = options;
  if (columns === null) return display.tuplesOnly ? null : tag;
  const cells = rows.map((row) => columns.map((_, i) => linesOf(row[i] ?? null, display.nullText)));
  const natural = columns.map(({ name }, i) =>
    widest([[visible(name)], ...cells.map((row) => row[i] ?? [])]),
  );
  const table: Table = { columns, rows, cells, widths: natural };
  if (rows.length > 0 && display.expanded === 'on') return recordsText(table, options);
  if (rows.length === 0 || display.expanded === 'off' || room === null) {
    return alignedText(table, options);
  }
  const fitting = columns.map((column, i) => ({
    width: natural[i] ?? 0,
    mayBeCut: !isNumber(column),
  }));
  const widths = fitted(fitting, room);
  return widths === null ? recordsText(table, options) : alignedText({ ...table, widths }, options);
}

type Table = {
  readonly columns: readonly ResultColumn[];
  readonly rows: StatementResult['rows'];
  /** The lines of each cell. */
  readonly cells: readonly (readonly (readonly string[])[])[];
  readonly widths: readonly number[];
};

const widest = (cells: readonly (readonly string[])[]): number => {
  let most = 0;
  for (const lines of cells) for (const line of lines) most = Math.max(most, widthOf(line));
  return most;
};

function alignedText(table: Table, { display, style }: TextOptions): string | null {
  const { columns, rows, widths, cells } = table;
  const body = cells.flatMap((row, r) => rowLines(row, { table, nulls: rows[r] ?? [], style }));
  if (display.tuplesOnly) return body.length === 0 ? null : body.join('\n');
  const head = columns
    .map(
      ({ name }, i) =>
        ` ${style.bold(centred(cut(visible(name), widths[i] ?? 0), widths[i] ?? 0))} `,
    )
    .join('|');
  const rule = widths.map((width) => '-'.repeat(width + 2)).join('+');
  const count = rows.length === 1 ? '(1 row)' : `(${rows.length} rows)`;
  return [head.trimEnd(), rule, ...body, count].join('\n');
}

type RowShape = {
  readonly table: Table;
  readonly nulls: readonly (string | null)[];
  readonly style: Style;
};

/** One row may take several lines; a `+` says that a cell goes on in the next. */
function rowLines(row: readonly (readonly string[])[], shape: RowShape): readonly string[] {
  const { columns, widths } = shape.table;
  const height = Math.max(1, ...row.map((lines) => lines.length));
  return Array.from({ length: height }, (_, n) =>
    row
      .map((lines, i) => {
        const pad = isNumber(columns[i]) ? padStart : padEnd;
        const text = pad(cut(lines[n] ?? '', widths[i] ?? 0), widths[i] ?? 0);
        const shown = (shape.nulls[i] ?? null) === null ? shape.style.dim(text) : text;
        return ` ${shown}${n + 1 < lines.length ? '+' : ' '}`;
      })
      .join('|')
      .trimEnd(),
  );
}

/** One value a line, for rows too wide to read. */
function recordsText({ columns, rows, cells }: Table, { display, style }: TextOptions): string {
  const width = Math.max(0, ...columns.map((c) => widthOf(visible(c.name))));
  return cells
    .flatMap((row, r) => [
      ...(display.tuplesOnly
        ? r === 0
          ? []
          : ['']
        : [style.bold(`-[ RECORD ${r + 1} ]${'-'.repeat(Math.max(1, width - 8))}`)]),
      ...columns.flatMap((column, i) =>
        (row[i] ?? []).map((line, n) => {
          const name = padEnd(n === 0 ? visible(column.name) : '', width);
          return `${name} | ${(rows[r]?.[i] ?? null) === null ? style.dim(line) : line}`.trimEnd();
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

/** The lines of a cell. A text that happens to say what NULL is shown as is quoted: the two differ. */
function linesOf(value: string | null, nullText: string): readonly string[] {
  if (value === null) return [nullText];
  if (value === nullText && nullText !== '') return [`"${nullText}"`];
  return value.split(/\r?\n/).map(visible);
}

/** What a terminal would obey is shown, not sent. */
export const visible = (text: string): string =>
  text
    .replaceAll('\t', TAB)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (c) => {
      const code = c.charCodeAt(0).toString(16).padStart(2, '0');
      return `\\x${code.toUpperCase()}`;
    })
    // They turn what follows round, so that it reads as something else.
    .replaceAll(
      /[\u202a-\u202e\u2066-\u2069]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).toUpperCase()}`,
    );
