/** Values on their way between JSON and PostgreSQL. */
import pg from 'pg';
import { exactJson } from '../../contract/exact-json.ts';

const { builtins } = pg.types;

const NUMBERS: ReadonlySet<number> = new Set([
  builtins.INT2,
  builtins.INT4,
  builtins.OID,
  builtins.FLOAT4,
  builtins.FLOAT8,
]);

const JSONS: ReadonlySet<number> = new Set([builtins.JSON, builtins.JSONB]);

/**
 * Arrays whose elements JSON has as they are, with the type of these. Source: PostgreSQL `pg_type.dat`: bool, int2, int4,
 * text, varchar, int8 (as text), float4, float8, uuid (as text).
 */
const ELEMENTS: ReadonlyMap<number, number> = new Map([
  ...([
    [1000, builtins.BOOL],
    [1005, builtins.INT2],
    [1007, builtins.INT4],
  ] as const),
  ...([
    [1009, builtins.TEXT],
    [1015, builtins.VARCHAR],
    [1016, builtins.INT8],
  ] as const),
  ...([
    [1021, builtins.FLOAT4],
    [1022, builtins.FLOAT8],
    [2951, builtins.UUID],
  ] as const),
]);

const TEXT_ARRAY: number = 1009;

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(builtins).map(([name, id]) => [id, name.toLowerCase()]),
);

/** As `pg_type` names it; undefined for what is not built in. */
export const builtinType = (typeId: number): string | undefined => TYPE_NAMES.get(typeId);

/** A value as JSON has it, where nothing is lost by that; else as PostgreSQL has written it. */
export function fromText(text: string | null, typeId: number, jsonAsText = false): unknown {
  if (text === null) return null;
  if (typeId === builtins.BOOL) return text === 't';
  if (NUMBERS.has(typeId)) return Number.isFinite(Number(text)) ? Number(text) : text;
  if (JSONS.has(typeId)) return jsonAsText ? text : exactJson(text);
  const element = ELEMENTS.get(typeId);
  return element === undefined
    ? text
    : elementsFrom(pg.types.getTypeParser(TEXT_ARRAY)(text), element);
}

const elementsFrom = (item: unknown, typeId: number): unknown =>
  Array.isArray(item)
    ? item.map((one) => elementsFrom(one, typeId))
    : fromText(item === null ? null : String(item), typeId);

/** A parameter as PostgreSQL reads it. */
export function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return arrayText(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const arrayText = (items: readonly unknown[]): string =>
  `{${items.map((item) => (Array.isArray(item) ? arrayText(item) : elementText(item))).join(',')}}`;

function elementText(item: unknown): string {
  const text = toText(item);
  return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
