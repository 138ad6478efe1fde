/**
 * What a month will come to: what was measured of it, and for the hours that are left what such an hour of
 * the week has cost before.
 *
 * The range is one that four months of five end in, if days scatter as they did: the scatter of single days, which evens out, and the doubt about the
 * average itself, which does not. A jump that nobody has seen before is outside it: alerts are for that.
 */
import type { Timestamp } from '../domain/units.ts';
import { type Amount, fromRough, NOTHING, plus, roughly, sumOf } from './money.ts';
import { HOUR_MS, hourOfWeek, type Month } from './month.ts';

export type HourAmount = { readonly hour: Timestamp; readonly amount: Amount };

export type Projection = {
  readonly measured: Amount;
  /** At the month's end. */
  readonly expected: Amount;
  readonly low: Amount;
  readonly high: Amount;
  /** Of history, the month's own included; under two there is no range to speak of. */
  readonly days: number;
};

/** Between the tenth and the ninetieth of a hundred. */
const Z = 1.2816;

const DAY = 24;
const WEEK = 168;

/** Days of history that count. What is older is another time. */
const DAYS_MAX = 56;

/**
 * `history` is of hours in any order; those that are missing between the first and `now` cost nothing. The running hour, if it is
 * among them, counts as measured, and what it still lacks of its usual cost as left.
 */
export function projected(
  history: readonly HourAmount[],
  month: Month,
  now: Timestamp,
): Projection {
  const measured = history
    .filter(({ hour }) => hour >= month.from && hour <= now && hour < month.to)
    .reduce((sum, { amount }) => plus(sum, amount), NOTHING);
  const series = seriesOf(history, now);
  const profile = profileOf(series);
  const end = Math.floor(now / HOUR_MS);
  const running = history.filter(({ hour }) => hour === end * HOUR_MS);
  let left = 0;
  for (let hour = Math.max(end, month.from / HOUR_MS); hour < month.to / HOUR_MS; hour++) {
    const usual = profile[hourOfWeek((hour * HOUR_MS) as Timestamp)] ?? 0;
    const had = hour === end ? roughly(sumOf(running.map(({ amount }) => amount))) : 0;
    left += Math.max(0, usual - had);
  }
  const days = series.amounts.length / DAY;
  const daysLeft = Math.max(0, (month.to - Math.max(now, month.from)) / HOUR_MS / DAY);
  const spread = Z * deviation(series, profile, days, left / Math.max(daysLeft, 1e-9), daysLeft);
  return {
    measured,
    expected: plus(measured, fromRough(left)),
    low: plus(measured, fromRough(Math.max(0, left - spread))),
    high: plus(measured, fromRough(left + spread)),
    days,
  };
}

/** Costs by hour without a gap. */
type Series = { readonly first: Timestamp; readonly amounts: readonly number[] };

function seriesOf(history: readonly HourAmount[], now: Timestamp): Series {
  const end = Math.floor(now / HOUR_MS);
  const past = history.filter(({ hour }) => hour < end * HOUR_MS);
  const earliest = past.reduce((least, { hour }) => Math.min(least, hour), end * HOUR_MS);
  const first = Math.max(Math.floor(earliest / HOUR_MS), end - DAYS_MAX * DAY);
  const amounts = Array.from({ length: end - first }, () => 0);
  for (const { hour, amount } of past) {
    const at = Math.floor(hour / HOUR_MS) - first;
    if (at >= 0) amounts[at] = (amounts[at] ?? 0) + roughly(amount);
  }
  return { first: (first * HOUR_MS) as Timestamp, amounts };
}

/**
 * The mean of each hour of the week. With little history an hour of the week leans on its hour of the day, and that on all hours, each
 * as if it had been seen once more.
 */
function profileOf({ first, amounts }: Series): readonly number[] {
  const all = amounts.reduce((sum, amount) => sum + amount, 0) / Math.max(1, amounts.length);
  const start = hourOfWeek(first);
  const leaned = (size: number, prior: (slot: number) => number): readonly number[] => {
    const sums = Array.from({ length: size }, (_, slot) => prior(slot));
    const counts = Array.from({ length: size }, () => 1);
    amounts.forEach((amount, at) => {
      const slot = (start + at) % size;
      sums[slot] = (sums[slot] ?? 0) + amount;
      counts[slot] = (counts[slot] ?? 0) + 1;
    });
    return sums.map((sum, slot) => sum / (counts[slot] ?? 1));
  };
  const byDay = leaned(DAY, () => all);
  return leaned(WEEK, (slot) => byDay[slot % DAY] ?? all);
}

/** Of what is left of the month, in money. */
function deviation(
  { first, amounts }: Series,
  profile: readonly number[],
  days: number,
  aDay: number,
  daysLeft: number,
): number {
  const whole = Math.floor(days);
  // Nothing is known of how days differ: as much as a day costs.
  if (whole < 2) return aDay * daysLeft;
  const start = hourOfWeek(first);
  let squares = 0;
  for (let day = 0; day < whole; day++) {
    let residual = 0;
    for (let at = day * DAY; at < (day + 1) * DAY; at++) {
      // The profile has followed this very hour, the more so the fewer of its kind there were: against what
      // the others alone would have said it is off by so much more.
      const alike = Math.ceil((amounts.length - (at % WEEK)) / WEEK);
      const off = (amounts[at] ?? 0) - (profile[(start + at) % WEEK] ?? 0);
      residual += (off * (alike + 1)) / alike;
    }
    squares += residual * residual;
  }
  // Few days say little of how days differ: Student's quantile instead of the normal one.
  const doubt = 1 + (Z * Z + 1) / (4 * (whole - 1));
  const ofDay = doubt * Math.sqrt(squares / whole);
  return ofDay * Math.sqrt(daysLeft + (daysLeft * daysLeft) / whole);
}
