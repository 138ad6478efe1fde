/**
 * A copy of a running compute's data directory, as PostgreSQL itself sends it: a base backup with the
 * WAL that makes it whole.
 *
 * It comes over the replication protocol as one tar archive in small frames, which is read as fast as
 * the caller asks for it and no faster: what the caller does not take stays in the compute's socket.
 * The compute may have been taken over by its tenant, so nothing in what it sends is trusted.
 *
 * Source: PostgreSQL 18 documentation, 54.4 "Streaming Replication Protocol", BASE_BACKUP;
 * `src/backend/backup/basebackup_copy.c`, `src/port/tar.c`.
 */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { SourceEntry } from '../../domain/archive.ts';
import { seconds } from '../../domain/units.ts';
import { type GuardedSocket, type Login, openReplication } from '../admin.ts';
import { entriesOfTar } from './base-backup-tar.ts';

/**
 * `fast`: a client may be waiting for this tenant, and its checkpoints are small. Pages are checked by
 * their checksums as they are read; a bad one fails the backup at its end.
 */
const COMMAND = "BASE_BACKUP (LABEL 'dynabase', CHECKPOINT 'fast', WAL true, MANIFEST 'no')";

/**
 * The log is sent last, and until then the slot keeps what checkpoints would delete. It goes with the
 * connection; of one that is just going there may be another still.
 */
const keepLog = (): BoundedQuery => ({
  text: `CREATE_REPLICATION_SLOT dynabase_${randomBytes(6).toString('hex')} TEMPORARY PHYSICAL RESERVE_WAL`,
  query_timeout: SLOT_WITHIN,
});

/** What `pg` takes, and its types do not know. */
type BoundedQuery = pg.QueryConfig & { readonly query_timeout: number };

/** A slot is a small file; a compute that does not answer would hold up its next suspend for ever. */
const SLOT_WITHIN = seconds(60);

/** Frames taken from the socket and not yet asked for; each holds up to 32 kB. */
const FRAMES_MAX = 32;

/** How long a compute may send nothing while it is waited for; a checkpoint of a busy one takes a while. */
const SILENT_MAX = seconds(300);

/** First bytes of a frame. */
const ARCHIVE_BEGINS = 'n'.charCodeAt(0);
const ARCHIVE_DATA = 'd'.charCodeAt(0);
const MANIFEST_BEGINS = 'm'.charCodeAt(0);

/**
 * The files of the running compute, parents before what is in them. What was committed before the
 * first is asked for is in them. Throws when the backup fails, after the last entry perhaps, and the
 * reason of `signal`.
 */
export async function* baseBackup(login: Login, signal: AbortSignal): AsyncGenerator<SourceEntry> {
  signal.throwIfAborted();
  const { client, socket, close } = await openReplication(login);
  const giveUp = () => socket.destroy(reasonOf(signal));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal.aborted) giveUp();
    await client.query(keepLog());
    const frames = client.query(new Frames(socket));
    yield* entriesOfTar(dataOf(frames));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
    close();
  }
}

const reasonOf = ({ reason }: AbortSignal): Error =>
  reason instanceof Error ? reason : new Error(String(reason));

/** The bytes of the one archive in `frames`. */
async function* dataOf(frames: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let archives = 0;
  for await (const frame of frames) {
    const kind = frame[0];
    if (kind === MANIFEST_BEGINS)
      throw new Error('the backup has a manifest, which was not asked for');
    if (kind === ARCHIVE_BEGINS && ++archives > 1) {
      throw new Error('the compute has tablespaces outside of its data directory');
    }
    if (kind === ARCHIVE_DATA) yield frame.subarray(1);
  }
}

type Message = { readonly chunk: Buffer };

/** A query whose answer is frames of COPY. `pg` calls the methods named `handle`. */
class Frames implements pg.Submittable, AsyncIterable<Buffer> {
  readonly #socket: GuardedSocket;
  readonly #waiting: Buffer[] = [];
  #end: { readonly error: Error | undefined } | undefined;
  #wake: () => void = () => {};

  constructor(socket: GuardedSocket) {
    this.#socket = socket;
  }

  submit(connection: pg.Connection): void {
    connection.query(COMMAND);
  }

  handleCopyData({ chunk }: Message): void {
    // The parser of `pg` uses its buffer again.
    this.#waiting.push(Buffer.from(chunk));
    this.#socket.accept();
    if (this.#waiting.length >= FRAMES_MAX) this.#socket.pause();
    this.#wake();
  }

  handleError(error: Error): void {
    this.#finish(error);
  }

  handleReadyForQuery(): void {
    this.#finish(undefined);
  }

  /** Positions in the WAL come as rows before and behind the frames; they are in the files too. */
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}

  handleEmptyQuery(): void {
    this.#refuse();
  }

  handlePortalSuspended(): void {
    this.#refuse();
  }

  handleCopyInResponse(): void {
    this.#refuse();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame) {
        yield frame;
        continue;
      }
      if (this.#end) break;
      await this.#more();
    }
    if (this.#end.error) throw this.#end.error;
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#socket.resume();
    const silent = () => this.#socket.destroy(new Error('the compute stopped sending its backup'));
    this.#socket.setTimeout(SILENT_MAX, silent);
    try {
      await promise;
    } finally {
      this.#socket.setTimeout(0, silent);
    }
  }

  #refuse(): void {
    this.#finish(new Error('the compute answers a request for its backup with something else'));
  }

  #finish(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wake();
  }
}
