import type { Instant } from '../domain/units.ts';
import type { Visitor } from './visitors.ts';

/** What of a session tells whether it is used; `beat` grows whenever its client speaks. */
type Used = { readonly beat: number; readonly isBusy: boolean };

/**
 * Since when a session is idle. Looked at now and then, so that nothing has to be noted at every
 * message: the instant may be too late by the time between two looks, and never too early.
 * Beside it stands since when nothing was asked that keeps the compute awake: see `visitors.ts`.
 */
export class Idleness {
  readonly openedAt: Instant;
  since: Instant;
  /** When it last asked something that counts as use; 0 for never. */
  countedSince: Instant;
  /** Whether what it last asked counts as use. */
  isCounted: boolean;
  readonly #visitor: Visitor;
  #beat = 0;

  constructor(now: Instant, visitor: Visitor) {
    this.openedAt = now;
    this.since = now;
    this.#visitor = visitor;
    this.isCounted = visitor.arriving.isCounted;
    this.countedSince = this.isCounted ? now : (0 as Instant);
  }

  look(used: Used, now: Instant): void {
    const hasSpoken = this.#beat !== used.beat;
    if (!hasSpoken && !used.isBusy) return;
    this.#beat = used.beat;
    this.since = now;
    if (hasSpoken) this.isCounted = this.#visitor.heard(now) ?? this.isCounted;
    if (this.isCounted) this.countedSince = now;
  }
}
