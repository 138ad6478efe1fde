/** What is made once the rows are there: it would slow them down, or refuse them in between. */
import { NOT_OF_ANOTHER, NOT_OF_EXTENSION, OURS } from './objects-sql.ts';

const ofTable = (relation: string): string =>
  `${OURS(`${relation}.relnamespace`)} and ${NOT_OF_EXTENSION('pg_class', `${relation}.oid`)}`;

export const ATTACHED_PARTITIONS = `select format('alter table only %s attach partition %s %s', i.inhparent::regclass, c.oid::regclass,
  pg_get_expr(c.relpartbound, c.oid)) as sql
from pg_class c join pg_inherits i on i.inhrelid = c.oid
where c.relispartition and c.relkind in ('r', 'p') and ${ofTable('c')} order by c.oid`;

const KEYS = `select format('alter table only %s add constraint %I %s', c.oid::regclass, k.conname,
  pg_get_constraintdef(k.oid)) as sql
from pg_constraint k join pg_class c on c.oid = k.conrelid
where k.contype in ('p', 'u', 'x') and ${ofTable('c')} order by k.contype, c.oid, k.conname`;

const INDEXES = `select pg_get_indexdef(i.indexrelid) as sql
from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
where c.relkind in ('r', 'p', 'm') and (i.indisvalid or x.relkind = 'I') and ${ofTable('c')}
  and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
order by x.oid`;

/** An index of a partitioned table is valid once those of all its partitions are joined to it. */
const ATTACHED_INDEXES = `select format('alter index %s attach partition %s', i.inhparent::regclass,
  i.inhrelid::regclass) as sql
from pg_inherits i join pg_class x on x.oid = i.inhrelid
where x.relkind in ('i', 'I') and ${OURS('x.relnamespace')} order by x.relkind desc, x.oid`;

const CLUSTERED = `select format('alter table %s cluster on %I', c.oid::regclass, x.relname) as sql
from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
where i.indisclustered and c.relkind = 'r' and ${ofTable('c')}`;

const REPLICA_IDENTITY = `select format('alter table only %s replica identity %s', c.oid::regclass,
  case c.relreplident when 'f' then 'full' when 'n' then 'nothing'
    else 'using index ' || quote_ident(x.relname) end) as sql
from pg_class c left join pg_index i on i.indrelid = c.oid and i.indisreplident
  left join pg_class x on x.oid = i.indexrelid
where c.relkind in ('r', 'p') and c.relreplident <> 'd' and (c.relreplident <> 'i' or x.oid is not null)
  and ${ofTable('c')}`;

/** Of inherited ones the parent's brings the children's. */
const CHECKS = `select format('alter table %s add constraint %I %s', c.oid::regclass, k.conname,
  pg_get_constraintdef(k.oid)) as sql
from pg_constraint k join pg_class c on c.oid = k.conrelid
where k.contype = 'c' and k.coninhcount = 0 and c.relkind in ('r', 'p') and ${ofTable('c')}
order by c.oid, k.conname`;

const REFERENCES = `select format('alter table %s%s add constraint %I %s',
  case when c.relkind = 'p' then '' else 'only ' end, c.oid::regclass, k.conname, pg_get_constraintdef(k.oid)) as sql
from pg_constraint k join pg_class c on c.oid = k.conrelid
where k.contype = 'f' and k.conparentid = 0 and ${ofTable('c')} order by c.oid, k.conname`;

const OWNED = `select format('alter sequence %s owned by %s.%I', s.oid::regclass, c.oid::regclass, a.attname) as sql
from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
  join pg_class c on c.oid = d.refobjid
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype = 'a'
  and d.refobjsubid > 0 and ${ofTable('c')}`;

const STATISTICS = `select pg_get_statisticsobjdef(s.oid) as sql from pg_statistic_ext s
where ${OURS('s.stxnamespace')} order by s.oid`;

const RULES = `select pg_get_ruledef(r.oid) as sql from pg_rewrite r join pg_class c on c.oid = r.ev_class
where r.rulename <> '_RETURN' and ${ofTable('c')} order by r.oid`;

const TRIGGERS = `select pg_get_triggerdef(t.oid) as sql from pg_trigger t join pg_class c on c.oid = t.tgrelid
where not t.tgisinternal and ${ofTable('c')}
  and not exists (select from pg_depend d where d.classid = 'pg_trigger'::regclass and d.objid = t.oid
    and d.deptype in ('P', 'S'))
order by t.oid`;

const TRIGGER_STATES = `select format('alter table %s %s trigger %I', c.oid::regclass,
  case t.tgenabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end, t.tgname) as sql
from pg_trigger t join pg_class c on c.oid = t.tgrelid
where not t.tgisinternal and t.tgenabled <> 'O' and c.relkind in ('r', 'p') and ${ofTable('c')} order by t.oid`;

/** A role that is not there becomes the owner, who is all that the new tenant has. */
export const POLICIES = `select format('create policy %I on %s as %s for %s to %s%s%s', p.polname, c.oid::regclass,
  case when p.polpermissive then 'permissive' else 'restrictive' end,
  case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
    else 'all' end,
  case when 0 = any(p.polroles) then 'public' else 'current_user' end,
  coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''),
  coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')) as sql
from pg_policy p join pg_class c on c.oid = p.polrelid where ${ofTable('c')} order by p.oid`;

