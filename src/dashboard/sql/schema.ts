/** What there is in a database: one statement tells all that completion and the table browser need. */
import { queryOptions } from '@tanstack/react-query';
import { dynabase } from '../server/client.ts';
import type { Column } from './edits.ts';

export type SchemaColumn = Column & {
  readonly notNull: boolean;
  readonly default: string | null;
  /** Is made by the database and cannot be given. */
  readonly generated: boolean;
  /** Of a domain: the type that its values are of. */
  readonly baseType: string | null;
  /** Of an enumeration, or a domain over one, in its order; null for any other type. */
  readonly labels: readonly string[] | null;
};

export type SchemaTable = {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'view' | 'foreign table';
  /** As last counted by PostgreSQL; null where it never was. */
  readonly rows: number | null;
  readonly bytes: number;
  readonly columns: readonly SchemaColumn[];
  /** Columns of the primary key, in their order; none where it has none. */
  readonly key: readonly string[];
  readonly indexes: readonly {
    readonly name: string;
    readonly definition: string;
    readonly bytes: number;
  }[];
};

const SCHEMA_SQL = `
select /* dynabase */ n.nspname as schema, c.relname as name,
  case c.relkind when 'v' then 'view' when 'm' then 'view' when 'f' then 'foreign table'
    else 'table' end as kind,
  case when c.reltuples < 0 then null else c.reltuples::float8 end as rows,
  (case when c.relkind in ('r', 'm') then pg_total_relation_size(c.oid)
    when c.relkind = 'p' then (select sum(pg_total_relation_size(relid)) from pg_partition_tree(c.oid))
    else 0 end)::float8 as bytes,
  (select coalesce(json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
      'default', pg_get_expr(d.adbin, d.adrelid),
      'generated', a.attgenerated <> '' or a.attidentity = 'a',
      'baseType', case when y.typtype = 'd' then format_type(y.typbasetype, y.typtypmod) end,
      'labels', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e
        where e.enumtypid in (y.oid, y.typbasetype))) order by a.attnum), '[]')
    from pg_attribute a join pg_type y on y.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg(a.attname order by k.place), '[]')
    from pg_index i cross join lateral unnest(i.indkey::int2[]) with ordinality k(attnum, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = c.oid and i.indisprimary) as key,
  (select coalesce(json_agg(json_build_object('name', x.relname,
      'definition', pg_get_indexdef(i.indexrelid),
      'bytes', pg_relation_size(i.indexrelid)) order by x.relname), '[]')
    from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid) as indexes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
  and has_table_privilege(c.oid, 'select')
order by n.nspname, c.relname`;

/** Table 9 stands before table 10. */
const { compare } = new Intl.Collator('en', { numeric: true });

const byName = (a: SchemaTable, b: SchemaTable): number =>
  compare(a.schema, b.schema) || compare(a.name, b.name);

const TABLES_MAX = 5_000;

export const schemaQuery = (ref: string) =>
  queryOptions({
    queryKey: ['tenant', ref, 'schema'],
    queryFn: async ({ signal }) => {
      const asked = { sql: SCHEMA_SQL, rowsMax: TABLES_MAX, bytesMax: 16_777_216 };
      const { rows } = await dynabase.inside.query(ref, asked, { signal });
      return (rows as SchemaTable[]).sort(byName);
    },
    // It would wake the database each time that something happens to it: asked anew after what changes it.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
