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
  ['space', /(?:\s+|--[^\r\n]*)+/y],
  ['string', /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y],
  ['string', /'(?:[^'\\]|'')*'(?!')/y],
  ['doubtful', /'(?:[^']|'')*\\(?:[^']|'')*'(?!')/y],
  ['identifier', /"(?:[^"]|"")*"(?!")/y],
  ['parameter', /\$\d+/y],
  ['number', /\.?\d[\w.]*/y],
  ['word', new RegExp(WORD, 'y')],
  ['semicolon', /;/y],
];

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
  for (const [kind, pattern] of TOKENS) {
    const text = matchAt(pattern, sql, at);
    if (text !== undefined) return { kind, text };
  }
  const tag = matchAt(DOLLAR, sql, at);
  if (tag !== undefined) {
    const end = sql.indexOf(tag, at + tag.length);
    if (end < 0) return { kind: 'unended', text: sql.slice(at) };
    return { kind: 'string', text: sql.slice(at, end + tag.length) };
  }
  const first = sql.charAt(at);
  const isQuote = first === "'" || first === '"';
  return isQuote ? { kind: 'unended', text: sql.slice(at) } : { kind: 'other', text: first };
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
