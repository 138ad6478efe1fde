/**
 * Asks PostgreSQL what an idle session holds, without the client noticing.
 *
 * The statement and its portal are named, so that the client's unnamed ones survive; the statement is
 * closed before and after, since one that failed halfway would be left. It runs as the session's own
 * role, under the session's own `search_path`, which may be hostile: every function, type, relation
 * and operator is qualified, and constructs that look operators up by name (`IN`, `LIKE`, `||`, ...)
 * are not used.
 *
 * What goes in and comes out is JSON in UTF-8 as binary `bytea`, which neither `client_encoding` nor
 * `bytea_output` nor any other setting touches.
 */

import type { PinReason } from '../domain/gate.ts';
import { OURS } from '../domain/own-statements.ts';
import { bindMessage, closeStatement, executeMessage, parseMessage, SYNC } from './requests.ts';
import type { Interrogated, Prepared } from './session-state.ts';
import { statementOf } from './sql-prepare.ts';

/** Name of our own statement and portal; a client that uses it loses its statement. */
const OWN = '__dynabase';

/** Most bytes of a session's prepared statements that are kept for it. */
const STATEMENT_BYTES_MAX = 1024 * 1024;

/** Settings have no limit of their own. An answer that is longer is not given at all. */
const ANSWER_BYTES_MAX = 2 * STATEMENT_BYTES_MAX;

const BYTEA = 17;

/** `pg_namespace` as pg_depend has it: all that lies in a temporary schema depends on that. */
const NAMESPACE_CLASS = 2615;

/** Objects below are PostgreSQL's own. */
const FIRST_USER_OID = 16_384;

const EQ = 'operator(pg_catalog.=)';
const NE = 'operator(pg_catalog.<>)';

const textArray = (parameter: string): string =>
  `pg_catalog.json_array_elements_text(pg_catalog.convert_from(${parameter}, 'UTF8')::pg_catalog.json)`;

/** Settings of a transaction, and such as have a place of their own. */
const NOT_RESTORED = ['transaction_isolation', 'transaction_read_only', 'transaction_deferrable'];

const SETTINGS = `pg_catalog.json_agg(pg_catalog.json_build_array(a.name, a.setting))
 filter (where a.source ${EQ} 'session' and a.context ${NE} 'internal'
 and ${NOT_RESTORED.map((name) => `a.name ${NE} '${name}'`).join(' and ')})`;

/** All that is asked of the table of settings, in one pass: to make its rows is a third of the work. */
const shown = (isForNames: boolean): string => `(select ${SETTINGS} as settings,
 pg_catalog.max(a.setting) filter (where a.name ${EQ} 'idle_session_timeout') as idle
 ${isForNames ? `, ${DECLARED} as declared` : ''}
 from pg_catalog.pg_show_all_settings() as a) as s`;

/** Custom settings that a loaded extension has declared, which the table has. */
const DECLARED = `pg_catalog.array_agg(pg_catalog.lower(a.name))
 filter (where pg_catalog.strpos(a.name, '.') operator(pg_catalog.>) 0)`;

const CUSTOM = `select pg_catalog.json_agg(pg_catalog.json_build_array(c.name, c.value))
 from (select n.name, pg_catalog.current_setting(n.name, true) as value
 from ${textArray('$1')} as n(name)) as c
 where c.value is not null
 and (s.declared is null or pg_catalog.lower(c.name) ${NE} all (s.declared))`;

const REPORTED = `select pg_catalog.json_agg(pg_catalog.json_build_array(n.name,
 pg_catalog.current_setting(n.name, true))) from ${textArray('$2')} as n(name)`;

/** The column is there since PostgreSQL 16; where it is not, its name means the outer one. */
const STATEMENTS = `select pg_catalog.json_agg(pg_catalog.json_build_array(x.name, x.statement,
 x.parameter_types::pg_catalog.oid[], x.result_types::pg_catalog.oid[], x.from_sql))
 from (select null::pg_catalog.regtype[] as result_types) as missing, lateral
 (select p.name, p.statement, p.parameter_types, result_types, p.from_sql
 from pg_catalog.pg_prepared_statement() as p where p.name ${NE} '${OWN}') as x`;

const STATEMENT_BYTES = `select pg_catalog.sum(pg_catalog.octet_length(p.statement))::pg_catalog.int8
 from pg_catalog.pg_prepared_statement() as p where p.name ${NE} '${OWN}'`;

