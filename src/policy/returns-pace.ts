/**
 * How a tenant has been returning of late: by idle age, after a short idle time and after a long one;
 * how often, over half an hour to months; and how long its last idle times were.
 */
import { AGES, ageBin, spendAges } from './returns-ages.ts';

const HOUR = 3_600;
const DAY = 86_400;

/** Time constants of the counts of busy times, in seconds. */
export const BEGAN_OVER = Float64Array.of(600, HOUR, 6 * HOUR, DAY, 4 * DAY, 15 * DAY);

/** Of the counts of returns after a long idle time. */
export const CAME_OVER = Float64Array.of(DAY, 4 * DAY, 15 * DAY);

/** An idle time as long as this ends a session; what comes then is a return in the sense of QoS15. */
export const LONG_IDLE = 900;

/** After an idle time as long as this, the next one is counted apart. */
const SHORT_IDLE = 300;

const LONGEST_KEPT = 0.95;

/** Of the log of idle times: the quick mean, the slow mean, and the spread around the quick one. */
const QUICK = 0.25;
const SLOW = 0.05;
const SPREAD = 0.1;

export class Pace {
  /** By idle age; first after a short idle time, then, from AGES on, after a longer one. */
  readonly returns = new Float32Array(2 * AGES);
  readonly seconds = new Float32Array(2 * AGES);
  readonly began = new Float64Array(BEGAN_OVER.length);
  readonly came = new Float64Array(CAME_OVER.length);
  /** The last three idle times, the last first, and the last long one; 0 for none. */
  readonly gaps = new Float64Array(3);
  longGap = 0;
  /** The longest idle time, forgotten by a twentieth with each return after a long one. */
  longest = 0;
  meanQuick = 5;
  meanSlow = 5;
  spread = 2;
  /** When it was first seen, when the counts were last decayed, when the present session began. */
  first = -1;
  countedAt = 0;
  sessionAt = 0;
  beganAt = 0;
  inSession = 0;
  total = 0;
  totalLong = 0;

  /** Where the bins begin that the present idle time belongs to. */
  get ages(): number {
    return (this.gaps[0] ?? 0) > SHORT_IDLE ? AGES : 0;
  }

  begin(at: number): void {
    if (this.first < 0) {
      this.first = at;
      this.countedAt = at;
      this.sessionAt = at;
    }
    this.#decay(at);
    for (let i = 0; i < this.began.length; i += 1) this.began[i] = (this.began[i] ?? 0) + 1;
    this.inSession += 1;
    this.beganAt = at;
  }

  end(gap: number, at: number): void {
    this.total += 1;
    const offset = this.ages;
    spendAges(this.seconds, offset, 0, gap);
    const bin = offset + ageBin(gap);
    this.returns[bin] = (this.returns[bin] ?? 0) + 1;
    const log = Math.log(gap + 5);
    const away = log - this.meanQuick;
    this.meanQuick += QUICK * away;
    this.meanSlow += SLOW * (log - this.meanSlow);
    this.spread += SPREAD * (away * away - this.spread);
    this.gaps[2] = this.gaps[1] ?? 0;
    this.gaps[1] = this.gaps[0] ?? 0;
    this.gaps[0] = gap;
    if (gap > LONG_IDLE) this.#endLong(gap, at);
  }

  #endLong(gap: number, at: number): void {
    this.#decay(at);
    for (let i = 0; i < this.came.length; i += 1) this.came[i] = (this.came[i] ?? 0) + 1;
    this.totalLong += 1;
    this.longGap = gap;
    this.longest = Math.max(gap, LONGEST_KEPT * this.longest);
    this.inSession = 0;
    this.sessionAt = at;
  }

  #decay(at: number): void {
    const passed = at - this.countedAt;
    if (passed <= 0) return;
    decayed(this.began, BEGAN_OVER, passed);
    decayed(this.came, CAME_OVER, passed);
    this.countedAt = at;
  }
}

function decayed(counts: Float64Array, over: Float64Array, passed: number): void {
  for (let i = 0; i < counts.length; i += 1) {
    counts[i] = (counts[i] ?? 0) * Math.exp(-passed / (over[i] ?? 1));
  }
}
