/** What was run of late, kept in this browser alone, for each database by itself. */

export type Ran = {
  readonly at: number;
  readonly sql: string;
  readonly ms: number | null;
  /** Of the last statement; null where it gave none, or failed. */
  readonly rows: number | null;
  readonly isFailed: boolean;
};

const KEPT = 100;

/** Longer ones would fill the browser's store. */
const LENGTH_MAX = 10_000;

const place = (tenant: string): string => `sql-history-${tenant}`;

type Shelf = Pick<Storage, 'getItem' | 'setItem'>;

/** The latest first. What is there and cannot be read is nothing. */
export function historyOf(shelf: Shelf, tenant: string): readonly Ran[] {
  try {
    const found: unknown = JSON.parse(shelf.getItem(place(tenant)) ?? '[]');
    return Array.isArray(found) ? found.filter(isRan) : [];
  } catch {
    return [];
  }
}

const isRan = (one: Partial<Ran> | null): one is Ran =>
  typeof one?.sql === 'string' && typeof one.at === 'number';

/** The same statement again stands there once. A browser that keeps nothing is no failure. */
export function remember(shelf: Shelf, tenant: string, ran: Ran): readonly Ran[] {
  const before = historyOf(shelf, tenant).filter(({ sql }) => sql !== ran.sql);
  const all = [{ ...ran, sql: ran.sql.slice(0, LENGTH_MAX) }, ...before].slice(0, KEPT);
  try {
    shelf.setItem(place(tenant), JSON.stringify(all));
  } catch {
    // It is full, or closed to us.
  }
  return all;
}
