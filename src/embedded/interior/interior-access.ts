/**
 * What roles may do with all that there is in a tenant, and will be.
 *
 * Two roles of ours, which nobody logs in as, have the rights of reading and of writing, in every database and on
 * whatever is made later; to give a role that access is to make it a member. PostgreSQL's own `pg_read_all_data`
 * will not do: it reads the passwords' verifiers too.
 */
import pg from 'pg';
import type { RoleAccess } from '../../domain/interior.ts';

export const READERS = 'dynabase_readers';
export const WRITERS = 'dynabase_writers';

/** Databases that people may be in. */
export const OPEN_DATABASES = `
  select datname as name, pg_get_userbyid(datdba) as owner, oid
  from pg_database
  where datallowconn and not datistemplate and datname !~ '^dynabase'
    and (datname <> 'postgres' or pg_get_userbyid(datdba) <> current_user)`;

/** What a role of ours is never taken for. */
export const OF_TENANT = `not rolsuper and rolname !~ '^(pg_|dynabase)'`;

/** Whether the two roles are there; they are made with the first role that needs one. */
export async function hasGroups(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(`select from pg_roles where rolname = '${READERS}'`);
  return rowCount === 1;
}

export async function makeGroups(client: pg.Client): Promise<void> {
  if (await hasGroups(client)) return;
  await client.query(`create role ${READERS} nologin; create role ${WRITERS} nologin`);
}

/** Gives both their rights in the database that the client is in, now and for what comes. */
export async function grantGroups(client: pg.Client): Promise<void> {
  const { rows: schemas } = await client.query<{ readonly name: string }>(
    `select nspname as name from pg_namespace
     where nspname !~ '^pg_' and nspname <> 'information_schema'`,
  );
  const { rows: roles } = await client.query<{ readonly name: string }>(
    `select rolname as name from pg_roles where ${OF_TENANT}`,
  );
  const work = [
    ...schemas.flatMap(({ name }) => ofSchema(pg.escapeIdentifier(name))),
    ...roles.flatMap(({ name }) => ofMaker(pg.escapeIdentifier(name))),
  ];
  if (work.length > 0) await client.query(work.join(';'));
}

const BOTH = `${READERS}, ${WRITERS}`;

const ofSchema = (schema: string): readonly string[] => [
  `grant usage on schema ${schema} to ${BOTH}`,
  `grant select on all tables in schema ${schema} to ${BOTH}`,
  `grant select on all sequences in schema ${schema} to ${BOTH}`,
  `grant insert, update, delete on all tables in schema ${schema} to ${WRITERS}`,
  `grant usage, update on all sequences in schema ${schema} to ${WRITERS}`,
];

/** What this role makes from now on. */
function ofMaker(role: string): readonly string[] {
  const future = `alter default privileges for role ${role} grant`;
  return [
    `${future} usage on schemas to ${BOTH}`,
    `${future} select on tables to ${BOTH}`,
    `${future} select on sequences to ${BOTH}`,
    `${future} insert, update, delete on tables to ${WRITERS}`,
    `${future} usage, update on sequences to ${WRITERS}`,
  ];
}

/** Statements by which `role` has this access and no other. `known` is what it has now. */
export function accessWork(
  {
    role,
    owner,
    known,
  }: { readonly role: string; readonly owner: string; readonly known: RoleAccess },
  wanted: RoleAccess,
): readonly string[] {
  if (wanted === known) return [];
  const [member, whole] = [role, owner].map((name) => pg.escapeIdentifier(name)) as [
    string,
    string,
  ];
  // The owner may act as any role but those that act as it.
  const work = known === 'owner' ? [`revoke ${whole} from ${member}`] : [];
  const group: Readonly<Partial<Record<RoleAccess, string>>> = {
    'read-only': READERS,
    'read-write': WRITERS,
  };
  const [had, has] = [group[known], group[wanted]];
  if (had !== undefined) work.push(`revoke ${had} from ${member}`);
  if (has !== undefined) work.push(`grant ${has} to ${member}`);
  if (wanted === 'owner')
    work.push(`revoke ${member} from ${whole}`, `grant ${whole} to ${member}`);
  else work.push(`grant ${member} to ${whole} with admin option`);
  return work;
}
