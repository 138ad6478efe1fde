/** Puts a new backend where the client of a lost transaction believes it is: in a failed one. */
import { queryMessage } from '../wire/requests.ts';

export const lostTransaction = {
  bytes: Buffer.concat([
    queryMessage('begin'),
    queryMessage('select 1 operator(pg_catalog./) 0'),
  ]),
  readyForQueries: 2,
} as const;
