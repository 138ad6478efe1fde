/** How we connect to a compute as its superuser, and what roles we find there. */
import { Socket } from 'node:net';
import pg from 'pg';
import type { Address } from '../domain/host.ts';
import { isVerifier, type RoleRecord } from '../domain/verifier.ts';
import { socketPlace } from './socket-place.ts';

/** Ours in every compute. Never given out; names that begin like it are reserved. */
export const SUPERUSER = 'dynabase';
/** Acts as the owner, for the holder of an operator key. */
export const OPERATOR = 'dynabase_operator';
/** Reads what the owner has, for those who may do nothing else. */
export const READER = 'dynabase_reader';
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
  // What we do takes no place among the tenant's; unknown to a compute that counts nothing, and harmless.
  'pg_stat_statements.track=none',
].map((option) => `-c ${option}`);

/** Far above what we ever ask for. A compute that its tenant has taken over might never end. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/**
 * A connection to what may not be the PostgreSQL that we started. It breaks when too much comes by it,
 * and when `pg` throws at what comes: thrown at a socket, that would end the whole program.
 */
export class GuardedSocket extends Socket {
  #received = 0;

  /** What came so far was wanted, so as much again may come. */
  accept(): void {
    this.#received = 0;
  }

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
  const connection = await open(login, {
    database,
    query_timeout: STATEMENT_TIMEOUT_MS,
    options: OPTIONS.join(' '),
  });
  try {
    return await work(connection.client);
  } finally {
    connection.close();
  }
}

/** As the one that acts as the tenant's owner: for what tenants' own code may be part of. */
export async function asOwner<T>(
  login: Login,
  work: (client: pg.Client) => Promise<T>,
  { database, options = [] }: { readonly database: string; readonly options?: readonly string[] },
): Promise<T> {
  const connection = await open(login, {
    user: OPERATOR,
    database,
    query_timeout: STATEMENT_TIMEOUT_MS,
    options: options.map((option) => `-c ${option}`).join(' '),
  });
  try {
    return await work(connection.client);
  } finally {
    connection.close();
  }
}

export type Connection = {
  readonly client: pg.Client;
  readonly socket: GuardedSocket;
  /** Says goodbye, and does not wait for an answer to it. */
  close(): void;
};

/** A connection that speaks the replication protocol. */
export const openReplication = (login: Login): Promise<Connection> =>
  open(login, { replication: 'true' });

/** What `pg` takes, and its types do not know. */
type ClientSettings = pg.ClientConfig & { readonly replication?: 'true' };

async function open({ address, password }: Login, more: ClientSettings): Promise<Connection> {
  const socket = new GuardedSocket();
  const settings: ClientSettings = {
    ...socketPlace(address),
    user: SUPERUSER,
    password,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    stream: () => socket,
    ...more,
  };
  const client = new pg.Client(settings);
  // A connection that breaks fails the query under way, which is what the caller sees.
  client.on('error', () => {});
  const close = () => {
    void client.end();
    socket.destroy();
  };
  try {
    await client.connect();
  } catch (error) {
    close();
    throw error;
  }
  return { client, socket, close };
}

export const isWrongPassword = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '28P01';

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
