/**
 * What the times of one visitor's requests tell: all sessions of one role and `application_name`.
 *
 * What comes within a moment is one visit. A visitor is `steady` when a dozen visits in a row came at even
 * intervals; the first that does not makes it a person again, which takes another dozen to undo. People do
 * not do that, however quick or regular they think they are: chance makes one interval in ten fit. It
 * `pings` once some visits in a row asked nothing but whether anybody is there. That is a habit of its program
 * and stays known, since a pool's pings go on between the work; only the pings are taken for what they are.
 *
 * A handful of numbers, one addition and a comparison a visit.
 */
import type { RhythmKind } from '../domain/visitors.ts';

/** Requests closer than this are one visit; and whoever comes oftener has no rhythm that matters. In ms. */
const VISIT_GAP = 4_000;

/** Even intervals in a row that make a timer. */
const STEADY_FROM = 12;

/** How far an interval may be from the mean of those before, as a part of it. */
const TOLERANCE = 0.1;

/** Visits in a row with nothing but pings that make a pinger. */
const PINGS_FROM = 3;

const NO_RHYTHM: readonly RhythmKind[] = [];
const PINGS: readonly RhythmKind[] = ['pings'];
const STEADY: readonly RhythmKind[] = ['steady'];

export class Rhythm {
  /** Of the visit that is the last so far: when it began, and when it was last heard of. In ms of any clock. */
  #beganAt = Number.NaN;
  #heardAt = Number.NaN;
  /** Of the visits that are in step: the mean interval, and how many of them there are. */
  #mean = 0;
  #inStep = 0;
  #pings = 0;
  #pingsInRow = 0;

  /** Something was asked at `at`, which never goes back. `isPing`: nothing but whether anybody is there. */
  heard(at: number, isPing: boolean): void {
    if (!isPing) this.#worked();
    const isSameVisit = at - this.#heardAt < VISIT_GAP;
    this.#heardAt = at;
    if (isSameVisit) return;
    if (isPing) this.#pinged();
    const interval = at - this.#beganAt;
    this.#beganAt = at;
    if (Number.isNaN(interval)) return;
    const isInStep = Math.abs(interval - this.#mean) <= TOLERANCE * this.#mean;
    this.#inStep = isInStep ? Math.min(this.#inStep + 1, STEADY_FROM) : 1;
    this.#mean = isInStep ? this.#mean + (interval - this.#mean) / this.#inStep : interval;
  }

  #worked(): void {
    this.#pingsInRow = 0;
    if (!this.isPinging) this.#pings = 0;
  }

  #pinged(): void {
    this.#pingsInRow = Math.min(this.#pingsInRow + 1, PINGS_FROM);
    this.#pings = Math.max(this.#pings, this.#pingsInRow);
  }

  get isSteady(): boolean {
    return this.#inStep >= STEADY_FROM;
  }

  get isPinging(): boolean {
    return this.#pings >= PINGS_FROM;
  }

  /** It has done nothing else for a while. */
  get isOnlyPinging(): boolean {
    return this.#pingsInRow >= PINGS_FROM;
  }

  /** What it amounts to, for a request that is a ping or is none. */
  kinds(isPing: boolean): readonly RhythmKind[] {
    if (isPing && this.isPinging) return this.isSteady ? [...PINGS, ...STEADY] : PINGS;
    return this.isSteady ? STEADY : NO_RHYTHM;
  }
}
