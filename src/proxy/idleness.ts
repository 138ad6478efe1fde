import type { Instant } from '../domain/units.ts';

/** What of a session tells whether it is used; `beat` grows whenever its client speaks. */
type Used = { readonly beat: number; readonly isBusy: boolean };

/**
 * Since when a session is idle. Looked at now and then, so that nothing has to be noted at every
 * message: the instant may be too late by the time between two looks, and never too early.
 */
export class Idleness {
  readonly openedAt: Instant;
  since: Instant;
  #beat = 0;

  constructor(now: Instant) {
    this.openedAt = now;
    this.since = now;
  }

  look(used: Used, now: Instant): void {
    if (this.#beat === used.beat && !used.isBusy) return;
    this.#beat = used.beat;
    this.since = now;
  }
}
