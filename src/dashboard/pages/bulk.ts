/** Something done to many, one by one: few at a time, so that nobody else has to wait for it. */

const AT_ONCE = 4;

export type Failure = { readonly name: string; readonly why: string };

export type Done = {
  readonly done: number;
  readonly failures: readonly Failure[];
  /** Whom nothing was done to, since it was stopped. */
  readonly left: readonly string[];
};

/** Does it to each, `AT_ONCE` at a time. After `signal` aborts no other is begun; those that are under way are waited for. */
export async function doToEach(
  names: readonly string[],
  deed: (name: string) => Promise<unknown>,
  { told, signal }: { readonly told: (done: number) => void; readonly signal: AbortSignal },
): Promise<Done> {
  const left = [...names].reverse();
  const failures: Failure[] = [];
  let done = 0;
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      const name = left.pop();
      if (name === undefined) return;
      try {
        await deed(name);
        done += 1;
      } catch (error) {
        failures.push({ name, why: error instanceof Error ? error.message : String(error) });
      }
      told(done + failures.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, failures, left: left.reverse() };
}

export type Reason = { readonly why: string; readonly names: readonly string[] };

/** What failed, by why, the most first; a name in the words of one failure does not make it another. */
export function reasonsOf(failures: readonly Failure[]): readonly Reason[] {
  const byWhy = Map.groupBy(failures, ({ name, why }) => why.replaceAll(name, '…'));
  return [...byWhy]
    .map(([why, all]) => ({ why, names: all.map(({ name }) => name) }))
    .toSorted((one, other) => other.names.length - one.names.length);
}
