/** Which extensions a tenant may have. */
import type { Extension } from '../../domain/interior.ts';

/** Whoever has one of these has the machine, or can break what others rely on. Nobody may allow them. */
const NEVER: ReadonlyMap<string, string> = new Map([
  ['file_fdw', 'it reads files of the machine and runs programs'],
  ['adminpack', 'it writes files of the machine'],
  ['plperlu', 'its functions may do anything on the machine'],
  ['plpython3u', 'its functions may do anything on the machine'],
  ['pltclu', 'its functions may do anything on the machine'],
  ['bool_plperlu', 'it needs a language that may do anything on the machine'],
  ['hstore_plperlu', 'it needs a language that may do anything on the machine'],
  ['jsonb_plperlu', 'it needs a language that may do anything on the machine'],
  ['hstore_plpython3u', 'it needs a language that may do anything on the machine'],
  ['jsonb_plpython3u', 'it needs a language that may do anything on the machine'],
  ['ltree_plpython3u', 'it needs a language that may do anything on the machine'],
  ['pg_surgery', 'it damages tables'],
]);

/** Not trusted by PostgreSQL itself, and harmless here: made by our superuser, in a schema of ours. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['autoinc', 'bloom', 'earthdistance', 'insert_username', 'intagg', 'moddatetime'],
  ...['pg_buffercache', 'pg_freespacemap', 'pg_stat_statements', 'pg_visibility', 'pgrowlocks'],
  'pgstattuple',
]);

const NETWORK: ReadonlySet<string> = new Set(['dblink', 'postgres_fdw']);

/** What comes with every database, and is relied on. */
const BUILT_IN: ReadonlySet<string> = new Set(['plpgsql']);

/** Why it may not be installed, changed or removed; null if it may. */
export function whyRefused(
  { name, isTrusted }: Pick<Extension, 'name' | 'isTrusted'>,
  /** By the operator. */
  allowed: readonly string[],
): string | null {
  const never = NEVER.get(name);
  if (never !== undefined) return never;
  if (BUILT_IN.has(name)) return 'it is part of every database, and stays as it is';
  if (isTrusted || HARMLESS.has(name) || allowed.includes(name)) return null;
  const why = NETWORK.has(name) ? 'it reaches other servers' : 'PostgreSQL does not trust it';
  return `${why}; an operator can add it to the allowed ones`;
}
