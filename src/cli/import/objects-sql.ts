/**
 * What PostgreSQL's catalog knows of the objects of a database, each as the statement that makes it
 * again. All run with an empty `search_path`, so that every name comes with its schema.
 *
 * Each query gives `key` (class and object id, as `pg_depend` has them) and `sql`.
 * Source: PostgreSQL docs, "System Catalogs"; pg_dump.
 */

/** Schemas that are neither PostgreSQL's nor an extension's. */
export const OURS = (namespace: string): string =>
  `${namespace} not in (select oid from pg_namespace where nspname ~ '^pg_' or nspname = 'information_schema')`;

/** What an extension brings comes with it. */
export const NOT_OF_EXTENSION = (catalog: string, oid: string): string =>
  `not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid}
     and d.deptype = 'e')`;

/** PostgreSQL 12 has no `regcollation`. */
const collation = (oid: string): string =>
  `(select format('%I.%I', cn.nspname, co.collname) from pg_collation co
     join pg_namespace cn on cn.oid = co.collnamespace where co.oid = ${oid})`;

/** What PostgreSQL makes together with a type comes with that. */
export const NOT_OF_ANOTHER = (catalog: string, oid: string): string =>
  `not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid}
     and d.deptype = 'i')`;

export const SCHEMAS = `select '2615:' || n.oid as key,
  format('create schema if not exists %I', n.nspname) as sql
from pg_namespace n where ${OURS('n.oid')} and n.nspname <> 'public'
  and ${NOT_OF_EXTENSION('pg_namespace', 'n.oid')} order by n.nspname`;

export const EXTENSIONS = `select e.extname as name, n.nspname as schema,
  format('create extension if not exists %I with schema %I cascade', e.extname, n.nspname) as sql
from pg_extension e join pg_namespace n on n.oid = e.extnamespace
where e.extname <> 'plpgsql' order by e.extname`;

const ENUMS = `select '1247:' || t.oid as key,
  format('create type %s as enum (%s)', t.oid::regtype, (select string_agg(quote_literal(e.enumlabel), ', '
    order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)) as sql
from pg_type t where t.typtype = 'e' and ${OURS('t.typnamespace')} and ${NOT_OF_EXTENSION('pg_type', 't.oid')}`;

const DOMAINS = `select '1247:' || t.oid as key,
  format('create domain %s as %s', t.oid::regtype, format_type(t.typbasetype, t.typtypmod))
  || case when t.typcollation <> b.typcollation then ' collate ' || ${collation('t.typcollation')} else '' end
  || coalesce(' default ' || pg_get_expr(t.typdefaultbin, 0), '')
  || case when t.typnotnull then ' not null' else '' end
  || coalesce((select string_agg(format(' constraint %I %s', c.conname, pg_get_constraintdef(c.oid)), ''
       order by c.conname) from pg_constraint c where c.contypid = t.oid and c.contype = 'c'), '') as sql
from pg_type t join pg_type b on b.oid = t.typbasetype
where t.typtype = 'd' and ${OURS('t.typnamespace')} and ${NOT_OF_EXTENSION('pg_type', 't.oid')}`;

const COMPOSITES = `select '1259:' || c.oid as key,
  format('create type %s as (%s)', c.oid::regclass, coalesce((select string_agg(format('%I %s', a.attname,
    format_type(a.atttypid, a.atttypmod))
    || case when a.attcollation <> ty.typcollation then ' collate ' || ${collation('a.attcollation')} else '' end,
    ', ' order by a.attnum) from pg_attribute a join pg_type ty on ty.oid = a.atttypid
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '')) as sql
from pg_class c where c.relkind = 'c' and ${OURS('c.relnamespace')} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`;

