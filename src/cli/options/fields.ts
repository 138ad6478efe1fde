/** Small things that many commands need. */

/** For a cell or a fact of which there may be none. */
export const orDash = (value: string | number | null | undefined): string =>
  value === null || value === undefined || value === '' ? '-' : String(value);

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that nobody has given. */
export const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

/** The first rows of what comes page by page, or all of them. */
export async function firstOf<T>(
  rows: AsyncIterable<T>,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const row of rows) {
    found.push(row);
    if (found.length >= limit) break;
  }
  return found;
}

/** For an option that may be given several times. */
export const collected = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** An argument that takes all the words that are left. */
export const restOf = (argument: unknown): readonly string[] =>
  Array.isArray(argument) ? argument.map(String) : [];
