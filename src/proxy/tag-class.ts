/**
 * What a statement was, by the tag with which PostgreSQL tells that it was carried out: five letters decide.
 *
 * The tag is what was done, whatever was asked for: a statement that was prepared long ago, each of several in one
 * query, and `with x as (...) insert` are told as what they are. One that failed has none.
 */
import { QUERY_CLASSES, type QueryClass } from '../domain/usage.ts';

/** Source: PostgreSQL `tcop/cmdtaglist.h`. */
const TAGS: Readonly<Record<QueryClass, readonly string[]>> = {
  read: ['SELECT', 'FETCH', 'MOVE'],
  write: ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE', 'REFRESH'],
  ddl: ['CREATE', 'ALTER', 'DROP', 'GRANT', 'REVOKE', 'IMPORT', 'SECURITY', 'REASSIGN', 'COMMENT'],
  transaction: ['BEGIN', 'START', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'],
  copy: ['COPY'],
  utility: [
    ...['SET', 'RESET', 'SHOW', 'DISCARD', 'VACUUM', 'ANALYZE', 'EXPLAIN', 'LISTEN', 'NOTIFY'],
    ...['UNLISTEN', 'LOCK', 'DEALLOCATE', 'PREPARE', 'DECLARE', 'CLOSE', 'CHECKPOINT', 'CLUSTER'],
    ...['LOAD', 'DO', 'CALL', 'REINDEX'],
  ],
  other: [],
};

const OTHER = QUERY_CLASSES.indexOf('other');

/** `COMMENT` and `COMMIT` part at the fifth; further apart are no two of different classes. */
const LETTERS = 5;

/** By the letters at the beginning. */
const BY_BEGINNING = new Map<number, number>(
  Object.entries(TAGS).flatMap(([kind, tags]) =>
    tags.map((tag): [number, number] => [
      beginningOf(Buffer.from(`${tag}\0\0\0\0`), 0, LETTERS),
      QUERY_CLASSES.indexOf(kind as QueryClass),
    ]),
  ),
);

/** The place in `QUERY_CLASSES` of the tag that begins at `start`. */
export const classOfTag = (bytes: Uint8Array, start: number, end: number): number =>
  BY_BEGINNING.get(beginningOf(bytes, start, end)) ?? OTHER;

/** The letters at the beginning as one number; a tag's first word ends at a space or zero byte. */
function beginningOf(bytes: Uint8Array, start: number, end: number): number {
  let letters = 0;
  for (let place = 0; place < LETTERS; place++) {
    const letter = start + place < end ? (bytes[start + place] ?? 0) : 0;
    if (letter < 65 || letter > 90) return letters;
    // Five bits each: 25 together, which is a small integer, so that a look into the map makes nothing.
    letters = letters * 32 + (letter - 64);
  }
  return letters;
}
