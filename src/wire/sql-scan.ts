/**
 * What the text of a query tells of the state that it makes: names of custom settings, use of
 * `currval`, loaded libraries. It runs on the hot path and looks at single words, so that it sees
 * too much rather than too little; that it finds nothing proves nothing.
 */
import { sqlTokens } from './sql-lexer.ts';

export type ScanFindings = {
  /** Of custom settings, in lower case. */
  readonly names: Set<string>;
  /** `currval` or `lastval` is there. */
  usesSequenceValue: boolean;
  /** `set_config` with a name that is no literal. */
  setsDynamically: boolean;
  /** `LOAD` of a library. */
  loads: boolean;
};

const UNDERSCORE = 0x5f;
const DOT = 0x2e;
const QUOTE = 0x27;
const SMALL_A = 0x61;
const SMALL_C = 0x63;
const SMALL_R = 0x72;
const SMALL_T = 0x74;
const SMALL_V = 0x76;
const LOWER = 0x20;

/** Bytes at which something may be found: `_` of set_config, `.` of a name, `v` of lastval, `'`. */
const STOPS = new Uint8Array(256);
const STOP_ALWAYS = 1;
const STOP_IN_CALL = 2;
const STOP_IN_VALUE = 3;
STOPS[DOT] = STOP_ALWAYS;
STOPS[QUOTE] = STOP_ALWAYS;
STOPS[UNDERSCORE] = STOP_IN_CALL;
STOPS[SMALL_V] = STOP_IN_VALUE;
STOPS[SMALL_V & ~LOWER] = STOP_IN_VALUE;

/** Letters, digits, `_`, `$`, `.`, `"` and bytes of other scripts: what a name is written with. */
const IN_NAME = new Uint8Array(256);
for (let byte = 0; byte < IN_NAME.length; byte++) {
  const isNamed = byte >= 0x80 || /[A-Za-z0-9_$."]/.test(String.fromCharCode(byte));
  IN_NAME[byte] = isNamed ? 1 : 0;
}

const codes = (word: string): Uint8Array => Uint8Array.from(word, (l) => l.charCodeAt(0));

const SET_CONFIG = codes('set_config');
const CURRVAL = codes('currval');
const LASTVAL = codes('lastval');
const LOAD = codes('load');
const WORDS_BEFORE_NAME = ['set', 'local', 'session'].map(codes);

/** Of `set` in set_config, of `curr` in currval: what lies before the byte at which we stop. */
const SET_LENGTH = 3;
const CURR_LENGTH = 4;

/** Longest name of a setting that is learned, in bytes. */
const NAME_BYTES_MAX = 256;

/** Whether `scanSql` could find something. Allocates nothing. */
export function mayMatter(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    // The caller's bounds hold; a default for each byte would cost half as much as all the rest.
    const stop = STOPS[bytes[at] as number];
    if (stop !== 0 && mayBe(stop, bytes, at) && matters(bytes, start, end, at)) return true;
  }
  return false;
}

/** Rules out most stops by the bytes beside them. */
function mayBe(stop: number | undefined, bytes: Uint8Array, at: number): boolean {
  if (stop === STOP_ALWAYS) return true;
  const before = (bytes[at - 1] ?? 0) | LOWER;
  const after = (bytes[at + 1] ?? 0) | LOWER;
  if (stop === STOP_IN_CALL) return before === SMALL_T && after === SMALL_C;
  return (before === SMALL_R || before === SMALL_T) && after === SMALL_A;
}

function matters(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  switch (bytes[at]) {
    case UNDERSCORE:
      return isWordAt(SET_CONFIG, bytes, at - SET_LENGTH, start, end);
    case DOT:
      return isSetBefore(bytes, start, at);
    case QUOTE:
      return isLoadBefore(bytes, start, at);
    default:
      return isSequenceValue(bytes, start, end, at);
  }
}

function isSequenceValue(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  const from = at - CURR_LENGTH;
  return isWordAt(CURRVAL, bytes, from, start, end) || isWordAt(LASTVAL, bytes, from, start, end);
}

