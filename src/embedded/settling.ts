/**
 * Makes a compute agree with the catalog: the owner's role and database have the tenant's name, and
 * owner, operator and superuser have the passwords that they should.
 *
 * Data may come from elsewhere: from the template, where the owner has a placeholder for a name, or,
 * for a fork or an import, from another tenant, with its names and passwords. The compute itself
 * tells who its owner is: the role that our operator acts as, which only a superuser can change.
 */
import { readFile, rm } from 'node:fs/promises';
import pg from 'pg';
import type { Address, Owner } from '../domain/host.ts';
import type { Verifier } from '../domain/verifier.ts';
import { asSuperuser, isWrongPassword, OPERATOR, SUPERUSER, UNNAMED } from './admin.ts';
import { askForPasswords } from './archiving/archiving-door.ts';
import type { ComputeFiles } from './layout.ts';
import { isErrno } from './machine/durable.ts';
import type { Secrets } from './secrets.ts';

/** What a settled compute agrees with. */
export type Settlement = {
  readonly owner: Owner;
  readonly superuser: Verifier;
  readonly operator: Verifier;
};

export type SettleRequest = {
  readonly files: ComputeFiles;
  readonly address: Address;
  /** By which the compute's secrets are derived. */
  readonly name: string;
  readonly settlement: Settlement;
};

/** In the place of the first password: the compute knows this server by the kernel until it is settled. */
export const NO_SECRET = 'none';

/**
 * Settles a compute. Its superuser still has the template's password the first time, or none for data of
 * another tenant; the file that says so is removed once that opens nothing.
 */
export async function settleCompute(
  { secrets }: { readonly secrets: Secrets },
  { address, files, name, settlement }: SettleRequest,
): Promise<void> {
  const own = { address, password: secrets.password(name, SUPERUSER) };
  const first = await firstPassword(files);
  if (first === undefined) return asSuperuser(own, (client) => settle(client, settlement));
  const finish = async (client: pg.Client): Promise<void> => {
    await settle(client, settlement);
    if (first !== NO_SECRET) return;
    await askForPasswords(files.data);
    await client.query('select pg_reload_conf()');
  };
  try {
    await asSuperuser({ address, password: first }, finish);
  } catch (error) {
    // Settled before, and the crash came between that and the removal of the file.
    if (!isWrongPassword(error)) throw error;
    await asSuperuser(own, finish);
  }
  await rm(files.firstSecret, { force: true });
}

async function firstPassword(files: ComputeFiles): Promise<string | undefined> {
  try {
    return await readFile(files.firstSecret, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

type Standing = {
  readonly role: boolean;
  readonly role_verifier: string | null;
  readonly database: boolean;
  /** The owner as the compute has it. */
  readonly former: string | null;
  readonly former_database: boolean;
  /** A name that neither a role nor a database has. */
  readonly spare: string | null;
  readonly superuser_verifier: string | null;
  readonly operator_verifier: string | null;
};

const STANDING = `
  with acting as (
    select coalesce(
      (select substr(item, length('role=') + 1)
       from pg_db_role_setting s join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) item
       where r.rolname = '${OPERATOR}' and s.setdatabase = 0 and starts_with(item, 'role=')),
      '${UNNAMED}') as name
  )
  select
    exists (select from pg_roles where rolname = $1) as role,
    (select rolpassword from pg_authid where rolname = $1) as role_verifier,
    exists (select from pg_database where datname = $1) as database,
    (select rolname from pg_roles
     where rolname = acting.name and not rolsuper
       and (rolname = '${UNNAMED}' or rolname !~ '^(pg_|dynabase)')) as former,
    exists (select from pg_database where datname = acting.name) as former_database,
    (select c from unnest($2::text[]) with ordinality as u (c, n)
     where not exists (select from pg_roles where rolname = c)
       and not exists (select from pg_database where datname = c)
     order by n limit 1) as spare,
    (select rolpassword from pg_authid where rolname = '${SUPERUSER}') as superuser_verifier,
    (select rolpassword from pg_authid where rolname = '${OPERATOR}') as operator_verifier
  from acting`;

/**
 * Makes roles and database what `settlement` says; nothing is written where they are so already.
 *
 * One transaction, so that a crash leaves all of it or nothing. A database that its owner has
 * renamed or dropped since is the owner's business and stays as it is. A role or database of the
 * tenant's own that has the name which the owner is to get makes room: it is renamed to `NAME_old`.
 */
async function settle(client: pg.Client, settlement: Settlement): Promise<void> {
  const { owner, superuser, operator } = settlement;
  const values = [owner.name, spareNames(owner.name)];
  const standing = (await client.query<Standing>(STANDING, values)).rows[0];
  if (!standing) return;
  const work = [...renames(owner.name, standing)];
  if (standing.role_verifier !== owner.verifier || work.length > 0) {
    work.push(setPassword(owner.name, owner.verifier));
  }
  if (standing.operator_verifier !== operator) work.push(setPassword(OPERATOR, operator));
  if (standing.superuser_verifier !== superuser) work.push(setPassword(SUPERUSER, superuser));
  if (work.length > 0) await client.query(work.join(';'));
}

function renames(name: string, standing: Standing): readonly string[] {
  const { former, spare } = standing;
  if (former === null || former === name) return [];
  const [to, from] = [name, former].map((text) => pg.escapeIdentifier(text));
  const aside = (kind: string): string => {
    if (spare === null) throw new Error(`there is no name to move ${kind} "${name}" to`);
    return `alter ${kind} ${to} rename to ${pg.escapeIdentifier(spare)}`;
  };
  const work: string[] = [];
  if (standing.role) work.push(aside('role'));
  work.push(`alter role ${from} rename to ${to}`, `alter role ${to} login`);
  work.push(`alter role ${OPERATOR} set role = ${pg.escapeLiteral(name)}`);
  if (!standing.former_database) return work;
  if (standing.database) work.push(aside('database'));
  work.push(`alter database ${from} rename to ${to}`);
  return work;
}

/** A name has at most 63 characters. */
const spareNames = (name: string): readonly string[] =>
  ['', 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${name.slice(0, 58)}_old${n}`);

const setPassword = (role: string, verifier: Verifier): string =>
  `alter role ${pg.escapeIdentifier(role)} password ${pg.escapeLiteral(verifier)}`;
