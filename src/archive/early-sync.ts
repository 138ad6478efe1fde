/**
 * Sends what is written to the disk while more is being made. Left to itself the kernel begins when
 * gigabytes are waiting, and a sync at the end would find all of it still to be written.
 *
 * Nothing is safe because of this: every file is synced as a whole when all is written. A failure is told
 * then, since the kernel tells it only once. Small files are left to the end, where they may be synced
 * all at once.
 */

/** So much is let wait before the disk is given it. */
const FLUSH_BYTES = 32 * 1024 * 1024;

/** What a call for one file is worth. */
const WORTH_BYTES = 1024 * 1024;

export class EarlySync {
  readonly #sync: (path: string) => Promise<void>;
  /** What was written since the last flush, by file. */
  #written = new Map<string, number>();
  #bytes = 0;
  #isUnderWay = false;
  #flushing: Promise<void> = Promise.resolve();

  /** `sync` writes the content of a file to the disk. */
  constructor(sync: (path: string) => Promise<void>) {
    this.#sync = sync;
  }

  /** So many bytes were written to this file; waits for nothing. */
  wrote(path: string, bytes: number): void {
    this.#written.set(path, (this.#written.get(path) ?? 0) + bytes);
    this.#bytes += bytes;
    if (this.#isUnderWay || this.#bytes < FLUSH_BYTES) return;
    const due = [...this.#written].filter(([, bytes]) => bytes >= WORTH_BYTES);
    this.#written = new Map();
    this.#bytes = 0;
    this.#isUnderWay = true;
    this.#flushing = this.#flushing.then(() => this.#flush(due.map(([path]) => path)));
    // Whoever waits for the end is told.
    this.#flushing.catch(() => {});
  }

  /** Resolves when nothing is under way. Throws the first failure. */
  async end(): Promise<void> {
    await this.#flushing;
  }

  async #flush(paths: Iterable<string>): Promise<void> {
    for (const path of paths) await this.#sync(path);
    this.#isUnderWay = false;
  }
}