/** As text, so that it is planned only where it is run: most sessions have no temporary schema. */
const TEMPORARY = `case when pg_catalog.pg_my_temp_schema() ${EQ} 0::pg_catalog.oid then false
 else exists (select from pg_catalog.ts_stat('select ''x''::pg_catalog.tsvector
 from pg_catalog.pg_depend as d
 where d.refclassid ${EQ} ${NAMESPACE_CLASS}::pg_catalog.oid
 and d.refobjid ${EQ} pg_catalog.pg_my_temp_schema() limit 1')) end`;

const HOLDABLE = 'exists (select from pg_catalog.pg_cursor() as c where c.is_holdable)';

const ADVISORY = `exists (select from pg_catalog.pg_lock_status() as l
 where l.locktype ${EQ} 'advisory' and l.pid ${EQ} pg_catalog.pg_backend_pid())`;

const OTHER_USER = `not exists (select from
 pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) as a
 where pg_catalog.pg_get_userbyid(a.usesysid) ${EQ} session_user)`;

/**
 * The rights to a function are checked when a plan is set up, even in a branch that is never taken.
 * Hence the detour over a function that runs a query it is given as text.
 */
const SEQUENCE = `case when pg_catalog.has_function_privilege(
 'pg_catalog.pg_get_backend_memory_contexts()', 'execute')
 then exists (select from pg_catalog.ts_stat('select ''x''::pg_catalog.tsvector
 from pg_catalog.pg_get_backend_memory_contexts() as m
 where m.name ${EQ} ''Sequence values''')) else true end`;

/** A name with a dot in quotes, or behind SET. */
const CUSTOM_NAME =
  "''([A-Za-z_][A-Za-z0-9_$]*(?:\\.[A-Za-z_][A-Za-z0-9_$]*)+)''|\\m[sS][eE][tT]\\s+(?:[lL][oO][cC][aA][lL]\\s+|[sS][eE][sS][sS][iI][oO][nN]\\s+)?([A-Za-z_][A-Za-z0-9_$]*(?:\\.[A-Za-z_][A-Za-z0-9_$]*)+)";

/** The pattern has no backslash that a setting could change: it comes as a parameter. */
const IN_FUNCTIONS = `select pg_catalog.json_agg(distinct f.name) from
 (select pg_catalog.lower(coalesce(m.found[1], m.found[2])) as name
 from pg_catalog.pg_proc as p, pg_catalog.regexp_matches(p.prosrc,
 pg_catalog.convert_from($3, 'UTF8'), 'g') as m(found)
 where p.oid operator(pg_catalog.>=) ${FIRST_USER_OID}::pg_catalog.oid) as f`;

/** Without what need not be asked: to parse and plan it is half of the work. */
const sql = (withNames: boolean, withFunctions: boolean): string =>
  `select ${OURS} case when pg_catalog.octet_length(whole.answer) operator(pg_catalog.<=) ${ANSWER_BYTES_MAX}
 then whole.answer end from (select pg_catalog.convert_to(pg_catalog.json_build_object(
'role', pg_catalog.current_setting('role'),
'settings', s.settings,
${withNames ? `'custom', (${CUSTOM}),` : ''}
'reported', (${REPORTED}),
'bytes', sized.bytes,
'statements', case when sized.bytes operator(pg_catalog.<=) ${STATEMENT_BYTES_MAX}::pg_catalog.int8
 then (${STATEMENTS}) end,
'channels', (select pg_catalog.json_agg(l.name) from pg_catalog.pg_listening_channels() as l(name)),
'idle', s.idle,
'temporary', ${TEMPORARY},
'holdable', ${HOLDABLE},
'advisory', ${ADVISORY},
'otherUser', ${OTHER_USER},
${withFunctions ? `'inFunctions', (${IN_FUNCTIONS}),` : ''}
'sequence', ${SEQUENCE}
)::pg_catalog.text, 'UTF8') as answer
from ${shown(withNames)}, (${STATEMENT_BYTES}) as sized(bytes) offset 0) as whole`;

const head = (withNames: boolean, withFunctions: boolean): Buffer =>
  Buffer.concat([
    closeStatement(OWN),
    parseMessage(OWN, sql(withNames, withFunctions), [BYTEA, BYTEA, BYTEA]),
  ]);

