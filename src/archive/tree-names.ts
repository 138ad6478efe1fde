/**
 * Which entries of a data directory a snapshot holds, and what no entry may be called.
 *
 * Left out is what PostgreSQL makes anew at its start, as in its own base backups. Refused is what it
 * would never make, and what would make a start do something else than go on where it stopped.
 * Source: PostgreSQL `backup/basebackup.c`.
 */

/** Directories whose content is of one run only. They themselves must be there. */
const EMPTIED = new Set([
  ...['pg_dynshmem', 'pg_notify', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans'],
  ...['pg_wal/archive_status', 'pg_wal/summaries'],
]);

const LEFT_OUT = /^(?:postmaster\..*|current_logfiles(?:\.tmp)?|log(?:\/.*)?|core(?:\..*)?)$/;
const LEFT_OUT_ANYWHERE = /^(?:pgsql_tmp.*|pg_internal\.init(?:\.\d+)?|\.s\.PGSQL\..*)$/;

/** They make a start recover from elsewhere, or link directories to places outside. */
const REFUSED = /^(?:(?:recovery|standby)\.signal|recovery\.conf|tablespace_map)$|^pg_tblspc\/./;

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.,=@~+-]*$/;
const NAME_LENGTH_MAX = 128;
const DEPTH_MAX = 8;

/** What a person sets, in the data directory itself. */
const SETTINGS = new Set([
  ...['postgresql.conf', 'postgresql.auto.conf', 'pg_hba.conf', 'pg_ident.conf'],
]);

export const isSettingsFile = (path: string): boolean => SETTINGS.has(path);

/** Whether a snapshot goes without the entry, and all that is in it. */
export function isLeftOut(path: string): boolean {
  const parts = path.split('/');
  if (LEFT_OUT.test(path) || parts.some((part) => LEFT_OUT_ANYWHERE.test(part))) return true;
  return [...EMPTIED].some((dir) => path.startsWith(`${dir}/`));
}

/** Why there may be no entry of this path; null if there may. */
export function nameObjection(path: string): string | null {
  const parts = path.split('/');
  if (parts.length > DEPTH_MAX) return 'lies too deep';
  if (parts.some((part) => part.length > NAME_LENGTH_MAX || !NAME.test(part))) {
    return 'has a name that PostgreSQL does not give';
  }
  return REFUSED.test(path) ? 'is not part of a data directory of ours' : null;
}

/** For messages: a path that a stranger may have named, without what a terminal would obey. */
export const shown = (path: string): string => JSON.stringify(path.slice(0, 200));
