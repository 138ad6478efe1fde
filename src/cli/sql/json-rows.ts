/**
 * Rows as JSON, the way PostgreSQL's own `to_json` writes them: numbers with all their digits,
 * JSON values and arrays as they are, the rest as text.
 */
import pg from 'pg';
import { exactJson } from '../../contract/exact-json.ts';
import type { StatementResult } from './query.ts';
import {
  BOOLEAN_OID,
  ELEMENT_OF_ARRAY,
  JSON_OIDS,
  NUMBER_OIDS,
  TEXT_ARRAY_OID,
} from './type-oids.ts';

/** A number that JSON can hold as it stands; NaN and Infinity it cannot. */
const JSON_NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;

/** Part of the language since ES2026, and of Node since 21; TypeScript does not know it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** One array of objects on one line; a statement without rows gives an empty one. */
export function rowsJson({ columns, rows }: StatementResult): string {
  const names = distinct((columns ?? []).map((c) => c.name));
  const read = rows.map((row) =>
    Object.fromEntries(
      names.map((name, i) => [name, valueIn(row[i] ?? null, columns?.[i]?.typeOid)]),
    ),
  );
  return JSON.stringify(read);
}

/** Two columns of one name stay two: the second is `name_2`. */
function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let i = 2; taken.has(own); i++) own = `${name}_${i}`;
    taken.add(own);
    return own;
  });
}

function valueIn(text: string | null, oid = 0): unknown {
  if (text === null) return null;
  if (NUMBER_OIDS.has(oid)) return numberOf(text);
  if (oid === BOOLEAN_OID) return text === 't';
  if (JSON_OIDS.has(oid)) return exactJson(text);
  const element = ELEMENT_OF_ARRAY.get(oid);
  return element === undefined ? text : arrayOf(text, element);
}

/** Keeps digits that a JavaScript number would lose. */
const numberOf = (text: string): unknown => (JSON_NUMBER.test(text) ? rawJSON(text) : text);

function arrayOf(text: string, element: number): unknown {
  const parse: (text: string) => unknown = pg.types.getTypeParser(TEXT_ARRAY_OID as number, 'text');
  const convert = (part: unknown): unknown =>
    Array.isArray(part) ? part.map(convert) : valueIn(part === null ? null : String(part), element);
  return convert(parse(text));
}
