/** Where statements of PostgreSQL begin and end in a text, as its own lexer sees them. */

export type Statement = {
  /** Of its first character that is no space and no comment before it. */
  readonly from: number;
  /** Behind its last, the semicolon not counted. */
  readonly to: number;
  readonly text: string;
};

/** A quote, a comment or a string between dollars, whole or as far as there is of it. */
const OPAQUE =
  /--[^\n]*|\/\*|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|;/g;

/** Comments nest in PostgreSQL. Gives where the one that begins at `from` is over. */
function endOfComment(text: string, from: number): number {
  let depth = 0;
  const edges = /\/\*|\*\//g;
  edges.lastIndex = from;
  for (let edge = edges.exec(text); edge !== null; edge = edges.exec(text)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return edges.lastIndex;
  }
  return text.length;
}

function semicolons(text: string): readonly number[] {
  const found: number[] = [];
  OPAQUE.lastIndex = 0;
  for (let part = OPAQUE.exec(text); part !== null; part = OPAQUE.exec(text)) {
    const [token] = part;
    if (token === ';') found.push(part.index);
    else if (token === '/*') OPAQUE.lastIndex = endOfComment(text, part.index);
    else if (token.startsWith('$')) OPAQUE.lastIndex = endOfDollars(text, part.index, token);
  }
  return found;
}

/** `a$b$` is a name, and begins no string. */
function endOfDollars(text: string, from: number, tag: string): number {
  if (/[\w$\u0080-\uffff]/.test(text[from - 1] ?? '')) return from + tag.length - 1;
  const end = text.indexOf(tag, from + tag.length);
  return end === -1 ? text.length : end + tag.length;
}

/** Comments alone are no statement, and belong to none. */
export function statementsIn(text: string): readonly Statement[] {
  const ends = [...semicolons(text), text.length];
  let begin = 0;
  const found: Statement[] = [];
  for (const end of ends) {
    const from = skipped(text, begin, end);
    const to = from + text.slice(from, end).trimEnd().length;
    if (to > from) found.push({ from, to, text: text.slice(from, to) });
    begin = end + 1;
  }
  return found;
}

/** Behind spaces and comments. */
function skipped(text: string, from: number, to: number): number {
  let at = from;
  for (;;) {
    while (at < to && /\s/.test(text[at] ?? '')) at += 1;
    if (text.startsWith('--', at)) {
      const line = text.indexOf('\n', at);
      at = line === -1 ? to : Math.min(line + 1, to);
    } else if (text.startsWith('/*', at)) at = Math.min(endOfComment(text, at), to);
    else return Math.min(at, to);
  }
}

/** The one that the cursor is in or behind: of an empty line below it, the one before. */
export function statementAt(text: string, cursor: number): Statement | undefined {
  const all = statementsIn(text);
  return all.find(({ to }) => cursor <= to + 1) ?? all.at(-1);
}

/** PostgreSQL counts characters from one, JavaScript counts halves of pairs from nought. */
export function offsetOf(text: string, position: number): number {
  let offset = 0;
  for (let left = position - 1; left > 0 && offset < text.length; left -= 1) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}
