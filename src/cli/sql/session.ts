/** A PostgreSQL session with a tenant, through the proxy as any client has it. */
import { connect } from 'node:net';
import pg from 'pg';
import type { Notice } from './notice-text.ts';
import { SimpleQuery, type StatementResult } from './query.ts';
import { SqlError, type Statement } from './sql-error.ts';

/** A sleeping tenant has this long to wake; the server gives up before. */
const CONNECT_TIMEOUT_MS = 60_000;

/** How the server knows us; it keeps why a tenant was woken. */
const APPLICATION_NAME = 'dynabase sql';

/** A CancelRequest's length and code. Source: PostgreSQL docs, "Message Formats". */
const CANCEL_BYTES = 16;
const CANCEL_CODE = 80_877_102;

export type SessionOptions = {
  readonly connectionUri: string;
  readonly onNotice: (notice: Notice) => void;
  readonly onCopy: (chunk: Buffer) => void;
};

/** What pg keeps of the session besides what its types tell. */
type Keys = { readonly processID: number; readonly secretKey: number | Buffer };

/** Whether statements now stand in a transaction. */
export type Transaction = 'none' | 'open' | 'failed';

export class SqlSession {
  readonly #client: pg.Client;
  readonly #onCopy: SessionOptions['onCopy'];
  #alive = true;

  private constructor(client: pg.Client, options: SessionOptions) {
    this.#client = client;
    this.#onCopy = options.onCopy;
    client.on('notice', ({ severity, message, detail, hint }) =>
      options.onNotice({ severity: severity ?? 'NOTICE', message: message ?? '', detail, hint }),
    );
    client.on('error', () => {
      this.#alive = false;
    });
    client.on('end', () => {
      this.#alive = false;
    });
  }

  /** Connects, encrypted if the server can. Throws `SqlError`. */
  static async open(options: SessionOptions): Promise<SqlSession> {
    try {
      return await SqlSession.#connect(options, true);
    } catch (error) {
      if (!hasNoTls(error)) throw told(error, { text: '', line: 1 });
    }
    try {
      return await SqlSession.#connect(options, false);
    } catch (error) {
      throw told(error, { text: '', line: 1 });
    }
  }

  static async #connect(options: SessionOptions, encrypted: boolean): Promise<SqlSession> {
    const uri = new URL(options.connectionUri);
    const client = new pg.Client({
      host: uri.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(uri.port || '5432'),
      user: decodeURIComponent(uri.username),
      password: decodeURIComponent(uri.password),
      database: decodeURIComponent(uri.pathname.slice(1)),
      application_name: APPLICATION_NAME,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // The certificate is the server's own. SCRAM proves the server to us by the ticket, which
      // came over the API, and binds that proof to this very connection.
      ...(encrypted ? { ssl: { rejectUnauthorized: false }, enableChannelBinding: true } : {}),
    });
    const session = new SqlSession(client, options);
    await client.connect();
    return session;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get transaction(): Transaction {
    const status = this.#client.getTransactionStatus();
    if (status === 'T') return 'open';
    return status === 'E' ? 'failed' : 'none';
  }

  /**
   * Sends `statement` as it is; `onResult` gets what each statement in it gives, as it comes.
   * Resolves when the session is ready for more. Throws `SqlError`.
   */
  async run(statement: Statement, onResult: (result: StatementResult) => void): Promise<void> {
    const ready = this.#readyAgain();
    const { promise, resolve } = Promise.withResolvers<Error | null>();
    this.#client.query(
      new SimpleQuery(statement.text, { onResult, onCopy: this.#onCopy, onEnd: resolve }),
    );
    const error = await promise;
    await ready;
    if (error) throw told(error, statement);
  }

  /** Asks the server to end what runs. What comes of it the running statement tells. */
  cancel(): void {
    const { processID, secretKey } = this.#client as unknown as Keys;
    if (typeof secretKey !== 'number') return;
    const request = Buffer.alloc(CANCEL_BYTES);
    request.writeInt32BE(CANCEL_BYTES, 0);
    request.writeInt32BE(CANCEL_CODE, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    const socket = connect(this.#client.port, this.#client.host, () => socket.end(request));
    // A cancel that does not arrive changes nothing: the statement runs on.
    socket.on('error', () => socket.destroy());
  }

  async close(): Promise<void> {
    if (this.#alive) await this.#client.end();
  }

  /** After an error too the server says when it is ready; a session that ended never is. */
  #readyAgain(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#client.off('drain', done);
        this.#client.off('end', done);
        resolve();
      };
      this.#client.on('drain', done);
      this.#client.on('end', done);
      if (!this.#alive) done();
    });
  }
}

/** pg gives this failure no code. Source: pg 8, `lib/connection.js`. */
const hasNoTls = (error: unknown): boolean =>
  error instanceof Error && error.message === 'The server does not support SSL connections';

const told = (error: unknown, statement: Statement): SqlError =>
  new SqlError(error instanceof Error ? error : new Error(String(error)), statement);