const RANGES = `select '1247:' || t.oid as key,
  format('create type %s as range (subtype = %s%s%s)', t.oid::regtype, format_type(r.rngsubtype, null),
    case when r.rngsubdiff <> 0 then ', subtype_diff = ' || r.rngsubdiff::regproc else '' end,
    case when r.rngcollation <> 0 then ', collation = ' || ${collation('r.rngcollation')} else '' end) as sql
from pg_type t join pg_range r on r.rngtypid = t.oid
where ${OURS('t.typnamespace')} and ${NOT_OF_EXTENSION('pg_type', 't.oid')}`;

/** Those of identity columns come with their tables. */
const SEQUENCES = `select '1259:' || c.oid as key,
  format('create sequence %s as %s increment %s minvalue %s maxvalue %s start %s cache %s%s', c.oid::regclass,
    s.seqtypid::regtype, s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
    case when s.seqcycle then ' cycle' else '' end) as sql
from pg_class c join pg_sequence s on s.seqrelid = c.oid
where ${OURS('c.relnamespace')} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
    and d.deptype = 'i')`;

const FUNCTIONS = `select '1255:' || p.oid as key, pg_get_functiondef(p.oid) as sql
from pg_proc p where p.prokind in ('f', 'p', 'w') and ${OURS('p.pronamespace')}
  and ${NOT_OF_EXTENSION('pg_proc', 'p.oid')} and ${NOT_OF_ANOTHER('pg_proc', 'p.oid')}`;

const AGGREGATES = `select '1255:' || p.oid as key,
  format('create aggregate %I.%I(%s) (sfunc = %s, stype = %s', n.nspname, p.proname,
    case when p.pronargs = 0 then '*' else pg_get_function_identity_arguments(p.oid) end,
    a.aggtransfn::oid::regproc, format_type(a.aggtranstype, null))
  || case when a.aggfinalfn::oid <> 0 then ', finalfunc = ' || a.aggfinalfn else '' end
  || case when a.aggfinalextra then ', finalfunc_extra' else '' end
  || case when a.aggcombinefn::oid <> 0 then ', combinefunc = ' || a.aggcombinefn else '' end
  || case when a.aggserialfn::oid <> 0 then ', serialfunc = ' || a.aggserialfn else '' end
  || case when a.aggdeserialfn::oid <> 0 then ', deserialfunc = ' || a.aggdeserialfn else '' end
  || case when a.aggtransspace <> 0 then ', sspace = ' || a.aggtransspace else '' end
  || coalesce(', initcond = ' || quote_literal(a.agginitval), '')
  || case p.proparallel when 's' then ', parallel = safe' when 'r' then ', parallel = restricted' else '' end
  || ')' as sql
from pg_proc p join pg_aggregate a on a.aggfnoid = p.oid join pg_namespace n on n.oid = p.pronamespace
where a.aggkind = 'n' and ${OURS('p.pronamespace')} and ${NOT_OF_EXTENSION('pg_proc', 'p.oid')}`;

const COLUMN = `format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
  || case when a.attcollation <> ty.typcollation then ' collate ' || ${collation('a.attcollation')} else '' end
  || case when a.attgenerated <> '' then format(' generated always as (%s) %s',
       pg_get_expr(ad.adbin, ad.adrelid), case a.attgenerated::text when 'v' then 'virtual' else 'stored' end)
     else '' end
  || case when a.attidentity <> '' then (select format(
       ' generated %s as identity (sequence name %s increment %s minvalue %s maxvalue %s start %s cache %s%s)',
       case a.attidentity when 'a' then 'always' else 'by default' end, s.seqrelid::regclass,
       s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, case when s.seqcycle then ' cycle' else '' end)
       from pg_sequence s where s.seqrelid
         = pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)::regclass)
     else '' end
  || case when a.attnotnull then ' not null' else '' end`;

