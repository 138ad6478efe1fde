/** Extensions of one database: which there are, and how they come and go. */
import pg from 'pg';
import type { Extension, ExtensionWish } from '../../domain/interior.ts';

type ExtensionRow = {
  readonly name: string;
  readonly comment: string | null;
  readonly default_version: string | null;
  readonly versions: readonly string[];
  readonly is_trusted: boolean;
  readonly requires: readonly string[];
  readonly version: string | null;
  readonly schema: string | null;
  readonly is_owners: boolean | null;
};

const EXTENSIONS = `
  select a.name, a.comment, a.default_version,
    array(select version from pg_available_extension_versions
          where name = a.name order by 1) as versions,
    coalesce(v.trusted, false) as is_trusted, coalesce(v.requires::text[], '{}') as requires,
    e.extversion as version, n.nspname as schema,
    pg_get_userbyid(e.extowner) = $1 as is_owners
  from pg_available_extensions a
  left join pg_available_extension_versions v
    on v.name = a.name and v.version = a.default_version
  left join pg_extension e on e.extname = a.name
  left join pg_namespace n on n.oid = e.extnamespace
  order by a.name`;

export async function readExtensions(client: pg.Client, owner: string): Promise<Extension[]> {
  const { rows } = await client.query<ExtensionRow>(EXTENSIONS, [owner]);
  return rows.map((row) => ({
    name: row.name,
    comment: row.comment ?? '',
    defaultVersion: row.default_version ?? '',
    versions: row.versions,
    isTrusted: row.is_trusted,
    requires: row.requires,
    installed:
      row.version === null || row.schema === null
        ? null
        : { version: row.version, schema: row.schema, isOwners: row.is_owners ?? false },
  }));
}

const SCHEMA = `
  select pg_get_userbyid(nspowner) = current_user as is_own from pg_namespace where nspname = $1`;

/**
 * Installs an extension. By our superuser only into a schema of ours, in which the tenant has made nothing that
 * the extension's script could take for PostgreSQL's own.
 */
export async function installExtension(client: pg.Client, wish: ExtensionWish): Promise<void> {
  const [name, schema] = [wish.name, wish.schema].map((text) => pg.escapeIdentifier(text));
  const { rows } = await client.query<{ readonly is_own: boolean }>(SCHEMA, [wish.schema]);
  const work: string[] = [];
  if (rows[0] === undefined) {
    work.push(`create schema ${schema}`);
    if (!wish.asOwner) work.push(`grant usage on schema ${schema} to public`);
  } else if (!wish.asOwner && !rows[0].is_own) throw new ForeignSchema(wish.schema);
  const version = wish.version === null ? '' : ` version ${pg.escapeLiteral(wish.version)}`;
  work.push(`create extension ${name} schema ${schema}${version} cascade`);
  await client.query(work.join(';'));
}

/** The tenant has made this schema itself. */
export class ForeignSchema extends Error {
  readonly schema: string;

  constructor(schema: string) {
    super(`schema "${schema}" is the tenant's`);
    this.schema = schema;
  }
}

export async function updateExtension(
  client: pg.Client,
  { name, version }: Pick<ExtensionWish, 'name' | 'version'>,
): Promise<void> {
  const to = version === null ? '' : ` to ${pg.escapeLiteral(version)}`;
  await client.query(`alter extension ${pg.escapeIdentifier(name)} update${to}`);
}

export async function removeExtension(
  client: pg.Client,
  { name, cascade }: { readonly name: string; readonly cascade: boolean },
): Promise<void> {
  const how = cascade ? 'cascade' : 'restrict';
  await client.query(`drop extension ${pg.escapeIdentifier(name)} ${how}`);
}
