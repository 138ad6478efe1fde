/**
 * The form of a password that is hashed: SASLprep, as PostgreSQL does it.
 *
 * PostgreSQL departs from RFC 4013 where that would lock people out: what cannot be prepared (no
 * UTF-8, a prohibited character, right-to-left mixed with left-to-right) is hashed as it came. Its
 * checks look at the mapped text before normalisation. libpq does the same, so a password works
 * from either side only if we do too.
 *
 * Source: RFC 4013, RFC 3454; PostgreSQL `src/common/saslprep.c`.
 */
import {
  isIn,
  LEFT_TO_RIGHT,
  MAPPED_TO_NOTHING,
  NON_ASCII_SPACE,
  PROHIBITED,
  RIGHT_TO_LEFT,
  UNASSIGNED,
} from './saslprep-tables.ts';

const ASCII_MAX = 0x7f;
const SPACE = ' ';

/** The bytes to hash for `password`; `password` itself where it cannot be prepared. */
export function preparedPassword(password: Buffer): Buffer {
  if (password.every((byte) => byte <= ASCII_MAX)) return password;
  const text = password.toString('utf8');
  if (!Buffer.from(text).equals(password)) return password;
  const mapped = [...text].flatMap(mapCharacter);
  if (mapped.length === 0 || !isAllowed(mapped)) return password;
  return Buffer.from(mapped.join('').normalize('NFKC'));
}

function mapCharacter(character: string): string[] {
  const code = codePoint(character);
  if (isIn(NON_ASCII_SPACE, code)) return [SPACE];
  return isIn(MAPPED_TO_NOTHING, code) ? [] : [character];
}

function isAllowed(characters: readonly string[]): boolean {
  const codes = characters.map(codePoint);
  if (codes.some((code) => isIn(PROHIBITED, code) || isIn(UNASSIGNED, code))) return false;
  if (!codes.some((code) => isIn(RIGHT_TO_LEFT, code))) return true;
  const ends = [codes.at(0) ?? 0, codes.at(-1) ?? 0];
  return (
    ends.every((code) => isIn(RIGHT_TO_LEFT, code)) &&
    !codes.some((code) => isIn(LEFT_TO_RIGHT, code))
  );
}

const codePoint = (character: string): number => character.codePointAt(0) ?? 0;
