/** Makes a table as narrow as a terminal, or says that it cannot be. */

/** A column of text that is cut shows at least this much; what is narrower is not cut. */
const CUT_WIDTH_MIN = 12;

/** A space on either side of each column, and a bar between two. */
const AROUND = 3;

export type FitColumn = {
  /** Of its widest cell. */
  readonly width: number;
  /** Whether its cells may lose their ends; numbers may not, since less of one is another. */
  readonly mayBeCut: boolean;
};

/** Widths that fit in `room`, the widest columns cut first; null if too little would be left of them. */
export function fitted(columns: readonly FitColumn[], room: number): readonly number[] | null {
  const taken = columns.length * AROUND - 1;
  const available = room - taken;
  const natural = columns.map(({ width }) => width);
  if (sum(natural) <= available) return natural;
  const least = columns.map(({ width, mayBeCut }) =>
    mayBeCut ? Math.min(width, CUT_WIDTH_MIN) : width,
  );
  if (sum(least) > available) return null;
  const widest = columns.filter((c) => c.mayBeCut).map((c) => c.width);
  let cap = Math.max(CUT_WIDTH_MIN, ...widest);
  while (cap > CUT_WIDTH_MIN && sum(capped(columns, cap)) > available) cap -= 1;
  return spread(columns, cap, available);
}

/** What is left over goes to the first columns that are still cut. */
function spread(columns: readonly FitColumn[], cap: number, available: number): readonly number[] {
  const widths = capped(columns, cap);
  let left = available - sum(widths);
  return widths.map((width, i) => {
    if (left <= 0 || width >= (columns[i]?.width ?? 0)) return width;
    left -= 1;
    return width + 1;
  });
}

const capped = (columns: readonly FitColumn[], cap: number): readonly number[] =>
  columns.map(({ width, mayBeCut }) => (mayBeCut ? Math.min(width, cap) : width));

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
