/** One session in a tenant's database, through the proxy as any client's, for one query after the other. */

import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import pg from 'pg';
import { type DatabaseNotice, fault } from '../../domain/faults.ts';
import { OURS } from '../../domain/own-statements.ts';
import type {
  QueryLogin,
  QueryOutcome,
  QueryRequest,
  StatementResult,
} from '../../domain/query.ts';
import type { DurationMs } from '../../domain/units.ts';
import { type Asked, BoundedQuery, CopyRefused } from './bounded-query.ts';
import { Notices, type RawNotice } from './notices.ts';

/** Told in the list of sessions, and in the log of whoever asks there. */
const APPLICATION_NAME = 'dynabase-api';

/** Of one message beyond what may be told, before the session is given up. */
const MESSAGE_BYTES_SPARE = 1_048_576;

/** SQLSTATEs of logins that may succeed later: too many, shutting down, no connection. */
const COMES_BACK = /^(53|57|08)/;

/** The extended protocol has met several statements; none has been done. */
const SYNTAX_ERROR = '42601';
const SEVERAL = 'cannot insert multiple commands into a prepared statement';

export type ProxyPlace = {
  readonly host: string;
  readonly port: number;
  readonly requireTls: boolean;
  /** A wake may take as long. */
  readonly connectWithin: DurationMs;
};

export class QuerySession {
  readonly #client: pg.Client;
  #received = 0;
  #receivedMax = Number.POSITIVE_INFINITY;
  #isTooLarge = false;
  #isOpen = true;
  /** Of the statements that are asked now. */
  #notices = new Notices();

