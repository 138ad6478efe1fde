/** Reads the schema of a database: through pg_dump where there is one that knows its version, else by ourselves. */
import { Splitter } from '../sql/splitter.ts';
import type { Executed, World } from '../world.ts';
import {
  AFTER_ROWS,
  ATTACHED_PARTITIONS,
  FILLED_VIEWS,
  LEFT_BEHIND,
  LEFT_BY_CATALOG_READER,
  POLICIES,
  SEQUENCE_NAMES,
  TABLES_WITH_ROWS,
} from './after-sql.ts';
import { DEPENDENCIES, EXTENSIONS, OBJECTS, SCHEMAS } from './objects-sql.ts';
import { inOrder, type Made, type Need } from './order.ts';
import type { SchemaReader } from './schema-readers.ts';
import type { ImportSession } from './session.ts';
import type { SourceAddress } from './source-address.ts';

export type Schema = {
  /** Who read it. */
  readonly by: 'catalog' | 'pg_dump';
  readonly extensions: readonly { readonly name: string; readonly sql: string }[];
  /** What is made before rows come, and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly tables: readonly SourceTable[];
  readonly sequences: readonly string[];
  /** Materialized views to fill, in this order. */
  readonly filled: readonly string[];
  /** What is not carried over, in words. */
  readonly left: readonly string[];
};

export type SourceTable = {
  /** As SQL says it, with its schema. */
  readonly name: string;
  readonly bytes: number;
  /** As a list of SQL; empty where it has none. */
  readonly columns: string;
};

export type SchemaPlace = {
  readonly world: World;
  readonly address: SourceAddress;
  /** What pg_dump shall see; null where it could not be given away. */
  readonly snapshot: string | null;
  readonly wanted: SchemaReader;
  readonly signal: AbortSignal;
};

/** Null where pg_dump is wanted and there is none that could do it. */
export async function readSchema(
  session: ImportSession,
  place: SchemaPlace,
): Promise<Schema | null> {
  const dumped = place.wanted === 'catalog' ? null : await byPgDump(session, place);
  if (dumped === null && place.wanted === 'pg_dump') return null;
  const statements = dumped ?? (await byCatalog(session));
  const left = await leftBehind(session, dumped === null);
  type Table = { readonly name: string; readonly bytes: string; readonly columns: string };
  const tables = await session.rows<Table>(TABLES_WITH_ROWS);
  return {
    by: dumped === null ? 'catalog' : 'pg_dump',
    extensions: await session.rows(EXTENSIONS),
    ...statements,
    tables: tables.map((table) => ({ ...table, bytes: Number(table.bytes) })),
    sequences: (await session.rows<{ readonly name: string }>(SEQUENCE_NAMES)).map((s) => s.name),
    filled: await sqlOf(session, FILLED_VIEWS),
    left,
  };
}

type Statements = Pick<Schema, 'before' | 'after'>;

async function byCatalog(session: ImportSession): Promise<Statements> {
  const made: Made[] = [];
  for (const query of OBJECTS) made.push(...(await session.rows<Made>(query)));
  const objects = inOrder(made, await session.rows<Need>(DEPENDENCIES));
  const after: string[] = [];
  for (const query of AFTER_ROWS) after.push(...(await sqlOf(session, query)));
  return {
    before: [
      ...(await sqlOf(session, SCHEMAS)),
      ...objects.map(({ sql }) => sql),
      ...(await sqlOf(session, ATTACHED_PARTITIONS)),
    ],
    after,
  };
}

const sqlOf = async (session: ImportSession, query: string): Promise<readonly string[]> =>
  (await session.rows<{ readonly sql: string }>(query)).map(({ sql }) => sql);

async function leftBehind(session: ImportSession, byUs: boolean): Promise<readonly string[]> {
  const queries = byUs ? [LEFT_BEHIND, LEFT_BY_CATALOG_READER] : [LEFT_BEHIND];
  const left: string[] = [];
  for (const query of queries) {
    const found = await session.rows<{ readonly what: string; readonly count: string }>(query);
    left.push(...found.map(({ what, count }) => `${count} ${what}`));
  }
  return left;
}

/** Null where there is none, or it is older than the server, which it then refuses. */
async function byPgDump(session: ImportSession, place: SchemaPlace): Promise<Statements | null> {
  const { world, signal } = place;
  const version = await world.execute({ program: 'pg_dump', args: ['--version'], env: {}, signal });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(version?.stdout ?? '')?.[1] ?? '0');
  const [server] = await session.rows<{ readonly major: string }>(
    "select current_setting('server_version_num')::int / 10000 as major",
  );
  if (major < Number(server?.major)) return null;
  const before = await dumped(place, 'pre-data');
  const after = await dumped(place, 'post-data');
  if (before?.status !== 0 || after?.status !== 0) return null;
  // Policies name roles, which are not there.
  const policies = await sqlOf(session, POLICIES);
  return {
    before: statementsOf(before.stdout),
    after: [...policies, ...statementsOf(after.stdout)],
  };
}

function dumped(place: SchemaPlace, section: string): Promise<Executed | undefined> {
  const { world, snapshot, signal, address } = place;
  const { host, port, user, database, password, sslMode } = address;
  const args = [
    '--schema-only',
    `--section=${section}`,
    ...['--no-owner', '--no-privileges', '--no-tablespaces', '--no-publications'],
    ...['--no-subscriptions', '--no-security-labels', '--no-password'],
    ...(snapshot === null ? [] : [`--snapshot=${snapshot}`]),
  ];
  // Its environment only its own user can read; its arguments everybody.
  const env = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGSSLMODE: sslMode,
    PGCLIENTENCODING: 'UTF8',
    ...(password === undefined ? {} : { PGPASSWORD: password }),
  };
  return world.execute({ program: 'pg_dump', args, env, signal });
}

/** Settings of the session are ours to make; extensions and policies we look at by ourselves. */
const NOT_OURS =
  /^(?:SET\s|SELECT pg_catalog\.set_config|CREATE EXTENSION\s|COMMENT ON EXTENSION\s|CREATE SCHEMA public;|CREATE POLICY\s)/;

function statementsOf(script: string): readonly string[] {
  const splitter = new Splitter();
  const statements: string[] = [];
  const take = (pieces: readonly { readonly text: string }[]) => {
    for (const { text } of pieces) {
      const bare = text.replace(/^(?:\s*--[^\n]*\n)*\s*/, '');
      if (!bare.startsWith('\\') && !NOT_OURS.test(bare)) statements.push(bare);
    }
  };
  for (const line of script.split('\n')) take(splitter.push(`${line}\n`));
  take(splitter.end());
  return statements;
}
