/** The backslash commands: a small part of psql's, for looking around. */
import { badRequest } from '../failure.ts';

export type BackslashCommand =
  | { readonly kind: 'quit' }
  | { readonly kind: 'help' }
  | { readonly kind: 'expanded' }
  | { readonly kind: 'timing' }
  /** Queries whose results are shown one below the other, each under its title. */
  | { readonly kind: 'queries'; readonly queries: readonly TitledQuery[] };

export type TitledQuery = { readonly title: string; readonly sql: string };

export const BACKSLASH_HELP = `  \\d [NAME]  list tables, views and sequences, or describe one
  \\dt        list tables
  \\dv        list views
  \\di        list indexes
  \\dn        list schemas
  \\df        list functions
  \\du        list roles
  \\l         list databases
  \\x         show each row as a record, or stop that
  \\timing    show how long each statement takes, or stop that
  \\q         quit (as Ctrl-D does)
  \\?         this help

A statement ends with ";" and may take several lines. Ctrl-C takes back what you typed, or
cancels what runs.`;

/** Reads a line that begins with a backslash. Throws `BAD_REQUEST` if it is no command of ours. */
export function parseBackslash(line: string): BackslashCommand {
  const [, word = '', rest = ''] = /^\\(\S*)\s*(.*?);?\s*$/.exec(line) ?? [];
  switch (word) {
    case 'q':
      return { kind: 'quit' };
    case '?':
    case 'h':
    case 'help':
      return { kind: 'help' };
    case 'x':
      return { kind: 'expanded' };
    case 'timing':
      return { kind: 'timing' };
    case 'd':
      return { kind: 'queries', queries: rest === '' ? [RELATIONS] : describe(rest) };
    default: {
      const listed = LISTS.get(word);
      if (listed) return { kind: 'queries', queries: [listed] };
      throw badRequest(`there is no command \\${word}; \\? lists those there are`);
    }
  }
}

const relations = (title: string, kinds: string): TitledQuery => ({
  title,
  sql: `select n.nspname as "Schema", c.relname as "Name",
  case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
    when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table'
    when 'i' then 'index' when 'I' then 'partitioned index' end as "Type",
  pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in (${kinds}) and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and pg_catalog.pg_table_is_visible(c.oid)
order by 1, 2`,
});

const RELATIONS = relations('Relations', "'r', 'p', 'v', 'm', 'S', 'f'");

const LISTS: ReadonlyMap<string, TitledQuery> = new Map([
  ['dt', relations('Tables', "'r', 'p'")],
  ['dv', relations('Views', "'v', 'm'")],
  ['di', relations('Indexes', "'i', 'I'")],
  [
    'dn',
    {
      title: 'Schemas',
      sql: `select nspname as "Name", pg_catalog.pg_get_userbyid(nspowner) as "Owner"
from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
order by 1`,
    },
  ],
  [
    'df',
    {
      title: 'Functions',
      sql: `select n.nspname as "Schema", p.proname as "Name",
  pg_catalog.pg_get_function_result(p.oid) as "Result",
  pg_catalog.pg_get_function_arguments(p.oid) as "Arguments"
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and pg_catalog.pg_function_is_visible(p.oid)
order by 1, 2, 4`,
    },
  ],
  [
    'du',
    {
      title: 'Roles',
      sql: `select rolname as "Role", rolcanlogin as "May log in", rolcreaterole as "May create roles",
  rolcreatedb as "May create databases"
from pg_catalog.pg_roles where rolname !~ '^pg_' order by 1`,
    },
  ],
  [
    'l',
    {
      title: 'Databases',
      sql: `select datname as "Name", pg_catalog.pg_get_userbyid(datdba) as "Owner",
  pg_catalog.pg_encoding_to_char(encoding) as "Encoding"
from pg_catalog.pg_database where not datistemplate order by 1`,
    },
  ],
]);

/** Columns, indexes and constraints of one relation. `to_regclass` reads quotes and schemas. */
function describe(name: string): readonly TitledQuery[] {
  const relation = `${literal(name)}::pg_catalog.regclass`;
  return [
    {
      title: `Columns of ${name}`,
      sql: `select a.attname as "Column", pg_catalog.format_type(a.atttypid, a.atttypmod) as "Type",
  case when a.attnotnull then 'not null' else '' end as "Nullable",
  coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') as "Default"
from pg_catalog.pg_attribute a
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = ${relation} and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    },
    {
      title: `Indexes of ${name}`,
      sql: `select i.indexrelid::pg_catalog.regclass as "Index",
  pg_catalog.pg_get_indexdef(i.indexrelid) as "Definition"
from pg_catalog.pg_index i where i.indrelid = ${relation} order by 1::text`,
    },
    {
      title: `Constraints of ${name}`,
      sql: `select conname as "Constraint", pg_catalog.pg_get_constraintdef(oid) as "Definition"
from pg_catalog.pg_constraint where conrelid = ${relation} and contype <> 'n' order by 1`,
    },
  ];
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
