/**
 * Watches one series of numbers, such as a server's load or its waits, for what it has never done before.
 *
 * Seven views of the series are kept: the value, its means over about 6 and 24 steps, how far it is from the
 * latter, how much it strays from its mean of late, how much it jumps from step to step, and the mean of its
 * logarithm. An alarm is a record in one of them: beyond all that was seen by more than 5 % of the range seen.
 * Records grow rare by themselves, so a noisy series is no more trouble than a quiet one. What was seen is
 * forgotten over months (at a step of 5 minutes half of it in 120 days), and behind an alarm there is silence
 * for 200 steps, since what follows belongs to it. Nothing is tuned to a series; the figures are in
 * docs/policy-forecast.md.
 *
 * A step costs 0.1 us, a watch some 200 bytes.
 */

const VIEWS = 7;

/** How far beyond the range seen is news, as a part of that range. */
const NEWS_PART = 0.05;

/** Steps of silence behind an alarm, and at the begin. */
const SILENCE_STEPS = 200;
const LEARN_STEPS = 100;

/** Part of the range that is forgotten in a step. */
const FORGET = 2e-5;

/** Steps over which the means go. */
const SHORT = 6;
const MIDDLE = 12;
const LONG = 24;
const ROUGH = 48;

const LOG_LEAST = 1e-3;

export class SeriesWatch {
  readonly #lowest = new Float64Array(VIEWS);
  readonly #highest = new Float64Array(VIEWS);
  readonly #views = new Float64Array(VIEWS);
  #steps = 0;
  #silentUntil = LEARN_STEPS;
  #before = 0;
  #middle = 0;

  /** How unusual the next value is: 0 for not at all, more than 0 for an alarm, towards 1 the worse it is. */
  next(value: number): number {
    this.#look(value);
    const news = this.#news();
    const step = this.#steps++;
    if (news <= NEWS_PART || step < this.#silentUntil) return 0;
    this.#silentUntil = step + SILENCE_STEPS;
    return news / (1 + news);
  }

  #look(value: number): void {
    const views = this.#views;
    const isFirst = this.#steps === 0;
    const share = (span: number): number => Math.max(1 / span, 1 / (this.#steps + 1));
    const log = Math.log(Math.abs(value) + LOG_LEAST);
    if (isFirst) {
      this.#before = value;
      this.#middle = value;
      views[6] = log;
    }
    const jump = Math.abs(value - this.#before);
    const stray = Math.abs(value - this.#middle);
    this.#before = value;
    this.#middle += (value - this.#middle) / MIDDLE;
    const mean = views[2] ?? 0;
    views[0] = value;
    views[1] = toward(views[1], value, share(SHORT));
    views[2] = toward(mean, value, share(LONG));
    views[3] = isFirst ? 0 : value - mean;
    views[4] = toward(views[4], stray, 1 / MIDDLE);
    views[5] = toward(views[5], jump, 1 / ROUGH);
    views[6] = toward(views[6], log, 1 / MIDDLE);
  }

  /** By how much the range of any view is exceeded, as a part of it; the ranges take that in. */
  #news(): number {
    let most = 0;
    for (let i = 0; i < VIEWS; i++) {
      const view = this.#views[i] ?? 0;
      const lowest = this.#lowest[i] ?? 0;
      const highest = this.#highest[i] ?? 0;
      const range = highest - lowest;
      if (this.#steps > 0 && range > 0) {
        most = Math.max(most, (view - highest) / range, (lowest - view) / range);
      }
      const isFirst = this.#steps === 0;
      this.#lowest[i] = isFirst ? view : Math.min(view, lowest + (range * FORGET) / 2);
      this.#highest[i] = isFirst ? view : Math.max(view, highest - (range * FORGET) / 2);
    }
    return most;
  }
}

const toward = (old: number | undefined, value: number, share: number): number =>
  (old ?? 0) + (value - (old ?? 0)) * share;
