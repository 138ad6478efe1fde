/**
 * Brings the catalog's tables to what this program knows.
 *
 * Migrations are the numbered files of `sql/`, applied in order and never edited afterwards. Each
 * runs in one transaction that takes a lock, then writes its row, then runs its text: of many
 * programs started at once one does the work and the rest find it done, and a crash leaves the last
 * whole migration.
 *
 * A file whose first line is `-- breaking` makes tables that older programs would misread. A
 * program that finds such a one behind its own last refuses to work; other newer ones it bears, so
 * that a release can be rolled out and back.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import { assert } from '../domain/assert.ts';
import { fault } from '../domain/faults.ts';
import type { Log } from '../domain/log.ts';

export type Migration = {
  /** From 1, without a gap. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
  /** Whether programs that do not know it must not use the tables. */
  readonly breaking: boolean;
};

/** The migrations this program was built with. */
export const MIGRATIONS_DIR: URL = new URL('../../sql/', import.meta.url);

const OLDEST_POSTGRES = 14;

type Applied = { readonly version: number; readonly sha256: string; readonly breaking: boolean };

/** The migrations in `directory`, by version. */
export async function readMigrations(directory: URL): Promise<readonly Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file, index) => {
      assert(/^\d{4}-[a-z0-9-]+\.sql$/.test(file), `migration ${file}: not 0001-what-it-does.sql`);
      assert(
        Number.parseInt(file, 10) === index + 1,
        `migration ${file}: number ${index + 1} is due`,
      );
      const text = await readFile(new URL(file, directory), 'utf8');
      return migration(index + 1, file, text);
    }),
  );
}

export function migration(version: number, name: string, text: string): Migration {
  // A checkout may have changed the line ends, which mean nothing to SQL.
  const sql = text.replaceAll('\r\n', '\n');
  const sha256 = createHash('sha256').update(sql).digest('hex');
  return { version, name, sql, sha256, breaking: sql.startsWith('-- breaking') };
}

/**
 * Applies what is missing. Safe when several programs do it at once.
 * Throws `CATALOG_NEWER` or `CATALOG_UNUSABLE` if these tables are not for this program.
 */
export async function migrate(
  client: pg.Client,
  known: readonly Migration[],
  log: Log,
): Promise<void> {
  await requireUsable(client);
  for (let applied = 0; applied <= known.length; applied++) {
    const next = await migrateOnce(client, known, log);
    if (next === null) return;
    log.info('catalog migrated', { migration: next.name });
  }
}

/** Applies the first migration that is missing and returns it; null if none is. */
async function migrateOnce(
  client: pg.Client,
  known: readonly Migration[],
  log: Log,
): Promise<Migration | null> {
  await client.query('begin');
  try {
    await client.query(`select pg_advisory_xact_lock(hashtext('dynabase.migrations'))`);
    const applied = await appliedMigrations(client);
    requireKnown(applied, known, log);
    const next = known[applied.length];
    if (next !== undefined) await apply(client, next);
    await client.query('commit');
    return next ?? null;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function apply(client: pg.Client, next: Migration): Promise<void> {
  if (next.version === 1) {
    await client.query(`
      create schema if not exists dynabase;
      create table dynabase.migrations (
        version integer primary key,
        name text not null,
        sha256 text not null,
        breaking boolean not null,
        applied_at timestamptz not null default now()
      )`);
  }
  await client.query(
    'insert into dynabase.migrations (version, name, sha256, breaking) values ($1, $2, $3, $4)',
    [next.version, next.name, next.sha256, next.breaking],
  );
  await client.query(next.sql);
}

async function appliedMigrations(client: pg.Client): Promise<readonly Applied[]> {
  const table = await client.query<{ present: boolean }>(
    `select to_regclass('dynabase.migrations') is not null as present`,
  );
  if (table.rows[0]?.present !== true) return [];
  const { rows } = await client.query<Applied>(
    'select version, sha256, breaking from dynabase.migrations order by version',
  );
  return rows;
}

function requireKnown(applied: readonly Applied[], known: readonly Migration[], log: Log): void {
  for (const { version, sha256 } of applied.slice(0, known.length)) {
    if (known[version - 1]?.sha256 === sha256) continue;
    throw fault('CATALOG_UNUSABLE', {
      why: `migration ${version} is not the one it was made with; use the release that made it`,
    });
  }
  const unknown = applied.slice(known.length);
  const last = unknown.at(-1);
  if (last === undefined) return;
  if (unknown.some(({ breaking }) => breaking)) {
    throw fault('CATALOG_NEWER', { found: last.version, known: known.length });
  }
  log.warn('catalog was made by a newer version', { found: last.version, known: known.length });
}

async function requireUsable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ major: number; encoding: string; standby: boolean }>(`
    select current_setting('server_version_num')::integer / 10000 as major,
      current_setting('server_encoding') as encoding,
      pg_is_in_recovery() as standby`);
  const [server] = rows;
  assert(server !== undefined, 'a select without from has one row');
  const why = unfit(server);
  if (why !== null) throw fault('CATALOG_UNUSABLE', { why });
}

function unfit(server: { major: number; encoding: string; standby: boolean }): string | null {
  if (server.major < OLDEST_POSTGRES) {
    return `its PostgreSQL is version ${server.major}; ${OLDEST_POSTGRES} or later is needed`;
  }
  if (server.encoding !== 'UTF8') {
    return `its database has encoding ${server.encoding}; create it with encoding UTF8`;
  }
  return server.standby ? 'its PostgreSQL is a standby; give the primary' : null;
}