  /** Throws `SESSION_REFUSED`, `QUERY_FAILED`. */
  static async open(
    place: ProxyPlace,
    { user, password }: QueryLogin,
    database: string,
  ): Promise<QuerySession> {
    const client = new pg.Client({
      ...{ host: place.host, port: place.port, user, password, database },
      application_name: APPLICATION_NAME,
      connectionTimeoutMillis: place.connectWithin,
      // The proxy is ours, and on this machine; SCRAM proves it besides.
      ...(place.requireTls ? { ssl: { rejectUnauthorized: false } } : {}),
    });
    client.on('error', () => {});
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => {});
      throw refusal(error);
    }
    return new QuerySession(client);
  }

  private constructor(client: pg.Client) {
    this.#client = client;
    const stream = streamOf(client);
    stream.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      if (this.#received <= this.#receivedMax) return;
      this.#isTooLarge = true;
      stream.destroy();
    });
    client.once('end', () => {
      this.#isOpen = false;
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Throws `QUERY_FAILED`, `RESPONSE_TOO_LARGE`. */
  async run(request: QueryRequest): Promise<Pick<QueryOutcome, 'results' | 'noticesLeftOut'>> {
    this.#receivedMax = request.bytesMax + MESSAGE_BYTES_SPARE;
    this.#notices = new Notices();
    try {
      const results = await this.#named(await this.#run(request));
      return { results, noticesLeftOut: this.#notices.leftOut };
    } catch (error) {
      if (this.#isTooLarge) throw fault('RESPONSE_TOO_LARGE', { bytesMax: request.bytesMax });
      throw failure(error, this.#notices.all);
    }
  }

  /** As it was at the login. Throws if it cannot be made so, and is not to be used again then. */
  async reset(): Promise<void> {
    if (this.#client.getTransactionStatus() !== 'I') throw new Error('a transaction is open');
    await this.#client.query('discard all');
  }

  /** Whatever is under way is cancelled, since its client is gone. */
  destroy(): void {
    streamOf(this.#client).destroy();
    this.#isOpen = false;
  }

  /** Says goodbye. */
  close(): void {
    void this.#client.end().catch(() => {});
    this.#isOpen = false;
  }

  async #run(request: QueryRequest): Promise<readonly StatementResult[]> {
    const { role, readOnly, sql, params } = request;
    const prelude = [
      ...(role === null ? [] : [`set role ${pg.escapeIdentifier(role)}`]),
      // Once something has been looked at, a transaction cannot be made to write any more.
      ...(readOnly ? ['begin read only', `select ${OURS} 1`] : []),
    ];
    if (prelude.length > 0) await this.#client.query(prelude.join(';'));
    if (!readOnly) return await this.#alone(request);
    try {
      return await this.#ask({ ...this.#terms(request), text: sql, params: params ?? [] });
    } finally {
      if (this.#isOpen) await this.#client.query('rollback').catch(() => {});
    }
  }

  async #alone(request: QueryRequest): Promise<readonly StatementResult[]> {
    const { sql: text, params } = request;
    const terms = this.#terms(request);
    try {
      return await this.#ask({ ...terms, text, params: params ?? [] });
    } catch (error) {
      if (params !== null || !isSeveral(error)) throw error;
      return await this.#ask({ ...terms, text, params: null });
    }
  }

  #terms(bounds: QueryRequest): Pick<Asked, 'bounds' | 'accept'> {
    const accept = (): void => {
      this.#received = 0;
    };
    accept();
    return { bounds, accept };
  }

  async #ask(asked: Omit<Asked, 'notices'>): Promise<readonly StatementResult[]> {
    const notices = new Notices();
    this.#notices = notices;
    const hear = (notice: RawNotice): void => {
      asked.accept();
      notices.add(notice);
    };
    const query = new BoundedQuery({ ...asked, notices });
    this.#client.on('notice', hear);
    this.#client.query(query);
    try {
      return await query.done;
    } finally {
      this.#client.off('notice', hear);
    }
  }

  /** Looks up the names of types that are not built in. */
  async #named(results: readonly StatementResult[]): Promise<readonly StatementResult[]> {
    const nameless = results.flatMap(({ columns }) => columns).filter(({ type }) => type === '');
    if (nameless.length === 0 || this.#client.getTransactionStatus() !== 'I') return results;
    const { rows } = await this.#client.query<{ readonly id: number; readonly name: string }>(
      `select ${OURS} oid as id, typname as name from pg_catalog.pg_type where oid = any($1)`,
      [nameless.map(({ typeId }) => typeId)],
    );
    const names = new Map(rows.map(({ id, name }) => [id, name]));
    return results.map((result) => ({
      ...result,
      columns: result.columns.map((column) => ({
        ...column,
        type: column.type || (names.get(column.typeId) ?? 'unknown'),
      })),
    }));
  }
}

/** What `pg` keeps to itself: bytes can be counted, and a line cut, only there. */
const streamOf = (client: pg.Client): Duplex =>
  (client as unknown as { readonly connection: EventEmitter & { readonly stream: Duplex } })
    .connection.stream;

const isSeveral = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === SYNTAX_ERROR && error.message === SEVERAL;

function refusal(error: unknown): Error {
  if (!(error instanceof pg.DatabaseError)) {
    return fault('SESSION_REFUSED', { why: 'the proxy does not answer' }, { cause: error });
  }
  if (!COMES_BACK.test(error.code ?? '')) return failure(error);
  const database = { sqlstate: error.code ?? '57P03', hint: error.hint };
  return fault('SESSION_REFUSED', { why: error.message }, { cause: error, database });
}

function failure(error: unknown, notices: readonly DatabaseNotice[] = []): Error {
  if (error instanceof pg.DatabaseError) {
    const { code: sqlstate = 'XX000', detail, hint, position, constraint, message } = error;
    const said = notices.length === 0 ? {} : { notices };
    const database = { sqlstate, detail, hint, position, constraint, ...said };
    return fault('QUERY_FAILED', { why: message }, { cause: error, database });
  }
  if (error instanceof CopyRefused) {
    const why = 'COPY is not supported over the API';
    return fault('QUERY_FAILED', { why }, { database: { sqlstate: '0A000' } });
  }
  const why = 'the session ended; whether the statement was done is not known';
  return fault('QUERY_FAILED', { why }, { cause: error, database: { sqlstate: '08007' } });
}
