/** What somebody who is used to another console is told: what to do instead, and what has become of what was done. */
import { DynaBaseError } from '../../sdk/index.ts';

/** The most common commands of psql, each with what does the same here. */
const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [/^\\d[a-z]*\+?\s+\S/, 'Columns, keys and indexes of each table stand under Tables.'],
  [/^\\d(\+|t|v|m|i)?\+?\s*$/, 'All tables and views stand under Tables.'],
  [/^\\l/, 'For the databases: select datname from pg_database'],
  [/^\\d[ug]/, 'For the roles: select rolname from pg_roles'],
  [/^\\dn/, 'For the schemas: select nspname from pg_namespace'],
  [/^\\df/, 'For the functions: select oid::regprocedure from pg_proc'],
  [/^\\dx/, 'For the extensions: select extname, extversion from pg_extension'],
  [
    /^\\copy/,
    'To take rows along, select them and choose Export; to load a file, connect with psql.',
  ],
  [/^\\i/, 'Paste what the file holds, or connect with psql for a long one.'],
  [/^\\x/, 'Open a cell to read it whole.'],
  [/^\\timing/, 'Each answer says how long it took.'],
];

/** For a statement that psql would take for a command of its own; null for any other. */
export function insteadOf(statement: string): string | null {
  if (!statement.startsWith('\\')) return null;
  const found = INSTEAD.find(([command]) => command.test(statement))?.[1];
  const command = /^\S+/.exec(statement)?.[0];
  return `${command} is a command of psql, and no SQL. ${found ?? 'Connect with psql to use it.'}`;
}

const READ_ONLY = '25006';
const FORBIDDEN = '42501';
const NOT_SUPPORTED = '0A000';
const IN_TRANSACTION = '25001';

/** What to do about an error, where PostgreSQL gives no hint by itself. */
export function hintFor(error: unknown, readOnly: boolean): string | null {
  if (!(error instanceof DynaBaseError)) return null;
  const { code, sqlstate, message } = error;
  if (code === 'BODY_TOO_LARGE') return 'Run it in parts, or connect with psql for a long script.';
  if (sqlstate === NOT_SUPPORTED && message.startsWith('COPY')) {
    return 'To take rows along, select them and choose Export; to load a file, connect with psql and use \\copy.';
  }
  if (sqlstate === IN_TRANSACTION) return 'Run it alone: several statements are one transaction.';
  const isReading = sqlstate === READ_ONLY || (readOnly && sqlstate === FORBIDDEN);
  return isReading ? 'Read only is on: it changes nothing, and sees what a reader may see.' : null;
}

const BEGINS = new Set(['BEGIN', 'START TRANSACTION']);
const ENDS = new Set(['COMMIT', 'ROLLBACK', 'PREPARE TRANSACTION']);
const OF_SESSION = new Set(['SET', 'RESET', 'LISTEN', 'PREPARE', 'DECLARE CURSOR']);

/** What does not outlive the run, by the commands of its statements; null if all does. */
export function notKept(commands: readonly string[]): string | null {
  let isOpen = false;
  for (const command of commands) isOpen = BEGINS.has(command) || (isOpen && !ENDS.has(command));
  if (isOpen) {
    return 'The transaction was left open, and is rolled back: each run has a session of its own. Run it together with its COMMIT.';
  }
  return OF_SESSION.has(commands.at(-1) ?? '')
    ? 'That holds for this run alone: run it together with what is to use it.'
    : null;
}
