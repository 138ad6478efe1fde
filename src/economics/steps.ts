/** Long arithmetic in steps: whoever runs it may do something else between two of them. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Rows of a step: some milliseconds. */
const AT_ONCE = 1_000;

export function* inSteps<T, R>(rows: readonly T[], of: (row: T, at: number) => R): Steps<R[]> {
  const results: R[] = [];
  for (let begin = 0; begin < rows.length; begin += AT_ONCE) {
    if (begin > 0) yield;
    for (const row of rows.slice(begin, begin + AT_ONCE)) results.push(of(row, results.length));
  }
  return results;
}

/** In the order of `compare`, equal ones as they came. */
export function* inOrder<T>(
  rows: readonly T[],
  compare: (one: T, other: T) => number,
): Steps<readonly T[]> {
  let runs: (readonly T[])[] = [];
  for (let begin = 0; begin < rows.length; begin += AT_ONCE) {
    if (begin > 0) yield;
    runs.push(rows.slice(begin, begin + AT_ONCE).toSorted(compare));
  }
  while (runs.length > 1) {
    const longer: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      longer.push(yield* merged(runs[at] ?? [], runs[at + 1] ?? [], compare));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged<T>(
  one: readonly T[],
  other: readonly T[],
  compare: (one: T, other: T) => number,
): Steps<readonly T[]> {
  const all: T[] = [];
  let next = 0;
  yield* inSteps(one, (mine) => {
    for (let theirs = other[next]; theirs !== undefined; theirs = other[next]) {
      if (compare(mine, theirs) <= 0) break;
      all.push(theirs);
      next += 1;
    }
    all.push(mine);
  });
  yield* inSteps(other.slice(next), (theirs) => all.push(theirs));
  return all;
}

/** All steps at once. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** All steps, with a pause between each two. */
export async function inTurns<T>(steps: Steps<T>, pause: () => Promise<void>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await pause();
  }
}
