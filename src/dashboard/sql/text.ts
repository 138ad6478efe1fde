/** Values as text: for a cell, and for files that other programs read. */
import { exactJson } from '../../contract/exact-json.ts';
import { moment } from '../format/units.ts';

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

/** More of a value is not seen in a cell, and would take long to lay out. */
const SEEN_MAX = 300;

/** One line, as long as a cell may be. */
export function shortText(value: Cell): string {
  const text = cellText(value);
  const line = text.slice(0, SEEN_MAX).replaceAll(/\r?\n/g, '↵');
  return text.length > SEEN_MAX ? `${line} …` : line;
}

const isJson = (type: string): boolean => /^jsonb?$/.test(type);

/** As it is opened to be read: JSON with a line for each of its parts. */
export function wholeText(value: Cell, type: string): string {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value, null, 2);
  if (!isJson(type) || typeof value !== 'string') return cellText(value);
  try {
    return JSON.stringify(exactJson(value), null, 2);
  } catch {
    return value;
  }
}

/** What a moment is in the viewer's zone; the cell has it in that of the session. Nothing of other types. */
export function inViewersZone(type: string, value: Cell): string | undefined {
  if (!/^(timestamptz|timestamp.* with time zone)$/.test(type) || typeof value !== 'string') return;
  // PostgreSQL's `+00` is less than ECMAScript wants.
  const at = new Date(value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
  if (Number.isNaN(at.getTime())) return;
  return `Here: ${moment(at.toISOString())}`;
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

/** One object a row, JSON as it is, with all its digits; columns of one name are told apart by a number. */
export function toJson({ columns, rows }: Table): string {
  const names = distinct(columns.map(({ name }) => name));
  const objects = rows.map((row) =>
    Object.fromEntries(
      names.map((name, at) => [name, jsonValue(row[at] ?? null, columns[at]?.type ?? '')]),
    ),
  );
  return `${JSON.stringify(objects, null, 2)}\n`;
}

const jsonValue = (value: Cell, type: string): unknown =>
  isJson(type) && typeof value === 'string' ? exactJson(value) : value;

function distinct(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; seen.has(free); n += 1) free = `${name}_${n}`;
    seen.add(free);
    return free;
  });
}