/** Whether `word`, in any case, stands at `from`. */
function isWordAt(
  word: Uint8Array,
  bytes: Uint8Array,
  from: number,
  start: number,
  end: number,
): boolean {
  if (from < start || from + word.length > end) return false;
  for (let index = 0; index < word.length; index++) {
    const byte = bytes[from + index] ?? 0;
    const wanted = word[index] ?? 0;
    if (byte !== wanted && (byte | LOWER) !== wanted) return false;
  }
  return true;
}

/** Whether the name that goes on at `dot` follows SET, SET LOCAL or SET SESSION. */
function isSetBefore(bytes: Uint8Array, start: number, dot: number): boolean {
  const word = spaceBack(bytes, start, nameBack(bytes, start, dot));
  if (word === start || word === dot) return false;
  for (const found of WORDS_BEFORE_NAME) {
    if (isWordAt(found, bytes, word - found.length, start, word)) return true;
  }
  return false;
}

function isLoadBefore(bytes: Uint8Array, start: number, quote: number): boolean {
  const word = spaceBack(bytes, start, quote);
  return word < quote && isWordAt(LOAD, bytes, word - LOAD.length, start, word);
}

/** Where the name that ends before `at` begins, its dots included. */
function nameBack(bytes: Uint8Array, start: number, at: number): number {
  let from = at;
  while (from > start && IN_NAME[bytes[from - 1] as number] === 1) from--;
  return from;
}

function spaceBack(bytes: Uint8Array, start: number, at: number): number {
  let from = at;
  while (from > start && (bytes[from - 1] ?? 0) <= LOWER) from--;
  return from;
}

/** Adds to `found` what the text from `start` to before `end` tells. */
export function scanSql(bytes: Uint8Array, start: number, end: number, found: ScanFindings): void {
  for (let at = start; at < end; at++) {
    if (STOPS[bytes[at] ?? 0] === 0 || !matters(bytes, start, end, at)) continue;
    switch (bytes[at]) {
      case UNDERSCORE:
        learnFromCall(bytes, at - SET_LENGTH + SET_CONFIG.length, end, found);
        break;
      case DOT:
        learn(bytes, nameBack(bytes, start, at), nameEnd(bytes, at, end), found);
        break;
      case QUOTE:
        found.loads = true;
        break;
      default:
        found.usesSequenceValue = true;
    }
  }
}

function nameEnd(bytes: Uint8Array, at: number, end: number): number {
  let to = at;
  while (to < end && IN_NAME[bytes[to] as number] === 1) to++;
  return to;
}

const TEXT_BYTES_MAX = NAME_BYTES_MAX * 2;
const LITERAL =
  /^"?\s*\(\s*(?:[eE]?'([^'\\]*)'|\$([A-Za-z_]*)\$([^$]*)\$\2\$)\s*(?:::\s*[\w.]+\s*)?,/;

/** Of a call whose arguments begin at `at`. */
function learnFromCall(bytes: Uint8Array, at: number, end: number, found: ScanFindings): void {
  const text = decoded(bytes, at, Math.min(end, at + TEXT_BYTES_MAX));
  const literal = LITERAL.exec(text);
  const name = literal?.[1] ?? literal?.[3];
  if (name === undefined) found.setsDynamically = true;
  else if (name.includes('.')) found.names.add(name.toLowerCase());
}

function learn(bytes: Uint8Array, from: number, to: number, found: ScanFindings): void {
  if (to - from > NAME_BYTES_MAX) return;
  found.names.add(decoded(bytes, from, to).replaceAll('"', '').toLowerCase());
}

const decoded = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');

const REDACTED = '?';
const MORE = '…';

/** Of a shape, which are not counted. */
const SPACES_AROUND = 2;

/**
 * The shape of a query, for those who may know that it was sent but not what with: literals become
 * `?`, comments go. Where it cannot be told for certain what is a literal, the rest is left out.
 */
export function redacted(sql: string, lengthMax = 200): string {
  let shape = '';
  for (const { kind, text } of sqlTokens(sql)) {
    if (shape.length > lengthMax + SPACES_AROUND) break;
    if (kind === 'unended' || kind === 'doubtful') {
      shape += REDACTED + MORE;
      break;
    }
    if (kind === 'space') shape += shape.endsWith(' ') ? '' : ' ';
    else shape += kind === 'string' || kind === 'number' ? REDACTED : text;
  }
  const whole = shape.trim();
  return whole.length <= lengthMax ? whole : `${whole.slice(0, lengthMax - 1)}${MORE}`;
}
