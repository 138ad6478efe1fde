/** An error as SQL over HTTP tells it: every field of PostgreSQL's, under the names that its clients know. */
import { FAULTS, type Fault } from '../domain/faults.ts';
import { ByteReader } from './bytes.ts';

/** By the letter of the protocol. Source: PostgreSQL docs, "Error and Notice Message Fields". */
const FIELDS: Readonly<Record<string, string>> = {
  M: 'message',
  C: 'code',
  D: 'detail',
  H: 'hint',
  P: 'position',
  p: 'internalPosition',
  q: 'internalQuery',
  S: 'severity',
  W: 'where',
  t: 'table',
  c: 'column',
  s: 'schema',
  d: 'dataType',
  n: 'constraint',
  F: 'file',
  L: 'line',
  R: 'routine',
};

const NONE: Readonly<Record<string, null>> = Object.fromEntries(
  Object.values(FIELDS).map((name) => [name, null]),
);

/** The body of an ErrorResponse. */
export function databaseErrorJson(body: Buffer): string {
  const told: Record<string, string | null> = { ...NONE };
  const reader = new ByteReader(body);
  for (let field = reader.text(); field; field = reader.text()) {
    const name = FIELDS[field[0] ?? ''];
    if (name !== undefined) told[name] = field.slice(1);
  }
  return JSON.stringify(told);
}

/** `hint` as in an ErrorResponse of ours. */
export function faultJson(because: Fault, hint?: string): string {
  const { code, message } = because;
  const severity = 'ERROR';
  const own = { message, code: FAULTS[code].sqlstate, severity, hint: hint ?? null };
  return JSON.stringify({ ...NONE, ...own, fault: code });
}
