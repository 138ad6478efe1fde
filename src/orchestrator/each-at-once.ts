/** Much of the same, a few at a time. */

/** Tenants healed, stopped or asked about at once; more would only wait for the same two cores. */
const AT_ONCE = 8;

/** Runs `work` on every item, `AT_ONCE` at a time. `work` must not throw. */
export async function eachAtOnce<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const one = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}