const WITHOUT_NAMES = { functions: head(false, true), nothing: head(false, false) } as const;
const WITH_NAMES = { functions: head(true, true), nothing: head(true, false) } as const;
const TAIL = Buffer.concat([executeMessage(OWN), closeStatement(OWN), SYNC]);
const NOTHING = Buffer.alloc(0);
const PATTERN = Buffer.from(CUSTOM_NAME.replaceAll("''", "'"));

/** Custom settings have a dot; a name without could be one that the role may not read. */
const CUSTOM_NAMES_ONLY = /^[^\0]+\.[^\0]+$/;

/** One write; the answer is one row of one column and one ReadyForQuery. */
export function interrogation(ask: {
  /** Names of custom settings that have been learned. */
  readonly names: readonly string[];
  /** Names of settings that the backend reports by itself. */
  readonly reported: readonly string[];
  readonly scanFunctions: boolean;
}): Buffer {
  const names = ask.names.filter((name) => CUSTOM_NAMES_ONLY.test(name));
  const heads = names.length > 0 ? WITH_NAMES : WITHOUT_NAMES;
  const values = [
    Buffer.from(JSON.stringify(names)),
    Buffer.from(JSON.stringify(ask.reported)),
    ask.scanFunctions ? PATTERN : NOTHING,
  ];
  const question = ask.scanFunctions ? heads.functions : heads.nothing;
  return Buffer.concat([question, bindMessage(OWN, values), TAIL]);
}

type Pair = readonly [name: string, value: string | null];

/** As the statement above builds it; its lists are null where they are empty, or not there if not asked for. */
type Answer = {
  readonly role: string;
  readonly settings: readonly Pair[] | null;
  readonly custom?: readonly Pair[] | null;
  readonly reported: readonly Pair[] | null;
  readonly bytes: number | null;
  readonly statements:
    | readonly (readonly [string, string, readonly string[], readonly string[] | null, boolean])[]
    | null;
  readonly channels: readonly string[] | null;
  readonly idle: string | null;
  readonly temporary: boolean;
  readonly holdable: boolean;
  readonly advisory: boolean;
  readonly otherUser: boolean;
  readonly sequence: boolean;
  readonly inFunctions?: readonly string[] | null;
};

/** Throws `Error` if the column is not what the statement above makes. */
export function readInterrogation(column: Buffer): Interrogated {
  // In a database without an encoding a value may be any bytes, which could not be given back.
  const answer: Answer = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(column));
  const settings = [...(answer.settings ?? []), ...(answer.custom ?? [])].filter(isWhole);
  const found = (answer.statements ?? []).map(preparedOf);
  const statements = found.filter((one) => one !== undefined);
  return {
    state: {
      role: answer.role === 'none' ? null : answer.role,
      settings,
      statements,
      channels: answer.channels ?? [],
      idleSessionTimeout: Number(answer.idle ?? 0),
    },
    reported: new Map((answer.reported ?? []).filter(isWhole)),
    pins: pinsOf(answer, statements.length < found.length),
    holdsSequence: answer.sequence,
    isTainted: (answer.custom ?? []).length > 0,
    customInFunctions: answer.inFunctions ?? [],
  };
}

const isWhole = (pair: Pair): pair is readonly [string, string] => pair[1] !== null;

/** Undefined if its statement cannot be told from others that came with it. */
function preparedOf(row: NonNullable<Answer['statements']>[number]): Prepared | undefined {
  const [name, text, parameterTypes, resultTypes, fromSql] = row;
  const statement = fromSql ? statementOf(text, name) : text;
  if (statement === undefined) return undefined;
  return {
    name,
    statement,
    parameterTypes: parameterTypes.map(Number),
    resultTypes: resultTypes?.map(Number) ?? null,
    fromSql,
  };
}

function pinsOf(answer: Answer, isBatched: boolean): readonly PinReason[] {
  const isUnknown = (answer.settings ?? []).some((pair) => !isWhole(pair));
  const held: readonly (readonly [PinReason, boolean])[] = [
    ['temporary objects', answer.temporary],
    ['cursor WITH HOLD', answer.holdable],
    ['advisory lock', answer.advisory],
    ['session authorization', answer.otherUser],
    ['statement too large', (answer.bytes ?? 0) > STATEMENT_BYTES_MAX],
    ['prepared in a batch', isBatched],
    ['state unknown', isUnknown],
  ];
  return held.filter(([, is]) => is).map(([reason]) => reason);
}
