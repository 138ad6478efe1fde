/** Work on much data at once, in steps between which others on the same thread have their turn. */

/** Yields where it may be interrupted. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all steps at once: for little data, and where nobody waits. */
export function atOnce<T>(steps: Steps<T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Rows, chunks or the like that are dealt with in a millisecond or two. */
const ROWS_AT_ONCE = 1_000;

/** Goes through `items`; what it costs to deal with one is that of `rows(item)` rows. */
export function* each<T>(
  items: Iterable<T>,
  work: (item: T) => void,
  rows: (item: T) => number = () => 1,
): Steps<void> {
  let done = 0;
  for (const item of items) {
    work(item);
    done += rows(item);
    if (done < ROWS_AT_ONCE) continue;
    done = 0;
    yield;
  }
}
