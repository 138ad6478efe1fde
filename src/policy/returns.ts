/**
 * The chance that an idle tenant is asked something again, second by second.
 *
 * A tenant is busy, then idle, then it returns. What is learned of it is a `Habit`; what is learned of
 * all tenants together is the `Population`, from which a new tenant starts. From both comes a hazard:
 * the chance a second that it returns now, given that it has not until now.
 *
 *   hazard(age) = (returns at this age + m) / (idle seconds at this age + m / hazard of the population)
 *
 * Ages are counted in bins that grow by a quarter; `m` is what the population's word is worth.
 */
import { type DurationMs, ms, type Timestamp } from '../domain/units.ts';

/** Up to which idle age the chance holds, and the chance a second of a return. The last one never ends. */
export type ChancePiece = { readonly until: DurationMs; readonly perSecond: number };

/** The idle time of a tenant that is looked at: since when, and until now. */
export type Idle = { readonly since: Timestamp; readonly now: Timestamp };

const AGE_FIRST = 1;
const AGE_GROWTH = 1.25;
const AGES = 78;
const AGE_ENDS = Float64Array.from({ length: AGES }, (_, bin) => AGE_FIRST * AGE_GROWTH ** bin);
const VERSION = 1;
const PRIOR_RETURNS = 1;

const binOf = (age: number): number =>
  age <= AGE_FIRST
    ? 0
    : Math.min(AGES, Math.ceil(Math.log(age / AGE_FIRST) / Math.log(AGE_GROWTH)));

/** Returns and idle seconds at each idle age. */
class Ages {
  readonly returns = new Float32Array(AGES + 1);
  readonly seconds = new Float32Array(AGES + 1);

  spend(from: number, to: number): void {
    for (let bin = binOf(from); bin <= AGES; bin += 1) {
      const start = Math.max(from, AGE_ENDS[bin - 1] ?? 0);
      const end = Math.min(to, AGE_ENDS[bin] ?? Number.POSITIVE_INFINITY);
      if (end > start) this.seconds[bin] = (this.seconds[bin] ?? 0) + end - start;
      if (end >= to) return;
    }
  }

  count(age: number): void {
    const bin = binOf(age);
    this.returns[bin] = (this.returns[bin] ?? 0) + 1;
  }
}

/** What is learned of one tenant from its own idle times. */
export class Habit {
  readonly ages = new Ages();

  static decode(bytes: Uint8Array): Habit {
    const habit = new Habit();
    if (bytes[0] !== VERSION || bytes.length !== 1 + 8 * (AGES + 1)) return habit;
    const values = new Float32Array(bytes.slice(1).buffer);
    habit.ages.returns.set(values.subarray(0, AGES + 1));
    habit.ages.seconds.set(values.subarray(AGES + 1));
    return habit;
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(1 + 8 * (AGES + 1));
    bytes[0] = VERSION;
    bytes.set(new Uint8Array(this.ages.returns.buffer), 1);
    bytes.set(new Uint8Array(this.ages.seconds.buffer), 1 + 4 * (AGES + 1));
    return bytes;
  }

  /** A busy time begins: somebody asks something. */
  began(_at: Timestamp): void {}

  /** An idle time has ended at `at`, since somebody asked. Called before the `began` of the same moment. */
  returned(idleSince: Timestamp, at: Timestamp): void {
    const gap = Math.max(0, at - idleSince) / 1000;
    this.ages.spend(0, gap);
    this.ages.count(gap);
  }
}

/** What is learned of all tenants together. */
export class Population {
  readonly ages = new Ages();

  static decode(_bytes: Uint8Array): Population {
    return new Population();
  }

  encode(): Uint8Array {
    return Uint8Array.of(VERSION);
  }

  /**
   * A tenant was idle since `since`, and watched for this between the ages `from` and `to`; it returned at `to`,
   * or it did not. To be told before its habit is; a long idle time may be told in slices, as it goes.
   */
  watched(
    _habit: Habit,
    idle: {
      readonly since: Timestamp;
      readonly from: DurationMs;
      readonly to: DurationMs;
      readonly returned: boolean;
    },
  ): void {
    this.ages.spend(idle.from / 1000, idle.to / 1000);
    if (idle.returned) this.ages.count(idle.to / 1000);
  }

  /** Takes in what another population has learned. */
  merge(other: Population): void {
    for (let bin = 0; bin <= AGES; bin += 1) {
      this.ages.returns[bin] = (this.ages.returns[bin] ?? 0) + (other.ages.returns[bin] ?? 0);
      this.ages.seconds[bin] = (this.ages.seconds[bin] ?? 0) + (other.ages.seconds[bin] ?? 0);
    }
  }

  perSecond(bin: number): number {
    return ((this.ages.returns[bin] ?? 0) + 0.1) / ((this.ages.seconds[bin] ?? 0) + 259_200);
  }
}

/** The chance of a return at each age of an idle time that began at `idleSince`, lazily. */
export function* chances(
  habit: Habit,
  population: Population,
  _idleSince: Timestamp,
): Generator<ChancePiece> {
  for (let bin = 0; bin <= AGES; bin += 1) {
    const until = ms((AGE_ENDS[bin] ?? Number.POSITIVE_INFINITY) * 1000);
    const returns = (habit.ages.returns[bin] ?? 0) + PRIOR_RETURNS;
    const prior = PRIOR_RETURNS / population.perSecond(bin);
    yield { until, perSecond: returns / ((habit.ages.seconds[bin] ?? 0) + prior) };
  }
}

/** The chance that an idle tenant returns in the next `within`. */
export function chanceWithin(
  habit: Habit,
  population: Population,
  idle: Idle,
  within: DurationMs,
): number {
  const from = idle.now - idle.since;
  const to = from + within;
  let start = 0;
  let expected = 0;
  for (const { until, perSecond } of chances(habit, population, idle.since)) {
    const overlap = Math.min(until, to) - Math.max(start, from);
    if (overlap > 0) expected += (overlap / 1000) * perSecond;
    if (until >= to) break;
    start = until;
  }
  return 1 - Math.exp(-expected);
}
