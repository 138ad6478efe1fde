/**
 * Whether a client has gone before its answer, and what is done then. As an `AbortSignal`, which costs more
 * than a whole small call has to spare.
 */
export class Departure {
  #isGone = false;
  #run: (() => void) | null = null;

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Runs `run` when the client goes, at once if it has gone. One at a time; null for nothing. */
  whenGone(run: (() => void) | null): void {
    this.#run = run;
    if (this.#isGone) run?.();
  }

  happened(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#run?.();
  }
}