/** Partitions are made as tables of their own, and attached later. */
const TABLES = `select '1259:' || c.oid as key,
  format('create %stable %s (%s)', case c.relpersistence when 'u' then 'unlogged ' else '' end, c.oid::regclass,
    coalesce((select string_agg(${COLUMN}, ', ' order by a.attnum)
      from pg_attribute a join pg_type ty on ty.oid = a.atttypid
        left join pg_attrdef ad on ad.adrelid = a.attrelid and ad.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and (a.attislocal or c.relispartition)), ''))
  || case when c.relispartition then '' else coalesce((select format(' inherits (%s)',
       string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)) from pg_inherits i
       where i.inhrelid = c.oid having count(*) > 0), '') end
  || case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end
  || coalesce(' with (' || (select string_agg(o, ', ') from unnest(c.reloptions) o) || ')', '') as sql
from pg_class c where c.relkind in ('r', 'p') and c.relpersistence <> 't'
  and ${OURS('c.relnamespace')} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`;

const DEFAULTS = `select '2604:' || ad.oid as key,
  format('alter table only %s alter column %I set default %s', c.oid::regclass, a.attname,
    pg_get_expr(ad.adbin, ad.adrelid)) as sql
from pg_attrdef ad join pg_class c on c.oid = ad.adrelid
  join pg_attribute a on a.attrelid = ad.adrelid and a.attnum = ad.adnum
where a.attgenerated = '' and c.relkind in ('r', 'p') and ${OURS('c.relnamespace')}
  and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`;

const VIEWS = `select '1259:' || c.oid as key,
  format('create view %s%s as %s', c.oid::regclass,
    coalesce(' with (' || (select string_agg(o, ', ') from unnest(c.reloptions) o) || ')', ''),
    pg_get_viewdef(c.oid)) as sql
from pg_class c where c.relkind = 'v' and ${OURS('c.relnamespace')} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`;

const MATERIALIZED = `select '1259:' || c.oid as key,
  format('create materialized view %s as %s with no data', c.oid::regclass,
    rtrim(pg_get_viewdef(c.oid), ';')) as sql
from pg_class c where c.relkind = 'm' and ${OURS('c.relnamespace')}
  and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}`;

/** What depends on each other, and is put in order. */
export const OBJECTS: readonly string[] = [
  ...[ENUMS, DOMAINS, COMPOSITES, RANGES, SEQUENCES, FUNCTIONS, AGGREGATES, TABLES, DEFAULTS],
  ...[VIEWS, MATERIALIZED],
];

/**
 * Who needs whom, both as keys of objects above. A view's rule stands for the view, a row type for
 * its table, an array for its element, a generated column's expression for its table.
 */
export const DEPENDENCIES = `with named(class, id, key) as (
  select 'pg_rewrite'::regclass::oid, r.oid, '1259:' || r.ev_class from pg_rewrite r
  union all select 'pg_type'::regclass::oid, t.oid, '1259:' || t.typrelid from pg_type t where t.typrelid <> 0
  union all select 'pg_type'::regclass::oid, t.oid,
    case when e.typrelid <> 0 then '1259:' || e.typrelid else '1247:' || e.oid end
    from pg_type t join pg_type e on e.typarray = t.oid
  union all select 'pg_attrdef'::regclass::oid, ad.oid, '1259:' || ad.adrelid from pg_attrdef ad
    join pg_attribute a on a.attrelid = ad.adrelid and a.attnum = ad.adnum where a.attgenerated <> ''
  union all select 'pg_constraint'::regclass::oid, c.oid, '1247:' || c.contypid from pg_constraint c
    where c.contypid <> 0
), edges as (
  select coalesce(own.key, d.classid || ':' || d.objid) as key,
    coalesce(other.key, d.refclassid || ':' || d.refobjid) as needs
  from pg_depend d
    left join named own on own.class = d.classid and own.id = d.objid
    left join named other on other.class = d.refclassid and other.id = d.refobjid
  where d.deptype in ('n', 'a', 'i') and d.objid >= 16384 and d.refobjid >= 16384
)
select distinct key, needs from edges where key <> needs`;
