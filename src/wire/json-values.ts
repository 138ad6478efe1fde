/**
 * Values as PostgreSQL writes them, as JSON.
 *
 * Raw, every value is a string or null. Typed, those are what they are in JSON whose every value has
 * a place there: booleans, small integers, floats, documents, and arrays of any of the built-in
 * types. What a JavaScript number would round (`int8`, `numeric`) and all else stays a string, and so
 * do arrays of types that a database has made itself.
 *
 * Source: PostgreSQL `src/include/catalog/pg_type.dat`; docs, "Array Input and Output Syntax".
 */

/** The JSON of a value's text. */
export type JsonOf = (text: string) => string;

export const jsonString: JsonOf = (text) => JSON.stringify(text);

const jsonBoolean: JsonOf = (text) => (text === 't' ? 'true' : 'false');

/** NaN and Infinity are no numbers of JSON. */
const jsonFloat: JsonOf = (text) => (/^-?\d/.test(text) ? text : jsonString(text));

const asItIs: JsonOf = (text) => text;

const SCALARS: ReadonlyMap<number, JsonOf> = new Map([
  [16, jsonBoolean],
  [21, asItIs], // int2
  [23, asItIs], // int4
  [114, asItIs], // json
  [700, jsonFloat], // float4
  [701, jsonFloat], // float8
  [3802, asItIs], // jsonb
]);

/** Arrays whose elements are not strings, by the type of an element. */
const ARRAYS_OF: ReadonlyMap<number, number> = new Map([
  [199, 114], // json
  [1000, 16], // bool
  [1005, 21], // int2
  [1007, 23], // int4
  [1021, 700], // float4
  [1022, 701], // float8
  [3807, 3802], // jsonb
]);

/** Arrays whose elements are strings. */
const ARRAYS_OF_STRINGS: ReadonlySet<number> = new Set([
  143, // xml
  ...[629, 651, 719, 775, 791], // line, cidr, circle, macaddr8, money
  ...[1001, 1002, 1003, 1006, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017, 1018],
  ...[1019, 1027, 1028, 1034, 1040, 1041, 1115, 1182, 1183, 1185, 1187, 1231, 1270, 1561, 1563],
  ...[2201, 2207, 2208, 2209, 2210, 2211, 2949, 2951, 3221, 3643, 3644, 3645, 3735, 3770],
  ...[3905, 3907, 3909, 3911, 3913, 3927, 4073, 4090, 4097],
  ...[6150, 6151, 6152, 6153, 6155, 6157],
]);

/** The one type whose array elements are not set apart by a comma. */
const BOX_ARRAY = 1020;

/** How values of the type `oid` are written. */
export function jsonOf(oid: number): JsonOf {
  const scalar = SCALARS.get(oid);
  if (scalar !== undefined) return scalar;
  const element = ARRAYS_OF.get(oid);
  if (element !== undefined) return arrayOf(SCALARS.get(element) ?? jsonString);
  if (ARRAYS_OF_STRINGS.has(oid)) return arrayOf(jsonString);
  return oid === BOX_ARRAY ? arrayOf(jsonString, ';') : jsonString;
}

/** `[2:3]={...}`: where an array does not begin at 1. JSON has no place for it. */
const BOUNDS = /^(?:\[[-+]?\d+:[-+]?\d+\])+=/;

const arrayOf =
  (element: JsonOf, delimiter = ','): JsonOf =>
  (text) =>
    jsonArray(text.replace(BOUNDS, ''), element, delimiter);

/**
 * What is within quotes is an element, backslashes taken off; what is not is one too, or NULL. Braces
 * and delimiters stand for themselves.
 */
function jsonArray(text: string, element: JsonOf, delimiter: string): string {
  let json = '';
  for (let at = 0; at < text.length; ) {
    const char = text[at] ?? '';
    if (char === '{' || char === '}' || char === delimiter) {
      json += char === '{' ? '[' : char === '}' ? ']' : ',';
      at++;
    } else if (char === '"') {
      const end = closingQuote(text, at);
      json += element(text.slice(at + 1, end).replaceAll(/\\(.)/gs, '$1'));
      at = end + 1;
    } else {
      const end = plainEnd(text, at, delimiter);
      const plain = text.slice(at, end);
      json += plain === 'NULL' ? 'null' : element(plain);
      at = end;
    }
  }
  return json;
}

function closingQuote(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function plainEnd(text: string, from: number, delimiter: string): number {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== '}') at++;
  return at;
}
