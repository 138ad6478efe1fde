/**
 * Learns a compute's roles again after a command changed them. One reading at a time, and one more
 * for all the changes that came during it; whoever asks for a credential meanwhile waits, so that a
 * client may log in with its new password the moment it has set it.
 */
export class RolesRefresh {
  readonly #read: () => Promise<void>;
  #underWay: Promise<void> | null = null;
  /** Begins when the one under way ends, and will see every change made until then. */
  #next: Promise<void> | null = null;

  constructor(read: () => Promise<void>) {
    this.#read = read;
  }

  start(): Promise<void> {
    this.#next ??= this.known()
      .catch(() => {})
      .then(() => this.#begin());
    return this.#next;
  }

  /** Resolves when no reading is under way. */
  known(): Promise<void> {
    return this.#next ?? this.#underWay ?? Promise.resolve();
  }

  #begin(): Promise<void> {
    this.#next = null;
    const reading = this.#read().finally(() => {
      if (this.#underWay === reading) this.#underWay = null;
    });
    this.#underWay = reading;
    return reading;
  }
}
