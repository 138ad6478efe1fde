/** Asks PostgreSQL which statements a session has prepared, behind the client's back. */
import { OURS } from '../domain/own-statements.ts';
import type { HiddenReplies } from '../wire/hidden-replies.ts';
import {
  bindMessage,
  closeStatement,
  executeMessage,
  parseMessage,
  SYNC,
} from '../wire/requests.ts';

/** As of the question for a session's whole state. */
const OWN = '__dynabase';

const TEXTS = `select ${OURS} p.name, p.statement from pg_catalog.pg_prepared_statement() as p
 where not p.from_sql and p.name operator(pg_catalog.<>) '${OWN}'`;

export const DOUBT = Buffer.concat([
  closeStatement(OWN),
  parseMessage(OWN, TEXTS),
  bindMessage(OWN),
  executeMessage(OWN),
  closeStatement(OWN),
  SYNC,
]);

/** By name, their texts; null if PostgreSQL did not answer as it should. */
export function readDoubt({ rows, errors }: HiddenReplies): ReadonlyMap<string, Buffer> | null {
  if (errors.length > 0) return null;
  const found = new Map<string, Buffer>();
  for (const [name, text] of rows) {
    if (name !== undefined && text !== undefined) found.set(name.toString('latin1'), text);
  }
  return found;
}
