/**
 * Gives a fresh backend what a session had in its former one.
 *
 * All of it is one implicit transaction in which, as a setting local to it, every error is fatal, so
 * that no session is left with half of its state. The first statement makes that setting and may itself
 * fail: what the client has said must wait for the answer. The text is UTF-8 in that transaction, whatever the session's encoding is. Settings
 * that would change how the rest of the restore goes are made last, just before its Sync.
 *
 * Every name is qualified as in `interrogation`, for the session's `search_path` is in effect.
 */
import { OURS } from '../domain/own-statements.ts';
import {
  bindMessage,
  closeStatement,
  executeMessage,
  parseMessage,
  queryMessage,
  SYNC,
} from './requests.ts';
import type { Prepared, SessionState } from './session-state.ts';

export type Restoration = {
  /** For one write, ahead of what the client has sent. */
  readonly bytes: Buffer;
  readonly readyForQueries: number;
  /** Errors behind this many ReadyForQuery do not matter; ones before end the backend. */
  readonly tolerantFrom: number;
};

const BYTEA = 17;

/** The client's is restored behind ours. */
const UNNAMED = '';

const quietly = (
  isLocal: boolean,
): string => `select ${OURS} pg_catalog.count(pg_catalog.set_config(n.name,
 n.value, ${isLocal})) from pg_catalog.json_each_text(pg_catalog.convert_from($1,
 'UTF8')::pg_catalog.json) as n(name, value)
 where pg_catalog.current_setting(n.name, true) is not null or $2`;

const BOOLEAN = 16;
const SET_LOCALLY = parseMessage(UNNAMED, quietly(true), [BYTEA, BOOLEAN]);
/** The names are given back as a count, since a value may have no form in the client's encoding. */
const SET = parseMessage(UNNAMED, quietly(false), [BYTEA, BOOLEAN]);

const EVEN_UNKNOWN = Buffer.from([1]);
const KNOWN_ONLY = Buffer.from([0]);

const run = (parsed: Buffer, values: readonly Uint8Array[] = []): Buffer =>
  Buffer.concat([parsed, bindMessage(UNNAMED, values), executeMessage(UNNAMED)]);

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** A JSON object keeps the order of its members, but numbers come first in one of JavaScript's. */
const jsonMembers = (pairs: SessionState['settings']): Buffer =>
  Buffer.from(
    `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
  );

const timeless = (isFatal: boolean): Buffer =>
  run(SET_LOCALLY, [
    json({
      statement_timeout: '0',
      transaction_timeout: '0',
      client_encoding: 'UTF8',
      ...(isFatal ? { exit_on_error: 'on' } : {}),
    }),
    KNOWN_ONLY,
  ]);

const PRELUDE = timeless(true);

/** Ordinary settings that anybody may make, and that would act on the restore itself. */
const LAST: ReadonlySet<string> = new Set([
  'client_encoding',
  'client_min_messages',
  'exit_on_error',
  'lock_timeout',
  'statement_timeout',
  'transaction_timeout',
  'log_statement_stats',
]);

const settingsOf = (settings: SessionState['settings']): Buffer =>
  settings.length === 0 ? NOTHING : run(SET, [jsonMembers(settings), EVEN_UNKNOWN]);

const NOTHING = Buffer.alloc(0);

/** Settings first, with the rights of the login; then the role. */
function groundOf(state: SessionState): Buffer {
  const role: [string, string] = ['role', state.role ?? 'none'];
  return settingsOf([...state.settings.filter(([name]) => !LAST.has(name)), role]);
}

const listenTo = (channel: string): Buffer =>
  run(parseMessage(UNNAMED, `listen "${channel.replaceAll('"', '""')}"`));

const prepare = ({ name, statement, parameterTypes, fromSql }: Prepared): Buffer =>
  fromSql ? run(parseMessage(UNNAMED, statement)) : parseMessage(name, statement, parameterTypes);

/**
 * A client that has learned a statement's types would misread its rows under others, so that the
 * query divides by zero where they have changed. On PostgreSQL 15 result types are unknown before
 * and after alike.
 */
const CHECK = parseMessage(
  UNNAMED,
  `select ${OURS} 1 operator(pg_catalog./) case when exists (select
 from pg_catalog.json_array_elements(pg_catalog.convert_from($1, 'UTF8')::pg_catalog.json) as e(e)
 where not exists (select from (select null::pg_catalog.regtype[] as result_types) as missing,
 lateral (select p.name, p.parameter_types, result_types
 from pg_catalog.pg_prepared_statement() as p) as x
 where x.name operator(pg_catalog.=) pg_catalog.json_array_element_text(e.e, 0)
 and x.parameter_types::pg_catalog.oid[]::pg_catalog.text
 operator(pg_catalog.=) pg_catalog.json_array_element_text(e.e, 1)
 and coalesce(x.result_types::pg_catalog.oid[]::pg_catalog.text, '')
 operator(pg_catalog.=) pg_catalog.json_array_element_text(e.e, 2))) then 0 else 1 end`,
  [BYTEA],
);

const arrayText = (oids: readonly number[] | null): string =>
  oids === null ? '' : `{${oids.join(',')}}`;

const check = (statements: readonly Prepared[]): Buffer =>
  statements.length === 0
    ? NOTHING
    : run(CHECK, [
        json(
          statements.map(({ name, parameterTypes, resultTypes }) => [
            name,
            arrayText(parameterTypes),
            arrayText(resultTypes),
          ]),
        ),
      ]);

/** `unnamedParse` is the client's last Parse without a name, header included. */
export function restore(state: SessionState, unnamedParse: Buffer | null): Restoration {
  const strict = [
    PRELUDE,
    groundOf(state),
    ...state.channels.map(listenTo),
    ...state.statements.map(prepare),
    check(state.statements),
    settingsOf(state.settings.filter(([name]) => LAST.has(name))),
    closeStatement(UNNAMED),
    SYNC,
  ];
  const tolerant = unnamedParse === null ? [] : [unnamedParse, SYNC];
  return {
    bytes: Buffer.concat([...strict, ...tolerant]),
    readyForQueries: unnamedParse === null ? 1 : 2,
    tolerantFrom: 1,
  };
}

/** What of a state can be restored when some of its statements cannot be prepared any more. */
export const restoreWithout = (
  state: SessionState,
  broken: ReadonlySet<string>,
  unnamedParse: Buffer | null,
): Restoration =>
  restore(
    { ...state, statements: state.statements.filter(({ name }) => !broken.has(name)) },
    unnamedParse,
  );

/**
 * Finds out which statements cannot be prepared any more, on a backend that is then thrown away.
 * Settings and role come first and must succeed; then each statement has a ReadyForQuery of its own.
 */
export function probeStatements(state: SessionState): Restoration {
  const ground = [PRELUDE, groundOf(state), SYNC];
  const each = state.statements.flatMap((statement) => [
    timeless(false),
    prepare(statement),
    check([statement]),
    SYNC,
  ]);
  return {
    bytes: Buffer.concat([...ground, ...each]),
    readyForQueries: 1 + state.statements.length,
    tolerantFrom: 1,
  };
}

/** The names of the statements that failed. `errors` as `HiddenReplies` has them. */
export const brokenStatements = (
  state: SessionState,
  errors: readonly { readonly at: number }[],
): ReadonlySet<string> => new Set(errors.flatMap(({ at }) => state.statements[at - 1]?.name ?? []));

/** For a backend that is to serve another session. */
export const resetBackend: Buffer = queryMessage('DISCARD ALL');
