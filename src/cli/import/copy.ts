/**
 * Rows from one PostgreSQL to another as they come. What the target has not taken yet holds up the
 * source, so that a table of any size goes through a little memory.
 * Source: PostgreSQL docs, "COPY Operations"; pg, `Client` and `Connection`.
 */
import type { Socket } from 'node:net';
import type { Connection, Submittable } from 'pg';

/** PostgreSQL sends each row by itself; to pass them on one by one would cost a packet each. */
const BATCH_BYTES = 256 * 1_024;

type CopyConnection = Connection & {
  readonly stream: Socket;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(why: string): void;
};

/** What pg calls of both. */
abstract class Copy implements Submittable {
  readonly ended: Promise<number>;
  protected connection: CopyConnection | undefined;
  readonly #text: string;
  readonly #resolve: (rows: number) => void;
  readonly #reject: (error: Error) => void;
  #rows = 0;
  #error: Error | undefined;

  constructor(text: string) {
    this.#text = text;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.ended = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    promise.catch(() => undefined);
  }

  submit(connection: Connection): void {
    this.connection = connection as CopyConnection;
    connection.query(this.#text);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? '0');
  }

  handleError(error: Error): void {
    this.#error = error;
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#error === undefined) this.#resolve(this.#rows);
  }
}

/** A `COPY ... FROM STDIN` whose rows come from elsewhere. */
export class CopyIn extends Copy {
  /** Resolves when it takes rows. */
  readonly began: Promise<void>;
  readonly #begin: () => void;
  readonly #refuse: (error: Error) => void;

  constructor(text: string) {
    super(text);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.began = promise;
    this.#begin = resolve;
    this.#refuse = reject;
    promise.catch(() => undefined);
  }

  handleCopyInResponse(): void {
    this.#begin();
  }

  override handleError(error: Error): void {
    this.#refuse(error);
    super.handleError(error);
  }

  /** Whether it can take more now; `whenReady` is called once it can again. */
  write(chunk: Buffer, whenReady: () => void): boolean {
    const { connection } = this;
    if (connection === undefined || connection.stream.destroyed) return true;
    connection.sendCopyFromChunk(chunk);
    if (!connection.stream.writableNeedDrain) return true;
    connection.stream.once('drain', whenReady);
    return false;
  }

  end(): void {
    this.connection?.endCopyFrom();
  }

  fail(): void {
    this.connection?.sendCopyFail('the source failed');
  }
}

/** A `COPY ... TO STDOUT` whose rows go into a `CopyIn`. */
export class CopyOut extends Copy {
  readonly #into: CopyIn;
  readonly #onBytes: (bytes: number) => void;
  readonly #batch = Buffer.allocUnsafe(BATCH_BYTES);
  #filled = 0;

  constructor(text: string, into: CopyIn, onBytes: (bytes: number) => void) {
    super(text);
    this.#into = into;
    this.#onBytes = onBytes;
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.#filled + chunk.length > BATCH_BYTES) this.#flush();
    if (chunk.length > BATCH_BYTES) {
      this.#pass(chunk);
      return;
    }
    chunk.copy(this.#batch, this.#filled);
    this.#filled += chunk.length;
  }

  override handleReadyForQuery(): void {
    this.#flush();
    this.#into.end();
    super.handleReadyForQuery();
  }

  override handleError(error: Error): void {
    this.#filled = 0;
    super.handleError(error);
  }

  #flush(): void {
    if (this.#filled > 0) this.#pass(this.#batch.subarray(0, this.#filled));
    this.#filled = 0;
  }

  /** pg copies what it is given to send. */
  #pass(chunk: Buffer): void {
    this.#onBytes(chunk.length);
    const { stream } = this.connection ?? {};
    if (!this.#into.write(chunk, () => stream?.resume())) stream?.pause();
  }
}
