import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Log } from '../domain/log.ts';
import { minutes } from '../domain/units.ts';
import {
  type CatalogConnection,
  Connections,
  clientConfig,
  PATIENCE,
  type Patience,
} from './connections.ts';
import { MIGRATIONS_DIR, type Migration, migrate, readMigrations } from './migrate.ts';
import { PgCatalog } from './pg-catalog.ts';
import { catalogFailure } from './pg-failure.ts';
import type { Tables } from './schema.ts';

export type CatalogOptions = {
  readonly connection: CatalogConnection;
  readonly log: Log;
  readonly patience?: Patience;
  /** Those of `sql/` if not given. */
  readonly migrations?: readonly Migration[];
};

/** Long enough for an index over a large table; short enough to tell of a lock nobody lets go. */
const MIGRATION_PATIENCE = { statement: minutes(15), answer: minutes(16) };

/**
 * The catalog, its tables made or brought up to date. Close it when done.
 *
 * Throws `CATALOG_DOWN` if its PostgreSQL does not answer, `CATALOG_UNUSABLE` or `CATALOG_NEWER`
 * if it answers but is not for us.
 */
export async function openCatalog(options: CatalogOptions): Promise<PgCatalog> {
  const { connection, log, patience = PATIENCE } = options;
  const migrations = options.migrations ?? (await readMigrations(MIGRATIONS_DIR));
  try {
    await migrated({ connection, log, patience, migrations });
    const pool = new Connections(connection, patience, log);
    return new PgCatalog(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }));
  } catch (error) {
    throw catalogFailure(error);
  }
}

/** Migrations get a connection of their own, with more time than any statement of the pool. */
async function migrated(options: Required<CatalogOptions>): Promise<void> {
  const { connection, log, patience, migrations } = options;
  const client = new pg.Client(clientConfig(connection, { ...patience, ...MIGRATION_PATIENCE }));
  // A lost connection fails the statement that is under way; the event would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await migrate(client, migrations, log);
  } finally {
    await client.end();
  }
}
