/** One connection of an import: to the PostgreSQL that is read, or to the tenant that is made. */
import type { connect as connectSocket } from 'node:net';
import pg from 'pg';
import type { Explained } from '../failure.ts';
import { CopyIn, CopyOut } from './copy.ts';
import type { SourceAddress } from './source-address.ts';

const CONNECT_TIMEOUT_MS = 60_000;
const APPLICATION_NAME = 'dynabase import';

export type Side = 'source' | 'tenant';

/** What one of the two said, and which of them. */
export class ImportError extends Error implements Explained {
  override readonly name = 'ImportError';
  readonly code: string;
  readonly lines: readonly string[];
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    side: Side,
    error: Error & { readonly code?: string; hint?: string; detail?: string },
    doing = '',
  ) {
    super(`${SIDES[side]}: ${error.message}`, { cause: error });
    this.code = error.code ?? '08006';
    this.lines = [
      ...(doing === '' ? [] : [`while: ${doing}`]),
      ...(error.detail === undefined ? [] : [`detail: ${error.detail}`]),
      ...(error.hint === undefined ? [] : [`hint: ${error.hint}`]),
    ];
    this.fields = { side, ...(doing === '' ? {} : { doing }) };
  }
}

const SIDES: Readonly<Record<Side, string>> = {
  source: 'the database to import from',
  tenant: 'the new tenant',
};

export class ImportSession {
  readonly #client: pg.Client;
  readonly #side: Side;
  /** Rows come as text: no digit is lost. */
  static readonly #types = { getTypeParser: () => (text: string) => text };

  private constructor(client: pg.Client, side: Side) {
    this.#client = client;
    this.#side = side;
    // What was under way fails by itself; at rest the next statement tells.
    client.on('error', () => undefined);
  }

  /** Throws `ImportError`. */
  static async open(side: Side, address: SourceAddress): Promise<ImportSession> {
    const { sslMode } = address;
    const isSocket = address.host.startsWith('/');
    const encrypted = sslMode !== 'disable' && sslMode !== 'allow' && !isSocket;
    try {
      return await ImportSession.#connect(side, address, encrypted);
    } catch (error) {
      const said = error instanceof Error ? error : new Error(String(error));
      // pg gives this failure no code. Source: pg 8, `lib/connection.js`.
      const hasNoTls = said.message === 'The server does not support SSL connections';
      if (sslMode !== 'prefer' || !hasNoTls) throw new ImportError(side, said);
    }
    return await ImportSession.#connect(side, address, false).catch((error: Error) => {
      throw new ImportError(side, error);
    });
  }

  static async #connect(side: Side, address: SourceAddress, encrypted: boolean) {
    const { host, port, user, database, password, sslMode, sslRootCert } = address;
    const verifies = sslMode === 'verify-ca' || sslMode === 'verify-full';
    const client = new pg.Client({
      ...{ host, port, user, database, application_name: APPLICATION_NAME },
      // Without this pg looks for one in places of its own.
      password: password ?? '',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      types: ImportSession.#types,
      ...(encrypted
        ? {
            ssl: {
              rejectUnauthorized: verifies,
              ...(sslRootCert === undefined ? {} : { ca: sslRootCert }),
              ...(sslMode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
            },
            enableChannelBinding: true,
          }
        : {}),
    });
    const session = new ImportSession(client, side);
    await client.connect();
    return session;
  }

  /** Rows of one statement. Throws `ImportError`. */
  async rows<Row>(sql: string, values: readonly string[] = []): Promise<readonly Row[]> {
    try {
      const found = await (values.length === 0
        ? this.#client.query(sql)
        : this.#client.query(sql, [...values]));
      return found.rows as Row[];
    } catch (error) {
      throw this.#told(error, sql);
    }
  }

  async run(sql: string): Promise<void> {
    await this.rows(sql);
  }

  /** Gives what a `COPY ... TO STDOUT` here gives to a `COPY ... FROM STDIN` there; the rows. */
  async copyTo(target: ImportSession, copy: CopyStatements): Promise<number> {
    const into = new CopyIn(copy.from);
    target.#client.query(into);
    await into.began.catch((error: unknown) => {
      throw target.#told(error, copy.from);
    });
    const out = new CopyOut(copy.to, into, copy.onBytes);
    this.#client.query(out);
    // One failing makes the other fail too; the first says more.
    let first: ImportError | undefined;
    const read = out.ended.catch((error: unknown) => {
      first ??= this.#told(error, copy.to);
      into.fail();
    });
    const written = into.ended.catch((error: unknown) => {
      first ??= target.#told(error, copy.from);
      // Nobody wants what still comes.
      this.destroy();
    });
    const [rows] = await Promise.all([read, written]);
    if (first !== undefined) throw first;
    return rows ?? 0;
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  /** Ends it at once, with whatever runs. */
  destroy(): void {
    const { stream } = (
      this.#client as unknown as { connection: { stream: ReturnType<typeof connectSocket> } }
    ).connection;
    stream.destroy(new Error('the import was stopped'));
  }

  #told(error: unknown, sql: string): ImportError {
    const said = error instanceof Error ? error : new Error(String(error));
    return said instanceof ImportError ? said : new ImportError(this.#side, said, shortened(sql));
  }
}

export type CopyStatements = {
  readonly to: string;
  readonly from: string;
  readonly onBytes: (bytes: number) => void;
};

const DOING_LENGTH_MAX = 160;

function shortened(sql: string): string {
  const line = sql.trim().replaceAll(/\s+/g, ' ');
  return line.length <= DOING_LENGTH_MAX ? line : `${line.slice(0, DOING_LENGTH_MAX)}…`;
}
