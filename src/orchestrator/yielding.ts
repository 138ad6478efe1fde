/** Work under way that may be asked to give way to something better. At most one at a time. */
export class Yielding {
  #underWay: AbortController | null = null;

  /** Runs `work`, which ends soon once the signal it is given aborts. */
  async run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const underWay = new AbortController();
    this.#underWay = underWay;
    try {
      await work(underWay.signal);
    } finally {
      this.#underWay = null;
    }
  }

  /** `reason` is the signal's. */
  giveWay(reason?: Error): void {
    this.#underWay?.abort(reason);
  }
}
