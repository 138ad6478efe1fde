/** Puts what buffers, page cache, files and databases tell into one reading. */
import type { LevelBytes, LevelHits, LevelReading, RelationLevels } from '../../domain/levels.ts';
import type { Seen } from '../access-record.ts';
import type { BuffersUsed, ComputeFacts, PageCounts, RelationShare } from './buffers.ts';
import type { FileFacts } from './page-cache.ts';
import { BLOCK_BYTES, type NamedRelation, relationFile, relationKey } from './relations.ts';

const RELATIONS_MAX = 100;

const CATALOGS = 'system catalogs';

/** What a running compute tells. */
export type Inside = {
  readonly facts: ComputeFacts;
  /** Null where buffers cannot be looked at. */
  readonly used: BuffersUsed | null;
  /** By database, of those that were asked. */
  readonly named: ReadonlyMap<number, readonly NamedRelation[]>;
};

/** Of all files; without what a tenant is not awake to tell. */
export function bytesOf(files: readonly FileFacts[], l1: number | null): LevelBytes {
  const isTold = files.every(({ resident }) => resident !== null);
  return {
    l1,
    l2: isTold ? sum(files, ({ resident }) => resident ?? 0) : null,
    l3: sum(files, ({ allocated }) => allocated),
  };
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

/** Pages asked for in this run, by what served them. `disk` in bytes, null where it is not told. */
export function hitsOf({ hit, read }: PageCounts, disk: number | null): LevelHits {
  if (disk === null) return { l1: hit, l2: null, l3: read };
  // The disk is read for more than pages: for programs, and ahead of what is asked for.
  const l3 = Math.min(read, Math.ceil(disk / BLOCK_BYTES));
  return { l1: hit, l2: read - l3, l3 };
}

export const asleep = (files: readonly FileFacts[]): LevelReading => ({
  bytes: bytesOf(files, 0),
  hits: null,
  relations: [],
});

/** Which file nodes of each database are the largest. */
export function largestNodes(
  files: readonly FileFacts[],
  nodesMax: number,
): ReadonlyMap<number, readonly number[]> {
  const sizes = new Map<number, Map<number, number>>();
  for (const { name, allocated } of files) {
    const relation = relationFile(name);
    if (!relation) continue;
    const nodes = sizes.get(relation.database) ?? new Map<number, number>();
    nodes.set(relation.node, (nodes.get(relation.node) ?? 0) + allocated);
    sizes.set(relation.database, nodes);
  }
  return new Map(
    [...sizes].map(([database, nodes]) => {
      const largest = [...nodes].toSorted((a, b) => b[1] - a[1]).slice(0, nodesMax);
      return [database, largest.map(([node]) => node)];
    }),
  );
}

/** What the record of accesses takes of it. */
export function seenIn({ facts, named }: Inside): Seen {
  const relations = [...named].flatMap(([database, all]) => {
    const [catalogs, own] = [all.filter(isCatalog), all.filter((one) => !isCatalog(one))];
    const fetched = sum(catalogs, (one) => one.fetched);
    return [
      { database, oid: 0, node: 0, fetched },
      ...own.map((one) => ({ database, oid: one.oid, node: one.node, fetched: one.fetched })),
    ];
  });
  const { run, pages } = facts;
  return { run, pages, databases: new Set(named.keys()), relations };
}

const isCatalog = ({ name }: NamedRelation): boolean => name === '';

type Place = { readonly database: string; readonly relation: string };

/** By which name people know what is in a file. */
function placesOf({ facts, named }: Inside): (name: string) => Place {
  const databases = new Map(facts.databases.map(({ oid, name }) => [oid, name]));
  const names = new Map(
    [...named].flatMap(([database, all]) =>
      all.map((one) => [relationKey(database, one.node), one.name] as const),
    ),
  );
  return (file) => {
    const relation = relationFile(file);
    if (file.startsWith('pg_wal/')) return { database: '', relation: 'write-ahead log' };
    if (!relation) return { database: '', relation: 'other files' };
    if (relation.database === 0) return { database: '', relation: `shared ${CATALOGS}` };
    const database = databases.get(relation.database);
    if (database === undefined) return { database: '', relation: 'databases of the system' };
    if (!named.has(relation.database)) return { database, relation: 'all relations' };
    // What is no relation by that node has its node elsewhere, as only catalogs have.
    const name = names.get(relationKey(relation.database, relation.node));
    return { database, relation: name || CATALOGS };
  };
}

type Sums = Place & { l1: number; l2: number | null; l3: number; share: number };

/** The largest relations on disk, with what they have at each level. */
export function relationsOf(
  inside: Inside,
  files: readonly FileFacts[],
  shares: readonly RelationShare[],
): RelationLevels[] {
  const placeOf = placesOf(inside);
  const { used } = inside;
  const all = new Map<string, Sums>();
  const sumsOf = (place: Place): Sums => {
    const key = `${place.database}\0${place.relation}`;
    const known = all.get(key) ?? { ...place, l1: 0, l2: 0, l3: 0, share: 0 };
    all.set(key, known);
    return known;
  };
  for (const { name, allocated, resident } of files) {
    const sums = sumsOf(placeOf(name));
    sums.l3 += allocated;
    sums.l2 = sums.l2 === null || resident === null ? null : sums.l2 + resident;
  }
  const nameOf = (database: number, node: number): string =>
    database === 0 ? `global/${node}` : `base/${database}/${node}`;
  for (const { database, node, bytes } of used?.relations ?? []) {
    sumsOf(placeOf(nameOf(database, node))).l1 += bytes;
  }
  for (const { database, node, share } of shares) {
    sumsOf(placeOf(nameOf(database, node))).share += share;
  }
  return [...all.values()]
    .toSorted((a, b) => b.l3 - a.l3)
    .slice(0, RELATIONS_MAX)
    .map(({ database, relation, l1, l2, l3, share }) => ({
      ...{ database, relation, share },
      bytes: { l1: used === null ? null : l1, l2, l3 },
    }));
}
