/** The databases of a tenant's compute besides ours. */
import pg from 'pg';
import type { TenantDatabase } from '../../domain/interior.ts';
import { OPEN_DATABASES } from './interior-access.ts';

type DatabaseRow = { readonly name: string; readonly owner: string; readonly bytes: string };

export async function readDatabases(client: pg.Client, owner: string): Promise<TenantDatabase[]> {
  const { rows } = await client.query<DatabaseRow>(
    `select name, owner, pg_database_size(oid) as bytes from (${OPEN_DATABASES}) open order by name`,
  );
  return rows.map(({ bytes, ...row }) => ({
    ...row,
    isDefault: row.name === owner,
    bytes: Number(bytes),
  }));
}

/** Copies the template that nobody can have put anything into. */
export async function makeDatabase(client: pg.Client, owner: string, name: string): Promise<void> {
  const [database, whose] = [name, owner].map((text) => pg.escapeIdentifier(text));
  await client.query(`create database ${database} owner ${whose} template template0`);
}

export async function removeDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(`drop database ${pg.escapeIdentifier(name)} with (force)`);
}