const ROW_SECURITY = `select format('alter table %s %s row level security', c.oid::regclass, how) as sql
from pg_class c, unnest(array[case when c.relrowsecurity then 'enable' end,
  case when c.relforcerowsecurity then 'force' end]) as how
where how is not null and c.relkind in ('r', 'p') and ${ofTable('c')}`;

const COMMENTS = `select format('comment on %s %s is %L',
  case when o.type like '% column' then 'column' when o.type = 'table constraint' then 'constraint'
    when o.type = 'composite type' then 'type' when o.type = 'statistics object' then 'statistics'
    else o.type end, o.identity, d.description) as sql
from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) o
where d.objoid >= 16384 and o.type in ('schema', 'table', 'table column', 'view', 'view column',
    'materialized view', 'materialized view column', 'composite type', 'composite type column', 'index',
    'sequence', 'function', 'procedure', 'aggregate', 'type', 'domain', 'table constraint', 'trigger', 'policy',
    'rule', 'statistics object')
  and not exists (select from pg_depend e where e.classid = d.classoid and e.objid = d.objoid and e.deptype = 'e')
  and o.identity !~ '^pg_toast'
order by d.classoid, d.objoid, d.objsubid`;

/** In this order. */
export const AFTER_ROWS: readonly string[] = [
  ...[OWNED, KEYS, INDEXES, ATTACHED_INDEXES, CLUSTERED, REPLICA_IDENTITY, CHECKS, REFERENCES],
  ...[STATISTICS, RULES, TRIGGERS, TRIGGER_STATES, POLICIES, ROW_SECURITY, COMMENTS],
];

/** Materialized views that had rows, those that others read first. */
export const FILLED_VIEWS = `with recursive reads as (
  select distinct r.ev_class as view, d.refobjid as needs from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
      and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
), deep as (
  select c.oid, 0 as depth from pg_class c where c.relkind in ('m', 'v') and ${OURS('c.relnamespace')}
  union select r.view, deep.depth + 1 from reads r join deep on deep.oid = r.needs where deep.depth < 100
)
select format('refresh materialized view %s', c.oid::regclass) as sql
from pg_class c join deep on deep.oid = c.oid where c.relkind = 'm' and c.relispopulated
  and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}
group by c.oid order by max(deep.depth), c.oid`;

/** Tables with rows of their own, the largest first. Generated columns are computed again. */
export const TABLES_WITH_ROWS = `select c.oid::regclass::text as name, pg_table_size(c.oid) as bytes,
  coalesce((select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), '') as columns
from pg_class c where c.relkind = 'r' and c.relpersistence <> 't' and ${ofTable('c')}
order by pg_table_size(c.oid) desc, 1`;

export const SEQUENCE_NAMES = `select c.oid::regclass::text as name from pg_class c
where c.relkind = 'S' and c.relpersistence <> 't' and ${ofTable('c')} order by 1`;

/** What has no counterpart in a new tenant, or none that its owner may make. */
export const LEFT_BEHIND = `select what, count(*) as count from (
  select 'foreign tables' as what from pg_class c where c.relkind = 'f' and ${ofTable('c')}
  union all select 'foreign servers' from pg_foreign_server
  union all select 'large objects' from pg_largeobject_metadata
  union all select 'publications' from pg_publication
  union all select 'event triggers' from pg_event_trigger e where ${NOT_OF_EXTENSION('pg_event_trigger', 'e.oid')}
  union all select 'settings of the database or its roles' from pg_db_role_setting s
    where s.setdatabase = (select oid from pg_database where datname = current_database())
  union all select 'roles: every object belongs to the owner of the tenant, and grants to others are not made'
    from pg_roles r where r.rolname !~ '^pg_' and not r.rolsuper and r.rolname <> current_user
      and exists (select from pg_shdepend s where s.refclassid = 'pg_authid'::regclass and s.refobjid = r.oid
        and s.dbid = (select oid from pg_database where datname = current_database()))
) as left_behind group by what order by what`;

/** What only pg_dump can read. */
export const LEFT_BY_CATALOG_READER = `select what, count(*) as count from (
  select 'operators' as what from pg_operator o where ${OURS('o.oprnamespace')} and ${NOT_OF_EXTENSION('pg_operator', 'o.oid')}
  union all select 'casts' from pg_cast k where k.oid >= 16384 and ${NOT_OF_EXTENSION('pg_cast', 'k.oid')} and ${NOT_OF_ANOTHER('pg_cast', 'k.oid')}
  union all select 'collations' from pg_collation k where ${OURS('k.collnamespace')} and ${NOT_OF_EXTENSION('pg_collation', 'k.oid')}
  union all select 'text search configurations' from pg_ts_config t where ${OURS('t.cfgnamespace')} and ${NOT_OF_EXTENSION('pg_ts_config', 't.oid')}
  union all select 'text search dictionaries' from pg_ts_dict t where ${OURS('t.dictnamespace')} and ${NOT_OF_EXTENSION('pg_ts_dict', 't.oid')}
  union all select 'operator classes' from pg_opclass o where ${OURS('o.opcnamespace')} and ${NOT_OF_EXTENSION('pg_opclass', 'o.oid')}
  union all select 'aggregates over ordered sets' from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid
    where a.aggkind <> 'n' and ${OURS('p.pronamespace')} and ${NOT_OF_EXTENSION('pg_proc', 'p.oid')}
) as left_behind group by what order by what`;
