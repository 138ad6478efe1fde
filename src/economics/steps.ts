/** Long arithmetic in steps: whoever runs it may do something else between two of them. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Rows of a step: some milliseconds. */
const AT_ONCE = 1_000;

export function* inSteps<T, R>(rows: readonly T[], of: (row: T, at: number) => R): Steps<R[]> {
  const results: R[] = [];
  for (const [at, row] of rows.entries()) {
    results.push(of(row, at));
    if ((at + 1) % AT_ONCE === 0) yield;
  }
  return results;
}

/** All steps at once. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
