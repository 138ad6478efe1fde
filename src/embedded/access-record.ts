/**
 * How often the relations of a tenant were asked for of late, and what their counters stood at when we
 * last looked. PostgreSQL's counters survive a clean stop and begin again after a crash, so what counts
 * is how far they have moved, from zero where they have fallen. What was counted before fades.
 *
 * Kept as JSON beside the data directory, at most 32 kB.
 */
import type { PageCounts, RelationShare } from './levels/buffers.ts';

const VERSION = 1;
const LENGTH_MAX = 32 * 1_024;
const RELATIONS_MAX = 400;

/** What counts of the accesses before the last look, each time. */
const FADE = 0.7;

type Access = {
  readonly database: number;
  /** 0 for all system catalogs of the database. */
  readonly oid: number;
  readonly node: number;
  /** As the counter stood. */
  readonly fetched: number;
  /** Accesses, faded. */
  readonly weight: number;
};

export type AccessRecord = {
  /** Which run of the compute this was written in. */
  readonly run: string;
  /** Counters at the start of that run, as far as they are known. */
  readonly base: PageCounts;
  /** Counters when it was written. */
  readonly last: PageCounts;
  /** The most used first. */
  readonly relations: readonly Access[];
};

export const NO_RECORD: AccessRecord = {
  run: '',
  base: { hit: 0, read: 0 },
  last: { hit: 0, read: 0 },
  relations: [],
};

/** What a compute tells now. */
export type Seen = {
  readonly run: string;
  readonly pages: PageCounts;
  /** Those databases that were looked at. */
  readonly databases: ReadonlySet<number>;
  readonly relations: readonly Omit<Access, 'weight'>[];
};

type RunPages = Pick<Seen, 'run' | 'pages'>;

/** A counter that has fallen began again at zero. */
const moved = (before: number, now: number): number => (now >= before ? now - before : now);

const movedPages = (before: PageCounts, now: PageCounts): PageCounts =>
  now.hit >= before.hit && now.read >= before.read
    ? { hit: now.hit - before.hit, read: now.read - before.read }
    : now;

/** Counters at the start of this run: as an earlier look in it had them, or as the last run left them. */
function baseOf(record: AccessRecord, { run, pages }: RunPages): PageCounts {
  const base = record.run === run ? record.base : record.last;
  return pages.hit >= base.hit && pages.read >= base.read ? base : { hit: 0, read: 0 };
}

/** Pages asked for in this run. What came between the last look and the last stop counts as well. */
export const pagesOfRun = (record: AccessRecord, seen: RunPages): PageCounts =>
  movedPages(baseOf(record, seen), seen.pages);

export function advanced(record: AccessRecord, seen: Seen): AccessRecord {
  const known = new Map(record.relations.map((one) => [keyOf(one), one]));
  const { hit, read } = movedPages(record.last, seen.pages);
  const relations = seen.relations.map((one) => {
    const before = known.get(keyOf(one));
    // One that was not worth keeping, and has counted since long ago, cannot have more than all have.
    const since = before ? moved(before.fetched, one.fetched) : Math.min(one.fetched, hit + read);
    return { ...one, weight: (before?.weight ?? 0) * FADE + since };
  });
  const unseen = record.relations
    .filter(({ database }) => !seen.databases.has(database))
    .map((one) => ({ ...one, weight: one.weight * FADE }));
  return {
    run: seen.run,
    base: baseOf(record, seen),
    last: seen.pages,
    relations: [...relations, ...unseen]
      .filter(({ weight, fetched }) => weight >= 1 || fetched > 0)
      .toSorted((a, b) => b.weight - a.weight)
      .slice(0, RELATIONS_MAX),
  };
}

const keyOf = ({ database, oid }: Pick<Access, 'database' | 'oid'>): string => `${database}/${oid}`;

/** Shares of all accesses, 0 to 1, the largest first. Node 0 stands for a database's catalogs. */
export function sharesOf({ relations }: AccessRecord): RelationShare[] {
  const all = relations.reduce((sum, { weight }) => sum + weight, 0);
  if (all === 0) return [];
  return relations.map(({ database, node, weight }) => ({ database, node, share: weight / all }));
}

export function accessRecordText(record: AccessRecord): string {
  const { run, base, last, relations } = record;
  const rows = relations.map(({ database, oid, node, fetched, weight }) => [
    ...[database, oid, node, fetched, Math.round(weight)],
  ]);
  const text = JSON.stringify({ version: VERSION, run, base, last, relations: rows });
  if (text.length <= LENGTH_MAX) return text;
  return accessRecordText({ ...record, relations: relations.slice(0, relations.length >> 1) });
}

/** As it was written; none if it is none of ours, or damaged. */
export function parseAccessRecord(text: string): AccessRecord {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return NO_RECORD;
  }
  const { version, run, base, last, relations } = (read ?? {}) as Record<string, unknown>;
  if (version !== VERSION || typeof run !== 'string') return NO_RECORD;
  if (!isPages(base) || !isPages(last) || !Array.isArray(relations)) return NO_RECORD;
  return { run, base, last, relations: relations.slice(0, RELATIONS_MAX).flatMap(accessOf) };
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

function isPages(value: unknown): value is PageCounts {
  const { hit, read } = (value ?? {}) as Record<string, unknown>;
  return isCount(hit) && isCount(read);
}

function accessOf(row: unknown): Access[] {
  if (!Array.isArray(row) || row.length !== 5 || !row.every(isCount)) return [];
  const [database = 0, oid = 0, node = 0, fetched = 0, weight = 0] = row;
  return [{ database, oid, node, fetched, weight }];
}
