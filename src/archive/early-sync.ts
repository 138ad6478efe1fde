/**
 * Sends what is written to the disk while more is being made. Left to itself the kernel begins when
 * gigabytes are waiting, and a sync at the end would find all of it still to be written.
 *
 * Nothing is safe because of this: every file is synced as a whole when all is written. A failure is told
 * then, since the kernel tells it only once.
 */

/** So much is let wait before the disk is given it. */
const FLUSH_BYTES = 32 * 1024 * 1024;

export class EarlySync {
  readonly #sync: (path: string) => Promise<void>;
  #paths = new Set<string>();
  #bytes = 0;
  #isUnderWay = false;
  #flushing: Promise<void> = Promise.resolve();

  /** `sync` writes the content of a file to the disk. */
  constructor(sync: (path: string) => Promise<void>) {
    this.#sync = sync;
  }

  /** So many bytes were written to these files; waits for nothing. */
  wrote(paths: Iterable<string>, bytes: number): void {
    for (const path of paths) this.#paths.add(path);
    this.#bytes += bytes;
    if (this.#isUnderWay || this.#bytes < FLUSH_BYTES) return;
    const due = this.#paths;
    this.#paths = new Set();
    this.#bytes = 0;
    this.#isUnderWay = true;
    this.#flushing = this.#flushing.then(() => this.#flush(due));
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
