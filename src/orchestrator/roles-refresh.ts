/**
 * Learns a compute's roles again after a command changed them. One reading at a time, and one more
 * if a change came during it; whoever asks for a credential meanwhile waits, so that a client may log
 * in with its new password the moment it has set it.
 */
export class RolesRefresh {
  readonly #read: () => Promise<void>;
  #last: Promise<void> | null = null;

  constructor(read: () => Promise<void>) {
    this.#read = read;
  }

  start(): Promise<void> {
    const refresh = this.known()
      .catch(() => {})
      .then(this.#read)
      .finally(() => {
        if (this.#last === refresh) this.#last = null;
      });
    this.#last = refresh;
    return refresh;
  }

  /** Resolves when no reading is under way. */
  known(): Promise<void> {
    return this.#last ?? Promise.resolve();
  }
}
