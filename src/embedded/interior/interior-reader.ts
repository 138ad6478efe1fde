/**
 * The role of those who may look at a tenant's data and do nothing else.
 *
 * It is logged in to as itself, so that no statement finds another role behind it: neither the owner's
 * sessions nor their texts are its own. It reads as a member of the readers, which policies of rows hold for.
 * Nothing is made for tenants that nobody looks at so: it is there with the first who does.
 */
import pg from 'pg';
import type { Verifier } from '../../domain/verifier.ts';
import { READER } from '../admin.ts';
import { grantGroups, makeGroups, READERS } from './interior-access.ts';

type Standing = { readonly verifier: string | null; readonly is_member: boolean };

const STANDING = `
  select rolpassword as verifier,
    exists (select from pg_auth_members m
            where m.member = r.oid and pg_get_userbyid(m.roleid) = '${READERS}') as is_member
  from pg_authid r where rolname = '${READER}'`;

/** Data of another tenant brings its role along, with that one's password. */
export async function makeReader(client: pg.Client, verifier: Verifier): Promise<void> {
  await makeGroups(client);
  const { rows } = await client.query<Standing>(STANDING);
  const [standing] = rows;
  const work: string[] = [];
  if (standing === undefined) work.push(`create role ${READER} login`);
  if (standing?.verifier !== verifier) {
    work.push(`alter role ${READER} login password ${pg.escapeLiteral(verifier)}`);
  }
  if (standing?.is_member !== true) work.push(`grant ${READERS} to ${READER}`);
  if (work.length > 0) await client.query(work.join(';'));
}

/** Temporary ones are nobody else's. */
const OF_PEOPLE = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

const IS_OPEN = `
  select has_database_privilege('${READERS}', current_database(), 'connect') as may_connect,
    not exists (
      select from pg_namespace n
      where ${OF_PEOPLE} and not has_schema_privilege('${READERS}', n.oid, 'usage'))
    and not exists (
      select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${OF_PEOPLE} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and not has_table_privilege('${READERS}', c.oid, 'select')) as may_read`;

/** Has the readers reach the database that the client is in. Writes nothing where they do. */
export async function openToReaders(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{
    readonly may_connect: boolean;
    readonly may_read: boolean;
  }>(IS_OPEN);
  if (rows[0]?.may_connect !== true) {
    const { database = '' } = client;
    await client.query(`grant connect on database ${pg.escapeIdentifier(database)} to ${READERS}`);
  }
  if (rows[0]?.may_read !== true) await grantGroups(client);
}
