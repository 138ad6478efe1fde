/**
 * Cuts SQL into statements, as psql does: at each `;` that stands outside of quotes, comments,
 * parentheses and the body of a function `BEGIN ATOMIC ... END`.
 *
 * Takes whole lines, since no token but a quoted one goes over the end of a line. A line that
 * begins with a backslash where no statement has begun is a command to us, not SQL.
 * Source: PostgreSQL `psqlscan.l`.
 */

/** A statement with its `;`, or a backslash command. */
export type Piece = {
  readonly text: string;
  /** Line of the input on which it begins, from 1. */
  readonly line: number;
};

/** What the next line would continue. */
export type Inside =
  | 'nothing'
  | 'statement'
  | 'string'
  | 'identifier'
  | 'dollar'
  | 'comment'
  | 'parentheses';

type Mode =
  | { readonly kind: 'code' }
  | { readonly kind: 'string'; readonly escapes: boolean }
  | { readonly kind: 'identifier' }
  | { readonly kind: 'dollar'; readonly tag: string }
  | { readonly kind: 'comment'; readonly depth: number };

const CODE: Mode = { kind: 'code' };

/** Tokens of plain SQL; the last alternative takes any one character. */
const TOKEN =
  /\s+|--[^\n]*|\/\*|[eE]'|'|"|\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|[\s\S]/uy;

export class Splitter {
  #mode: Mode = CODE;
  #text = '';
  /** Whether the text holds more than space and comments. */
  #begun = false;
  #parentheses = 0;
  #words: string[] = [];
  #bodies = 0;
  #line = 0;
  #startLine = 1;

  /** The pieces that `line`, with its line feed, completes. */
  push(line: string): readonly Piece[] {
    this.#line++;
    if (this.#mode.kind === 'code' && !this.#begun && line.startsWith('\\')) {
      this.#reset();
      return [{ text: line.trim(), line: this.#line }];
    }
    const pieces: Piece[] = [];
    let at = 0;
    while (at < line.length) {
      const token = this.#tokenAt(line, at);
      at += token.length;
      if (this.#text === '' && token.trim() === '') continue;
      if (this.#text === '') this.#startLine = this.#line;
      this.#text += token;
      if (this.#read(token)) pieces.push(...this.#take());
    }
    return pieces;
  }

  /** What is left when the input ends without a `;`. */
  end(): readonly Piece[] {
    return this.#take();
  }

  /** Forgets what was begun. */
  clear(): void {
    this.#reset();
  }

  get inside(): Inside {
    if (this.#mode.kind !== 'code') return this.#mode.kind;
    if (this.#parentheses > 0) return 'parentheses';
    return this.#begun ? 'statement' : 'nothing';
  }

  /** The next token, or the whole rest of a quote on this line. */
  #tokenAt(line: string, at: number): string {
    const pattern = patternOf(this.#mode);
    pattern.lastIndex = at;
    return pattern.exec(line)?.[0] ?? line.slice(at);
  }

  /** Takes a token in; whether it ends the statement. */
  #read(token: string): boolean {
    const mode = this.#mode;
    if (mode.kind !== 'code') {
      this.#mode = after(mode, token);
      return false;
    }
    this.#mode = opened(token);
    if (this.#mode.kind === 'comment' || token.startsWith('--') || token.trim() === '') {
      return false;
    }
    if (token === ';') return this.#parentheses === 0 && this.#bodies === 0;
    this.#begun = true;
    if (token === '(') this.#parentheses++;
    if (token === ')') this.#parentheses = Math.max(0, this.#parentheses - 1);
    if (/^[\p{L}_]/u.test(token)) this.#readWord(token.toLowerCase());
    return false;
  }

  /** Follows BEGIN ATOMIC and CASE to their END, in what creates a routine. */
  #readWord(word: string): void {
    if (this.#words.length < ROUTINE_WORDS_MAX) this.#words.push(word);
    if (!CREATES_ROUTINE.test(this.#words.join(' ')) || this.#parentheses > 0) return;
    if (word === 'begin' || (word === 'case' && this.#bodies > 0)) this.#bodies++;
    if (word === 'end') this.#bodies = Math.max(0, this.#bodies - 1);
  }

  #take(): readonly Piece[] {
    const piece = { text: this.#text.trim(), line: this.#startLine };
    const isSql = this.#begun;
    this.#reset();
    return isSql ? [piece] : [];
  }

  #reset(): void {
    this.#mode = CODE;
    this.#text = '';
    this.#begun = false;
    this.#parentheses = 0;
    this.#words = [];
    this.#bodies = 0;
  }
}

/** `create or replace function` is told by its first four words. */
const ROUTINE_WORDS_MAX = 4;
const CREATES_ROUTINE = /^create (?:or replace )?(?:function|procedure)\b/;

const IN_STRING = /[^']+|''|'/y;
const IN_ESCAPE_STRING = /[^'\\]+|\\[\s\S]|''|'/y;
const IN_IDENTIFIER = /[^"]+|"/y;
const IN_DOLLAR = /[^$]+|\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$|\$/uy;
const IN_COMMENT = /[^*/]+|\*\/|\/\*|[*/]/y;

function patternOf(mode: Mode): RegExp {
  switch (mode.kind) {
    case 'code':
      return TOKEN;
    case 'string':
      return mode.escapes ? IN_ESCAPE_STRING : IN_STRING;
    case 'identifier':
      return IN_IDENTIFIER;
    case 'dollar':
      return IN_DOLLAR;
    case 'comment':
      return IN_COMMENT;
    default:
      return mode satisfies never;
  }
}

/** The mode that a token of plain SQL opens. */
function opened(token: string): Mode {
  if (token === "'") return { kind: 'string', escapes: false };
  if (token === "e'" || token === "E'") return { kind: 'string', escapes: true };
  if (token === '"') return { kind: 'identifier' };
  if (token === '/*') return { kind: 'comment', depth: 1 };
  if (token.length > 1 && token.startsWith('$') && token.endsWith('$')) {
    return { kind: 'dollar', tag: token };
  }
  return CODE;
}

/** The mode behind a token inside of a quote or comment. A doubled `"` opens its quote again. */
function after(mode: Mode, token: string): Mode {
  switch (mode.kind) {
    case 'string':
      return token === "'" ? CODE : mode;
    case 'identifier':
      return token === '"' ? CODE : mode;
    case 'dollar':
      return token === mode.tag ? CODE : mode;
    case 'comment': {
      const depth = mode.depth + (token === '/*' ? 1 : 0) - (token === '*/' ? 1 : 0);
      return depth === 0 ? CODE : { kind: 'comment', depth };
    }
    case 'code':
      return mode;
    default:
      return mode satisfies never;
  }
}
