/** Rows as CSV, the way PostgreSQL's own `COPY ... (FORMAT csv)` writes them. */
import type { StatementResult } from './query.ts';

/** A head and a line for each row, without a line feed at the end; null if there is nothing to say. */
export function rowsCsv({ columns, rows }: StatementResult, tuplesOnly: boolean): string | null {
  if (columns === null) return null;
  const head = tuplesOnly ? [] : [columns.map(({ name }) => name)];
  const lines = [...head, ...rows].map((row) => row.map(field).join(','));
  return lines.length === 0 ? null : lines.join('\n');
}

/** NULL is nothing between two commas, and an empty text two quotes. */
function field(value: string | null): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) || value === '\\.'
    ? `"${value.replaceAll('"', '""')}"`
    : value;
}
