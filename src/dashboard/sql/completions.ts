/** What the editor offers: tables of every schema, and columns of those that a statement is about. */
import { quoted } from './edits.ts';
import type { SchemaTable } from './schema.ts';

/** As CodeMirror takes it. */
type Offer = {
  readonly label: string;
  readonly type: 'type' | 'property';
  readonly detail?: string;
  readonly apply: string;
  /** Before key words, which are many. */
  readonly boost: number;
};

type Offered = { readonly self: Offer; readonly children: readonly Offer[] };

type Level = Record<string, Offered>;

/** PostgreSQL reads these as something else than a name; source: its appendix C, "reserved". */
const RESERVED = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization between binary both case cast check collate collation ' +
    'column concurrently constraint create cross current_date current_time current_timestamp current_user default deferrable ' +
    'desc distinct do else end except false fetch for foreign freeze from full grant group having ilike in initially inner ' +
    'intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on ' +
    'only or order outer overlaps placing primary references returning right select session_user similar some symmetric system_user ' +
    'table tablesample then to trailing true union unique user using variadic verbose when where window with'
  ).split(' '),
);

/** A name as it must be written to be read back: in quotes only where there is no other way. */
export const written = (name: string): string =>
  /^[a-z_\u0080-\uffff][\w$\u0080-\uffff]*$/.test(name) &&
  name === name.toLowerCase() &&
  !RESERVED.has(name)
    ? name
    : quoted(name);

/** A dot would lead to what is inside. */
const escaped = (name: string): string => name.replaceAll('.', '\\.');

const columnsOf = ({ columns, name }: SchemaTable, isNamed: boolean): readonly Offer[] =>
  columns.map((column) => ({
    ...{ label: column.name, type: 'property', apply: written(column.name), boost: 2 },
    detail: isNamed ? `${name} · ${column.type}` : column.type,
  }));

/** By schema, then table, then column. Tables that are not found without their schema are offered with it besides. */
export function namespaceOf(tables: readonly SchemaTable[]): Record<string, Level | Offered> {
  const schemas: Record<string, Level> = {};
  const beyond: Level = {};
  for (const table of tables) {
    const { schema, name, kind } = table;
    const offer = {
      label: name,
      type: 'type',
      detail: kind,
      apply: written(name),
      boost: 1,
    } as const;
    schemas[escaped(schema)] ??= {};
    const level = schemas[escaped(schema)];
    if (level) level[escaped(name)] = { self: offer, children: columnsOf(table, false) };
    if (schema === 'public') continue;
    const apply = `${written(schema)}.${written(name)}`;
    const self = { ...offer, label: `${schema}.${name}`, apply };
    beyond[escaped(self.label)] = { self, children: [] };
  }
  return { ...beyond, ...schemas };
}

/** A word, or a name in quotes with what is doubled in it. */
const WORDS = /[\w$\u0080-\uffff]+|"(?:[^"]|"")+"/g;

/** Of tables that the statement names anywhere, before or behind where one writes. */
export function columnsIn(statement: string, tables: readonly SchemaTable[]): readonly Offer[] {
  const words = new Set(
    Array.from(statement.matchAll(WORDS), ([word]) =>
      word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase(),
    ),
  );
  const seen = new Set<string>();
  return tables
    .filter(({ name }) => words.has(name))
    .flatMap((table) => columnsOf(table, true))
    .filter(({ label }) => !seen.has(label) && seen.add(label));
}
