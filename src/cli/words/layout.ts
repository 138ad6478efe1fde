/** Tables and lists for people. */
import type { Style } from './style.ts';
import { padEnd, padStart, widthOf } from './width.ts';

export type Column = { readonly head: string; readonly align?: 'left' | 'right' };

const GAP = '  ';

/** Rows under a heading, columns as wide as need be, no line at the end. */
export function tableText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
): string {
  const widths = columns.map(({ head }, i) =>
    Math.max(widthOf(head), ...rows.map((row) => widthOf(row[i] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const pad = columns[i]?.align === 'right' ? padStart : padEnd;
        return pad(cell, widths[i] ?? 0);
      })
      .join(GAP)
      .trimEnd();
  return [style.bold(line(columns.map((c) => c.head))), ...rows.map(line)].join('\n');
}

/** `name  value`, one a line, values aligned. */
export function factsText(facts: readonly (readonly [string, string])[], style: Style): string {
  const width = Math.max(0, ...facts.map(([name]) => widthOf(name)));
  return facts.map(([name, value]) => `${style.dim(padEnd(name, width))}${GAP}${value}`).join('\n');
}
