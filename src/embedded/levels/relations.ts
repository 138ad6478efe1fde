/**
 * Relations, the files they are in, and the names people know them by.
 *
 * A relation is told by database and file node, as the buffers and the files tell it; shared ones are
 * in database 0. Source: PostgreSQL `src/common/relpath.c`.
 */
import type pg from 'pg';

export const BLOCK_BYTES = 8_192;
/** Of a file; a longer relation has several. */
const BLOCKS_A_FILE = 131_072;

const FORKS: readonly string[] = ['', '_fsm', '_vm', '_init'];
const FILE_NAME = /^(?:global|base\/(\d{1,10}))\/(\d{1,10})(_fsm|_vm|_init)?(?:\.(\d{1,6}))?$/;

export type RelationFile = {
  readonly database: number;
  readonly node: number;
  readonly fork: number;
  /** The first block that it has. */
  readonly block: number;
};

/** Of a name relative to PGDATA; undefined if no relation of the default tablespace is in it. */
export function relationFile(name: string): RelationFile | undefined {
  const found = FILE_NAME.exec(name);
  if (!found) return undefined;
  const [, database = '0', node, fork = '', segment = '0'] = found;
  return {
    database: Number(database),
    node: Number(node),
    fork: FORKS.indexOf(fork),
    block: Number(segment) * BLOCKS_A_FILE,
  };
}

/** The name of the file that has a block, and where in it the block is. */
export function placeOf({ database, node, fork, block }: RelationFile): {
  readonly name: string;
  readonly block: number;
  /** Blocks from there to the end of the longest file. */
  readonly left: number;
} {
  const segment = Math.floor(block / BLOCKS_A_FILE);
  const directory = database === 0 ? 'global' : `base/${database}`;
  const suffix = segment === 0 ? '' : `.${segment}`;
  const within = block % BLOCKS_A_FILE;
  return {
    name: `${directory}/${node}${FORKS[fork] ?? ''}${suffix}`,
    block: within,
    left: BLOCKS_A_FILE - within,
  };
}

export const relationKey = (database: number, node: number): string => `${database}/${node}`;

/** What a database says of one of its relations. */
export type NamedRelation = {
  readonly node: number;
  readonly oid: number;
  /** Schema and name of the table or index; a table's for its TOAST. Empty for system catalogs. */
  readonly name: string;
  /** Blocks asked for since statistics began, in memory or not. */
  readonly fetched: number;
};

/** Objects below are the engine's own. Source: `FirstNormalObjectId`. */
const OID_FIRST = 16_384;

/** The table of a TOAST table, or of its index, is in the name. */
const NAMED = `
  select c.relfilenode as node, c.oid as oid,
    case when c.oid < ${OID_FIRST} then '' else n.nspname || '.' || r.relname end as name,
    pg_stat_get_blocks_fetched(c.oid)::float8 as fetched
  from pg_class as c
    left join pg_class as r on r.oid = case
      when c.relnamespace = 'pg_toast'::regnamespace and c.relname ~ '^pg_toast_[0-9]{1,9}(_index)?$'
      then substring(c.relname from '[0-9]+')::oid else c.oid end
    left join pg_namespace as n on n.oid = r.relnamespace
  where c.relfilenode = any($1::oid[]) and c.reltablespace = 0`;

/** Those of `nodes` that are relations with a file of their own; catalogs that have none are missing. */
export async function namedRelations(
  client: pg.Client,
  nodes: readonly number[],
): Promise<readonly NamedRelation[]> {
  const { rows } = await client.query<{
    readonly node: number;
    readonly oid: number;
    readonly name: string | null;
    readonly fetched: number | null;
  }>(NAMED, [nodes]);
  return rows.map(({ node, oid, name, fetched }) => ({
    ...{ node, oid },
    name: name ?? 'dropped relations',
    fetched: fetched ?? 0,
  }));
}
