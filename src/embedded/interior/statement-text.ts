/**
 * The text of a statement with none of the values in it.
 *
 * PostgreSQL puts `$1` in the place of values, but not always: a prepared statement that has been dropped from
 * the counts for others comes back as it was written. A value may be a password, and who may read
 * statistics need not be one who may read that row.
 */

/** What a value is told as. */
const HIDDEN = '?';

/** Longer numbers may be somebody's; shorter ones are places, sizes and days. */
const DIGITS_SHOWN = 3;

/**
 * In the order of tries. A string that does not end ends with the text, which may be cut.
 * Source: PostgreSQL "Lexical Structure".
 */
const TOKENS: readonly (readonly [RegExp, (token: string) => string])[] = [
  [/--[^\n]*/y, same],
  [/"(?:[^"]|"")*(?:"|$)/y, same],
  [/[eE]'(?:\\[\s\S]|''|[^'\\])*(?:'|$)/y, hidden],
  [/(?:[uU]&|[bBxXnN])?'(?:''|[^'])*(?:'|$)/y, hidden],
  [/\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy, hidden],
  [/\$\d+/y, same],
  [/[\p{L}_][\p{L}\p{N}_$]*/uy, same],
  [/\.?\d[\w.]*/y, numberOf],
  [/[^\p{L}\p{N}_"'$./-]+/uy, same],
  [/[\s\S]/y, same],
];

function same(token: string): string {
  return token;
}

function hidden(): string {
  return HIDDEN;
}

function numberOf(token: string): string {
  return token.length > DIGITS_SHOWN ? HIDDEN : token;
}

export function withoutValues(text: string): string {
  let shown = '';
  for (let start = 0; start < text.length; ) {
    const end = text.startsWith('/*', start) ? endOfComment(text, start) : start;
    if (end > start) {
      shown += text.slice(start, end);
      start = end;
      continue;
    }
    const [token, tell] = tokenAt(text, start);
    shown += tell(token);
    start += token.length;
    if (tell !== hidden) continue;
    if (token.startsWith('$')) start = endOfDollars(text, start, token);
    // Where a backslash escapes, as a session can have it, nobody knows where the string ends.
    else if (!/^e/i.test(token) && token.includes('\\')) return shown;
  }
  return shown;
}

function tokenAt(text: string, start: number): readonly [string, (token: string) => string] {
  for (const [pattern, tell] of TOKENS) {
    pattern.lastIndex = start;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return [found, tell];
  }
  return [text.slice(start), hidden];
}

/** Comments lie in one another. */
function endOfComment(text: string, start: number): number {
  const edges = /\/\*|\*\//g;
  edges.lastIndex = start;
  for (let depth = 0; ; ) {
    const edge = edges.exec(text);
    if (edge === null) return text.length;
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return edges.lastIndex;
  }
}

function endOfDollars(text: string, start: number, mark: string): number {
  const end = text.indexOf(mark, start);
  return end < 0 ? text.length : end + mark.length;
}
