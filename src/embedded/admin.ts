/** What we do inside a compute as its superuser: make its roles what the catalog says, and read them. */
import { Socket } from 'node:net';
import pg from 'pg';
import type { Address, Owner } from '../domain/host.ts';
import { isVerifier, type RoleRecord, type Verifier } from '../domain/verifier.ts';
import { socketPlace } from './socket-place.ts';

/** Ours in every compute. Never given out; names that begin like it are reserved. */
export const SUPERUSER = 'dynabase';
/** Acts as the owner, for the holder of an operator key. */
export const OPERATOR = 'dynabase_operator';
/** The owner's role and database until the catalog names them. */
export const UNNAMED = 'dynabase_unnamed';

/** Where we connect: no tenant can leave anything here that would run as us. */
const DATABASE = 'postgres';

const CONNECT_TIMEOUT_MS = 30_000;
const STATEMENT_TIMEOUT_MS = 60_000;

export type Login = { readonly address: Address; readonly password: string };

/**
 * Settings of a database are its owner's, and could make us another role, look up other names, or
 * end our statements. Settings of the connection outrank them.
 */
const OPTIONS = [
  'search_path=pg_catalog',
  'role=none',
  `session_authorization=${SUPERUSER}`,
  'default_transaction_read_only=off',
  'statement_timeout=0',
  'lock_timeout=1s',
  'idle_in_transaction_session_timeout=0',
  'idle_session_timeout=0',
].map((option) => `-c ${option}`);

/** Far above what we ever ask for. A compute that its tenant has taken over might never end. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/**
 * A connection to what may not be the PostgreSQL that we started. It breaks when too much comes by it,
 * and when `pg` throws at what comes: thrown at a socket, that would end the whole program.
 */
class GuardedSocket extends Socket {
  #received = 0;

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'data') return super.emit(event, ...args);
    const [chunk] = args;
    this.#received += Buffer.isBuffer(chunk) ? chunk.length : 0;
    try {
      if (this.#received > ANSWER_BYTES_MAX) {
        throw new Error(`the compute answers with more than ${ANSWER_BYTES_MAX} bytes`);
      }
      return super.emit(event, ...args);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
      return true;
    }
  }
}

/** Runs `work` on a connection of its own. */
export async function asSuperuser<T>(
  login: Login,
  work: (client: pg.Client) => Promise<T>,
  database: string = DATABASE,
): Promise<T> {
  const socket = new GuardedSocket();
  const client = new pg.Client({
    ...socketPlace(login.address),
    user: SUPERUSER,
    password: login.password,
    database,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
    options: OPTIONS.join(' '),
    stream: () => socket,
  });
  // A connection that breaks fails the query under way, which is what the caller sees.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    // Says goodbye, and does not wait for an answer to it.
    void client.end();
    socket.destroy();
  }
}

export const isWrongPassword = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '28P01';

/** What a settled compute agrees with. */
export type Settlement = {
  readonly owner: Owner;
  readonly superuser: Verifier;
  readonly operator: Verifier;
};

type Standing = {
  readonly role: string | null;
  readonly role_verifier: string | null;
  readonly unnamed_role: boolean;
  readonly unnamed_database: boolean;
  readonly database: boolean;
  readonly superuser_verifier: string | null;
  readonly operator_verifier: string | null;
};

const STANDING = `
  select
    (select rolname from pg_roles where rolname = $1) as role,
    (select rolpassword from pg_authid where rolname = $1) as role_verifier,
    exists (select from pg_roles where rolname = '${UNNAMED}') as unnamed_role,
    exists (select from pg_database where datname = '${UNNAMED}') as unnamed_database,
    exists (select from pg_database where datname = $1) as database,
    (select rolpassword from pg_authid where rolname = '${SUPERUSER}') as superuser_verifier,
    (select rolpassword from pg_authid where rolname = '${OPERATOR}') as operator_verifier`;

/**
 * Makes roles and database what `settlement` says; nothing is written where they are so already.
 *
 * One transaction, so that a crash leaves all of it or nothing. A database that its owner has
 * renamed or dropped since is the owner's business and stays as it is.
 */
export async function settle(client: pg.Client, settlement: Settlement): Promise<void> {
  const { owner, superuser, operator } = settlement;
  const standing = (await client.query<Standing>(STANDING, [owner.name])).rows[0];
  if (!standing) return;
  const name = pg.escapeIdentifier(owner.name);
  const work: string[] = [];
  if (standing.unnamed_role && standing.role === null) {
    work.push(`alter role ${UNNAMED} rename to ${name}`, `alter role ${name} login`);
    work.push(`alter role ${OPERATOR} set role = ${pg.escapeLiteral(owner.name)}`);
  }
  if (standing.unnamed_database && !standing.database) {
    work.push(`alter database ${UNNAMED} rename to ${name}`);
  }
  if (standing.role_verifier !== owner.verifier) work.push(setPassword(name, owner.verifier));
  if (standing.operator_verifier !== operator) work.push(setPassword(OPERATOR, operator));
  if (standing.superuser_verifier !== superuser) work.push(setPassword(SUPERUSER, superuser));
  if (work.length > 0) await client.query(work.join(';'));
}

const setPassword = (role: string, verifier: Verifier): string =>
  `alter role ${role} password ${pg.escapeLiteral(verifier)}`;

type RoleRow = {
  readonly role: string;
  readonly verifier: string | null;
  readonly may_log_in: boolean;
};

/** Roles that may log in through us: of more, the oldest, and so the owner among them. */
export const ROLES_MAX = 10_000;

const ROLES = `
  select role, verifier, may_log_in
  from (
    select rolname as role, rolpassword as verifier,
      rolcanlogin and coalesce(rolvaliduntil > now(), true) as may_log_in
    from pg_authid
    where not rolsuper and rolcanlogin and rolname !~ '^(pg_|dynabase)'
    order by oid
    limit ${ROLES_MAX}
  ) oldest
  order by role`;

export async function readRoles(client: pg.Client): Promise<RoleRecord[]> {
  const { rows } = await client.query<RoleRow>(ROLES);
  return rows.map((row) => ({
    role: row.role,
    verifier: row.verifier !== null && isVerifier(row.verifier) ? row.verifier : null,
    mayLogIn: row.may_log_in,
  }));
}
