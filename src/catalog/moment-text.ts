/** Times as PostgreSQL prints them in our connections, read without a `Date`: a list of tenants has some hundred. */

const DATE_END = '2026-11-23'.length;
const SECONDS_END = '2026-11-23 17:41:00'.length;
const ZONE = '+00';
const YEAR_MIN = 1970;

/** Milliseconds since 1970; null for what is printed otherwise, such as years before Christ. */
export function momentOf(text: string): number | null {
  const end = text.length - ZONE.length;
  const isUsual =
    end >= SECONDS_END &&
    text.endsWith(ZONE) &&
    text[DATE_END] === ' ' &&
    text[DATE_END - 3] === '-' &&
    (end === SECONDS_END || text[SECONDS_END] === '.');
  if (!isUsual) return null;
  const year = digits(text, 0, 4);
  // Of years of two digits `Date.UTC` makes something else.
  if (year < YEAR_MIN) return null;
  const at = Date.UTC(
    year,
    digits(text, 5, 7) - 1,
    digits(text, 8, DATE_END),
    digits(text, 11, 13),
    digits(text, 14, 16),
    digits(text, 17, SECONDS_END),
    thousandths(text, end),
  );
  return Number.isNaN(at) ? null : at;
}

const ZERO = 48;

/** NaN if one of them is none. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Of a second: PostgreSQL leaves zeros at the end away. */
function thousandths(text: string, end: number): number {
  const from = SECONDS_END + 1;
  const shown = Math.max(0, Math.min(end - from, 3));
  return digits(text, from, from + shown) * 10 ** (3 - shown);
}
