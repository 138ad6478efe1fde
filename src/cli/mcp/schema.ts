/** The tables of a tenant, as PostgreSQL's own catalog has them. */
import { z } from 'zod';
import type { DynaBase } from '../../sdk/client.ts';

/** Relations told at once. */
const RELATIONS_MAX = 300;
const BYTES_MAX = 1_048_576;

export const SchemaShape = z.object({
  relations: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      kind: z.string().describe('table, view, materialized view, partitioned table, foreign table'),
      comment: z.string().nullable(),
      rows: z.number().nullable().describe('As last estimated; null if never'),
      bytes: z.number(),
      columns: z.array(
        z.object({
          name: z.string(),
          type: z.string(),
          nullable: z.boolean(),
          default: z.string().nullable(),
          comment: z.string().nullable(),
        }),
      ),
      constraints: z.array(z.string()).describe('As SQL has them'),
      indexes: z.array(z.string()).describe('As SQL has them'),
    }),
  ),
  truncated: z.boolean().describe('There are more; name a schema'),
});

type SchemaTold = z.output<typeof SchemaShape>;

const SQL = `
select n.nspname as schema, c.relname as name,
  case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
    when 'm' then 'materialized view' else 'foreign table' end as kind,
  obj_description(c.oid, 'pg_class') as comment,
  case when c.reltuples < 0 then null else c.reltuples::float8 end as rows,
  case when c.relkind in ('r', 'm') then pg_total_relation_size(c.oid)::float8 else 0::float8 end as bytes,
  (select coalesce(json_agg(json_build_object('name', a.attname,
      'type', format_type(a.atttypid, a.atttypmod), 'nullable', not a.attnotnull,
      'default', pg_get_expr(d.adbin, d.adrelid), 'comment', col_description(c.oid, a.attnum))
      order by a.attnum), '[]')
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg(pg_get_constraintdef(k.oid) order by k.contype desc, k.conname), '[]')
    from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'f', 'u', 'c', 'x')) as constraints,
  (select coalesce(json_agg(pg_get_indexdef(i.indexrelid) order by i.indexrelid), '[]')
    from pg_index i where i.indrelid = c.oid and not i.indisprimary) as indexes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and ($1::text is null or n.nspname = $1)
  and not exists (select from pg_depend d
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1, 2`;

/** Wakes the tenant, and reads. */
export async function describeSchema(
  client: DynaBase,
  tenant: string,
  place: {
    readonly database?: string | undefined;
    readonly schema?: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<SchemaTold> {
  const { rows, truncated } = await client.inside.query(
    tenant,
    {
      sql: SQL,
      params: [place.schema ?? null],
      readOnly: true,
      rowsMax: RELATIONS_MAX,
      bytesMax: BYTES_MAX,
      ...(place.database && { database: place.database }),
    },
    { signal: place.signal },
  );
  return SchemaShape.parse({ relations: rows, truncated });
}
