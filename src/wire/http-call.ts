/**
 * What a request of SQL over HTTP asks for: one statement, or several that are one transaction.
 *
 * The body is JSON, and what is read of the headers is theirs who made the protocol: the exact
 * string `true` switches something on, and everything else does not.
 */
import { fault } from '../domain/faults.ts';
import { Digits, type ParameterText, parameterText } from './json-parameters.ts';

export type Statement = {
  readonly sql: string;
  readonly parameters: readonly ParameterText[];
  /** Rows are arrays, not objects. */
  readonly rowAsArray: boolean;
};

export type Call = {
  /** The headers that the answer repeats, and what begins the transaction; null for one statement alone. */
  readonly batch: Batch | null;
  readonly statements: readonly Statement[];
  /** Values are strings as PostgreSQL writes them. */
  readonly isRaw: boolean;
};

export type Batch = {
  readonly begin: string;
  readonly told: Readonly<Record<string, string>>;
};

export type CallHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const RAW = 'neon-raw-text-output';
const ARRAYS = 'neon-array-mode';
const ISOLATION = 'neon-batch-isolation-level';
const READ_ONLY = 'neon-batch-read-only';
const DEFERRABLE = 'neon-batch-deferrable';

const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
};

/** What a Bind message can count. */
const PARAMETERS_MAX = 65_535;

/** Statements in one batch; the body's length bounds them too, and less well. */
export const STATEMENTS_MAX = 10_000;

/** Digits beyond which a number of JavaScript is not the number that was sent. */
const LONG_NUMBER = /\d{16}|\.\d{15}|\d[eE]/;

/** Throws `BAD_REQUEST`. */
export function readCall(body: string, headers: CallHeaders): Call {
  const said = exactly(body, parsed(body));
  if (!isRecord(said)) throw bad('the body must be a JSON object');
  const isRaw = isOn(headers, RAW);
  const rowAsArray = isOn(headers, ARRAYS);
  const { queries } = said;
  if (queries === undefined) {
    return { batch: null, statements: [statementOf(said, rowAsArray)], isRaw };
  }
  if (!Array.isArray(queries)) throw bad('"queries" must be an array');
  if (queries.length > STATEMENTS_MAX) {
    throw bad(`there are more than ${STATEMENTS_MAX} queries in one batch`);
  }
  const statements = queries.map((query) => statementOf(query, rowAsArray));
  return { batch: batchOf(headers), statements, isRaw };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw bad('the body is not JSON');
  }
}

/** Reads `body` again if `said` may hold numbers that are not those that were sent. It costs ten times as much. */
function exactly(body: string, said: unknown): unknown {
  if (!isRecord(said)) return said;
  const hasNumbers = Array.isArray(said.queries)
    ? said.queries.some(hasNumbersIn)
    : hasNumbersIn(said);
  return hasNumbers && LONG_NUMBER.test(body) ? JSON.parse(body, keepDigits) : said;
}

const hasNumbersIn = (query: unknown): boolean =>
  isRecord(query) && Array.isArray(query.params) && query.params.some(mayBeNumeric);

const mayBeNumeric = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'object' && value !== null);

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new Digits(context?.source ?? String(value)) : value;
}

function statementOf(said: unknown, arraysByDefault: boolean): Statement {
  if (!isRecord(said) || typeof said.query !== 'string') {
    throw bad('a query is an object whose "query" is a string');
  }
  const { query: sql, params = [], arrayMode } = said;
  if (!Array.isArray(params)) throw bad('"params" must be an array');
  if (params.length > PARAMETERS_MAX) {
    throw bad(`a query has at most ${PARAMETERS_MAX} parameters`);
  }
  if (sql.includes('\0')) throw bad('a query has no character of the code 0');
  const rowAsArray = typeof arrayMode === 'boolean' ? arrayMode : arraysByDefault;
  return { sql, parameters: params.map(parameterText), rowAsArray };
}

function batchOf(headers: CallHeaders): Batch {
  const told: Record<string, string> = {};
  let begin = 'BEGIN';
  const level = headers[ISOLATION];
  if (level !== undefined) {
    const name = String(level);
    const sql = Object.hasOwn(ISOLATION_LEVELS, name) ? ISOLATION_LEVELS[name] : undefined;
    if (sql === undefined) throw bad('invalid isolation level');
    begin += ` ISOLATION LEVEL ${sql}`;
    told['Neon-Batch-Isolation-Level'] = name;
  }
  if (isOn(headers, READ_ONLY)) {
    begin += ' READ ONLY';
    told['Neon-Batch-Read-Only'] = 'true';
  }
  if (isOn(headers, DEFERRABLE)) {
    begin += ' DEFERRABLE';
    told['Neon-Batch-Deferrable'] = 'true';
  }
  return { begin, told };
}

const isOn = (headers: CallHeaders, name: string): boolean => headers[name] === 'true';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const bad = (why: string): Error => fault('BAD_REQUEST', { why });
