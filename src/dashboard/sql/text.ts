/** Values as text: for a cell, and for files that other programs read. */

export type Cell = unknown;

export type Table = {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly Cell[])[];
};

/** As one sees it; NULL is shown apart and is no text. */
export function cellText(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

/** A spreadsheet takes these for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function csvField(value: Cell): string {
  if (value === null || value === undefined) return '';
  const text = cellText(value);
  // A number may begin with a minus; what a stranger has written may not be run by who opens it.
  const safe =
    typeof value === 'string' && FORMULA.test(text) && !isNumber(text) ? `'${text}` : text;
  // An empty text is quoted, so that it is not taken for NULL.
  return safe === '' || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const isNumber = (text: string): boolean => /^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(text);

/** RFC 4180: lines end with CRLF. NULL is nothing, an empty text is `""`. */
export const toCsv = ({ columns, rows }: Table): string =>
  [columns.map(({ name }) => name), ...rows]
    .map((row) => `${row.map(csvField).join(',')}\r\n`)
    .join('');

/** One object a row; columns of one name are told apart by a number. */
export function toJson({ columns, rows }: Table): string {
  const names = distinct(columns.map(({ name }) => name));
  const objects = rows.map((row) =>
    Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])),
  );
  return `${JSON.stringify(objects, null, 2)}\n`;
}

function distinct(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; seen.has(free); n += 1) free = `${name}_${n}`;
    seen.add(free);
    return free;
  });
}
