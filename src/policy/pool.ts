/**
 * How many spare things to keep ready for all tenants together (husks, blank computes): as many as will be
 * wanted in the next step, and some for safety.
 *
 * Three guesses at the next demand run side by side: as now, now and what changed at this hour a day ago, and
 * the same of a week ago; the one that has been off least of late is taken. Safety is a multiple of how far it
 * has been off: lately, in general, and in this step of the day. The multiple is steered: each miss raises it,
 * each step without lowers it a little, so that in the long run the wanted part of the demand is met, whatever
 * the shape of the demand. After Intelligent Pooling (VLDB 2024), with a controller in place of its linear
 * program. A step costs less than 1 us.
 */

export type PoolShape = {
  /** Steps of a day, such as 24. */
  readonly stepsPerDay: number;
  /** Part of the demand that may find the pool empty. */
  readonly missPart: number;
};

export const POOL_SHAPE: PoolShape = { stepsPerDay: 24, missPart: 0.006 };

const GUESSES = 3;
const DAYS_OF_WEEK = 7;

/** The safety multiple: at first, at most, and how fast it is steered. */
const SAFETY_FIRST = 2;
const SAFETY_MAX = 8;
const SAFETY_STEP = 0.005;

/** Shares of a step in the means: how far each guess is off, lately, in general, in a step of the day; and the demand. */
const SHARE = { guess: 0.02, late: 0.2, general: 0.01, ofDay: 0.1, demand: 0.005 } as const;

/** One step is at most this many times as far off as usual: an outlier is no new usual. */
const OUTLIER = 20;

/** Part of one more for which none is added. */
const ROUND_DOWN = 0.2;

const DEMAND_MIN = 0.5;

/** Raised when the bytes mean something else. */
const FORMAT = 1;

/** Numbers of the state that are no lists. */
const SCALARS = 6;

export class PoolForecast {
  readonly #shape: PoolShape;
  /** Demand of the last week and a step. */
  readonly #past: Float64Array;
  readonly #guesses = new Float64Array(GUESSES);
  readonly #off = new Float64Array(GUESSES).fill(1);
  /** How far off it was in each step of the day; -1 for not known. */
  readonly #offOfDay: Float64Array;
  #steps = 0;
  #late = 0;
  #general = 0;
  #demand = 0;
  #safety = SAFETY_FIRST;

  constructor(shape: PoolShape = POOL_SHAPE) {
    this.#shape = shape;
    this.#past = new Float64Array(shape.stepsPerDay * DAYS_OF_WEEK + 2);
    this.#offOfDay = new Float64Array(shape.stepsPerDay).fill(-1);
  }

  /** What `encode` gave; a fresh one of what is something else. */
  static decode(bytes: Uint8Array, shape: PoolShape = POOL_SHAPE): PoolForecast {
    const known = new PoolForecast(shape);
    const lists = known.#lists();
    const length = SCALARS + lists.reduce((sum, list) => sum + list.length, 0);
    if (bytes.length !== length * Float64Array.BYTES_PER_ELEMENT) return known;
    const all = new Float64Array(Uint8Array.from(bytes).buffer);
    const [format, steps = 0, late = 0, general = 0, demand = 0, safety = 0] = all;
    if (format !== FORMAT || !all.every(Number.isFinite) || !Number.isSafeInteger(steps))
      return known;
    known.#steps = Math.max(0, steps);
    [known.#late, known.#general, known.#demand, known.#safety] = [late, general, demand, safety];
    let at = SCALARS;
    for (const list of lists) {
      list.set(all.subarray(at, at + list.length));
      at += list.length;
    }
    return known;
  }

  /** All that it knows, about 1.7 kB with the usual shape. */
  encode(): Uint8Array {
    const scalars = [FORMAT, this.#steps, this.#late, this.#general, this.#demand, this.#safety];
    const all = Float64Array.from([...scalars, ...this.#lists().flatMap((list) => [...list])]);
    return new Uint8Array(all.buffer);
  }

  #lists(): readonly Float64Array[] {
    return [this.#guesses, this.#off, this.#offOfDay, this.#past];
  }

  /** How many to have ready for the next step. */
  size(): number {
    if (this.#steps === 0) return 0;
    const ofDay = this.#offOfDay[this.#steps % this.#shape.stepsPerDay] ?? -1;
    const off =
      ofDay < 0
        ? Math.max(this.#late, this.#general)
        : Math.max(this.#late, ofDay, this.#general / 2);
    return Math.max(0, Math.ceil(this.#guess() + this.#safety * off - ROUND_DOWN));
  }

  /** How many were wanted in the step that has ended. */
  observe(demand: number): void {
    if (this.#steps === 0) {
      this.#late = Math.max(1, demand);
      this.#general = this.#late;
      this.#demand = this.#late;
    } else {
      this.#learn(demand);
    }
    this.#past[this.#steps % this.#past.length] = demand;
    this.#steps++;
    this.#guessNext();
  }

  #learn(demand: number): void {
    const missed = Math.max(0, demand - this.size());
    const off = Math.min(Math.abs(demand - this.#guess()), OUTLIER * this.#general + 1);
    const step = this.#steps % this.#shape.stepsPerDay;
    const known = this.#offOfDay[step] ?? -1;
    this.#late += SHARE.late * (off - this.#late);
    this.#general += SHARE.general * (off - this.#general);
    this.#offOfDay[step] = known < 0 ? off : known + SHARE.ofDay * (off - known);
    for (let i = 0; i < GUESSES; i++) {
      const before = this.#off[i] ?? 0;
      const now = Math.min(Math.abs(demand - (this.#guesses[i] ?? 0)), 10 * before + 1);
      this.#off[i] = before + SHARE.guess * (now - before);
    }
    this.#demand += SHARE.demand * (demand - this.#demand);
    const overshoot = missed / Math.max(this.#demand, DEMAND_MIN) / this.#shape.missPart - 1;
    this.#safety = Math.min(SAFETY_MAX, Math.max(0, this.#safety + SAFETY_STEP * overshoot));
  }

  #guess(): number {
    let best = 0;
    for (let i = 1; i < GUESSES; i++) {
      if ((this.#off[i] ?? 0) < (this.#off[best] ?? 0)) best = i;
    }
    return this.#guesses[best] ?? 0;
  }

  #guessNext(): void {
    const now = this.#back(1);
    const day = this.#shape.stepsPerDay;
    for (const [i, season] of [0, day, day * DAYS_OF_WEEK].entries()) {
      const isKnown = season > 0 && this.#steps > season;
      const change = isKnown ? this.#back(season) - this.#back(season + 1) : 0;
      this.#guesses[i] = now + change;
    }
  }

  #back(steps: number): number {
    return this.#past[(this.#steps - steps) % this.#past.length] ?? 0;
  }
}

/** How many husks are kept at least and at most, each of them about 31 MB of disk. */
export type HuskBounds = { readonly min: number; readonly max: number };

export const HUSK_BOUNDS: HuskBounds = { min: 4, max: 32 };

/** How many husks to keep: what is expected until they can be made anew, within the bounds. */
export function husksWanted(forecast: PoolForecast, bounds: HuskBounds): number {
  return Math.min(bounds.max, Math.max(bounds.min, forecast.size()));
}
