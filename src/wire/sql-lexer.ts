/**
 * Cuts SQL into tokens as PostgreSQL does, as far as it can be done without its settings.
 *
 * What a backslash means in a plain string depends on `standard_conforming_strings`. Such a string is
 * given as `doubtful`, and everything behind it may be cut wrongly.
 * Source: PostgreSQL `scan.l`.
 */
export type SqlToken = {
  readonly kind:
    | 'space'
    | 'word'
    | 'identifier'
    | 'string'
    | 'doubtful'
    | 'number'
    | 'parameter'
    | 'semicolon'
    | 'other'
    /** A quote or comment without an end. */
    | 'unended';
  readonly text: string;
};

type Kind = SqlToken['kind'];

const LETTER = 'A-Za-z_\\u0080-\\uffff';
const WORD = `[${LETTER}][${LETTER}0-9$]*`;

const TOKENS: readonly (readonly [Kind, RegExp])[] = [
  // Spaces of other scripts are letters to PostgreSQL.
  ['space', /(?:[ \t\n\r\f\v]+|--[^\r\n]*)+/y],
  ['parameter', /\$\d+/y],
  ['number', /\.?\d[\w.]*/y],
  ['semicolon', /;/y],
];
const PLAIN_WORD = new RegExp(WORD, 'y');

const DOLLAR = new RegExp(`\\$(?:[${LETTER}][${LETTER}0-9]*)?\\$`, 'y');

export function* sqlTokens(sql: string): Generator<SqlToken> {
  let at = 0;
  while (at < sql.length) {
    const token = tokenAt(sql, at);
    yield token;
    at += token.text.length;
  }
}

function tokenAt(sql: string, at: number): SqlToken {
  if (sql.startsWith('/*', at)) return commentAt(sql, at);
  const first = sql.charAt(at);
  if (first === "'") return stringAt(sql, at);
  if (first === '"') return ended('identifier', sql, at, quoteEnd(sql, at + 1, '"'));
  if ((first === 'e' || first === 'E') && sql.charAt(at + 1) === "'") {
    return ended('string', sql, at, escapedEnd(sql, at + 2));
  }
  for (const [kind, pattern] of TOKENS) {
    const text = matchAt(pattern, sql, at);
    if (text !== undefined) return { kind, text };
  }
  const word = matchAt(PLAIN_WORD, sql, at);
  if (word !== undefined) return { kind: 'word', text: word };
  const tag = matchAt(DOLLAR, sql, at);
  if (tag === undefined) return { kind: 'other', text: first };
  const end = sql.indexOf(tag, at + tag.length);
  return ended('string', sql, at, end < 0 ? -1 : end + tag.length);
}

function stringAt(sql: string, at: number): SqlToken {
  const token = ended('string', sql, at, quoteEnd(sql, at + 1, "'"));
  return token.text.includes('\\') ? { kind: 'doubtful', text: token.text } : token;
}

/** `end` is negative for none. */
const ended = (kind: Kind, sql: string, at: number, end: number): SqlToken =>
  end < 0 ? { kind: 'unended', text: sql.slice(at) } : { kind, text: sql.slice(at, end) };

/** Behind the quote that ends what began before `from`; a doubled one does not. */
function quoteEnd(sql: string, from: number, quote: string): number {
  let at = sql.indexOf(quote, from);
  while (at >= 0 && sql.charAt(at + 1) === quote) at = sql.indexOf(quote, at + 2);
  return at < 0 ? -1 : at + 1;
}

function escapedEnd(sql: string, from: number): number {
  for (let at = from; at < sql.length; at++) {
    const letter = sql.charAt(at);
    const isPair = letter === '\\' || (letter === "'" && sql.charAt(at + 1) === "'");
    if (isPair) at++;
    else if (letter === "'") return at + 1;
  }
  return -1;
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

/** Comments of this form nest. */
function commentAt(sql: string, at: number): SqlToken {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = at;
  let depth = 0;
  for (let found = edge.exec(sql); found !== null; found = edge.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return { kind: 'space', text: sql.slice(at, edge.lastIndex) };
  }
  return { kind: 'unended', text: sql.slice(at) };
}
