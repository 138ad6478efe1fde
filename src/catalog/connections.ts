/**
 * Connections to the catalog's PostgreSQL: few, bounded in every wait, and replaced when lost.
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { Log } from '../domain/log.ts';
import { type DurationMs, seconds } from '../domain/units.ts';
import { momentOf } from './moment-text.ts';

/** Where the catalog is: a PostgreSQL given by URL, or one on a Unix socket of this machine. */
export type CatalogConnection =
  | { readonly url: string }
  | {
      readonly socketDir: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    };

export type Patience = {
  /** For a connection: made anew, or one of the pool's to come free. */
  readonly connect: DurationMs;
  /** For one statement, kept by the server. */
  readonly statement: DurationMs;
  /** For the answer to one statement, kept by us, for when the server itself is silent. */
  readonly answer: DurationMs;
};

export const PATIENCE: Patience = {
  connect: seconds(5),
  statement: seconds(10),
  answer: seconds(15),
};

/** Enough to keep two cores of PostgreSQL busy with statements this short. */
export const CONNECTIONS_MAX = 8;

const IDLE_AT_MOST = seconds(60);

/** Object ids of PostgreSQL types. Source: `pg_type.dat`. */
const BIGINT = 20;
const BIGINT_ARRAY = 1016;
const TIMESTAMPTZ = 1184;
const TEXT_ARRAY = 1009;

/** Settings of each connection that the SQL relies on, whatever the database's defaults are. */
const SESSION_SETTINGS = [
  'search_path=pg_catalog',
  'default_transaction_isolation=read\\ committed',
  'TimeZone=UTC',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** What `pg` needs to make one connection. */
export function clientConfig(connection: CatalogConnection, patience: Patience): pg.ClientConfig {
  return {
    ...address(connection),
    application_name: 'dynabase catalog',
    options: SESSION_SETTINGS,
    connectionTimeoutMillis: patience.connect,
    statement_timeout: patience.statement,
    lock_timeout: patience.statement,
    idle_in_transaction_session_timeout: patience.answer,
    query_timeout: patience.answer,
    keepAlive: true,
    types: { getTypeParser },
  };
}

/** A pool for Kysely that survives the loss of any of its connections. */
export class Connections implements PostgresPool {
  readonly options: object = {};
  readonly #pool: pg.Pool;

  constructor(connection: CatalogConnection, patience: Patience, log: Log) {
    this.#pool = new pg.Pool({
      ...clientConfig(connection, patience),
      max: CONNECTIONS_MAX,
      idleTimeoutMillis: IDLE_AT_MOST,
    });
    // A lost connection is reported on the client, and on the pool as well while it is idle. The
    // statement that runs into it throws by itself; without a listener the event ends the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.#pool.on('error', (error) => log.warn('catalog connection lost', { why: error.message }));
  }

  async connect(): Promise<PostgresPoolClient> {
    return lent(await this.#pool.connect());
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/**
 * A pool's client that is thrown away after a failure that ends a connection: what the server calls
 * more than an error, since its end of the socket closes a moment later; and what the server did
 * not report, since `pg` would queue the next statement behind the unanswered one.
 */
function lent(client: pg.PoolClient): PostgresPoolClient {
  let suspect = false;
  const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
    try {
      return await client.query(text, [...values]);
    } catch (error) {
      suspect ||= !(error instanceof pg.DatabaseError && error.severity === 'ERROR');
      throw error;
    }
  };
  return {
    query: query as PostgresPoolClient['query'],
    release: (destroy) => client.release(suspect || destroy),
  };
}

function address(connection: CatalogConnection): pg.ClientConfig {
  if ('url' in connection) return { connectionString: connection.url };
  const { socketDir, port, user, password, database } = connection;
  return { host: socketDir, port, user, password, database };
}

type TextParser = (text: string) => unknown;

const getTypeParser = ((oid: number, format?: 'text'): TextParser => {
  const usual: TextParser = pg.types.getTypeParser(oid, format);
  if (oid === BIGINT) return safeInteger;
  if (oid === BIGINT_ARRAY) return (text) => (usual(text) as string[]).map(safeInteger);
  if (oid === TIMESTAMPTZ) return (text) => momentOf(text) ?? (usual(text) as Date).getTime();
  if (oid === TEXT_ARRAY) return (text) => (text === '{}' ? [] : usual(text));
  return usual;
}) as typeof pg.types.getTypeParser;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`catalog: ${text} is no safe integer`);
  return value;
}
