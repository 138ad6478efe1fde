/** The roles of a tenant, as its compute has them, and how they are changed. */
import pg from 'pg';
import type { RoleAccess, RoleChange, TenantRole } from '../../domain/interior.ts';
import { accessWork, OF_TENANT, OPEN_DATABASES, READERS, WRITERS } from './interior-access.ts';

type RoleRow = {
  readonly name: string;
  readonly may_log_in: boolean;
  readonly has_password: boolean;
  readonly connections_max: number;
  readonly valid_until: string | null;
  readonly groups: readonly string[];
};

const ROLES = `
  select rolname as name, rolcanlogin as may_log_in, rolpassword is not null as has_password,
    rolconnlimit as connections_max,
    case when rolvaliduntil < 'infinity'
      then to_char(rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end
      as valid_until,
    array(select pg_get_userbyid(m.roleid)::text from pg_auth_members m
          where m.member = r.oid order by 1) as groups
  from pg_authid r
  where ${OF_TENANT}`;

export async function readRoles(client: pg.Client, owner: string): Promise<TenantRole[]> {
  const { rows } = await client.query<RoleRow>(`${ROLES} order by rolname`);
  return rows.map((row) => roleOf(row, owner));
}

function roleOf(row: RoleRow, owner: string): TenantRole {
  const { name, groups, connections_max: connectionsMax } = row;
  return {
    name,
    isOwner: name === owner,
    access: name === owner ? 'owner' : accessOf(groups, owner),
    mayLogIn: row.may_log_in,
    hasPassword: row.has_password,
    connectionsMax: connectionsMax < 0 ? null : connectionsMax,
    validUntil: row.valid_until,
    memberOf: groups.filter((group) => group !== owner && group !== READERS && group !== WRITERS),
  };
}

function accessOf(groups: readonly string[], owner: string): RoleAccess {
  if (groups.includes(owner)) return 'owner';
  if (groups.includes(WRITERS)) return 'read-write';
  return groups.includes(READERS) ? 'read-only' : 'none';
}

export async function makeRole(
  client: pg.Client,
  owner: string,
  { name, ...change }: RoleChange & { readonly name: string },
): Promise<void> {
  const role = pg.escapeIdentifier(name);
  const admin = `grant ${role} to ${pg.escapeIdentifier(owner)} with admin option`;
  await inOne(client, [
    `create role ${role} ${attributesOf({ mayLogIn: true, ...change })}`,
    admin,
    ...accessWork({ role: name, owner, known: 'none' }, change.access ?? 'none'),
  ]);
}

export async function alterRole(
  client: pg.Client,
  owner: string,
  { name, ...change }: RoleChange & { readonly name: string },
): Promise<void> {
  const attributes = attributesOf(change);
  const work = attributes === '' ? [] : [`alter role ${pg.escapeIdentifier(name)} ${attributes}`];
  if (change.access !== undefined) {
    const { rows } = await client.query<RoleRow>(`${ROLES} and rolname = $1`, [name]);
    const known = rows[0] === undefined ? 'none' : accessOf(rows[0].groups, owner);
    work.push(...accessWork({ role: name, owner, known }, change.access));
  }
  await inOne(client, work);
}

/** Takes the role out of the database that the client is in: what it owns becomes the owner's. */
export async function disown(client: pg.Client, owner: string, name: string): Promise<void> {
  const [role, heir] = [name, owner].map((text) => pg.escapeIdentifier(text));
  await client.query(`reassign owned by ${role} to ${heir}; drop owned by ${role}`);
}

/** Ends its sessions: one that has lost its backend cannot log in again. */
export async function removeRole(client: pg.Client, name: string): Promise<void> {
  const role = pg.escapeIdentifier(name);
  await client.query(`alter role ${role} nologin`);
  await client.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [
    name,
  ]);
  await client.query(`drop role ${role}`);
}

/** Names of the databases in which a role may own something. */
export async function databaseNames(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ readonly name: string }>(OPEN_DATABASES);
  return rows.map(({ name }) => name);
}

function attributesOf(change: RoleChange): string {
  const { mayLogIn, verifier, connectionsMax, validUntil } = change;
  return [
    mayLogIn === undefined ? '' : mayLogIn ? 'login' : 'nologin',
    verifier === undefined
      ? ''
      : `password ${verifier === null ? 'null' : pg.escapeLiteral(verifier)}`,
    connectionsMax === undefined ? '' : `connection limit ${connectionsMax ?? -1}`,
    validUntil === undefined ? '' : `valid until ${pg.escapeLiteral(validUntil ?? 'infinity')}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** A string of statements is one transaction. */
async function inOne(client: pg.Client, work: readonly string[]): Promise<void> {
  if (work.length > 0) await client.query(work.join(';'));
}
