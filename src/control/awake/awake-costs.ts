/**
 * What each time awake cost, and each reason for it: the cost of a minute is laid on what kept the tenant awake in it.
 *
 * Minutes are parted, never priced anew, so that the parts are what the ledger's minutes cost to the last digit.
 */
import type { AwakeInterval, AwakeReason, AwakeSegment } from '../../domain/awake.ts';
import type { UseMinute } from '../../domain/metering.ts';
import { minutes } from '../../domain/units.ts';
import { METERS, type Meter, NO_USE, type Use } from '../../domain/use.ts';
import { type Amount, allocated, NOTHING, plus } from '../../economics/money.ts';

const MINUTE = minutes(1);

export type PricedMinute = Pick<UseMinute, 'minute' | 'use'> & { readonly cost: Amount };

export type ReasonSum = { readonly ms: number; readonly cost: Amount };

export type AwakeShare = {
  readonly interval: AwakeInterval;
  readonly cost: Amount;
  readonly use: Use;
  /** Of each segment, in their order. */
  readonly costs: readonly Amount[];
  /** Minutes that were laid on it; without any nothing is known of its cost. */
  readonly minutes: number;
};

type AwakeShares = {
  /** In the order of the intervals. */
  readonly shares: readonly AwakeShare[];
  /** Of minutes in which no interval was. */
  readonly unexplained: Amount;
};

type Sum = { cost: Amount; use: Record<Meter, bigint>; costs: Amount[]; minutes: number };

/** All that is used in a minute is laid on the intervals that reach into it, by how long they do. */
export function awakeShares(
  intervals: readonly AwakeInterval[],
  spent: readonly PricedMinute[],
): AwakeShares {
  const sums = intervals.map((interval): Sum => {
    const costs = interval.segments.map(() => NOTHING);
    return { cost: NOTHING, use: { ...NO_USE }, costs, minutes: 0 };
  });
  const order = intervals.map((_, at) => at).sort((one, other) => fromOf(one) - fromOf(other));
  function fromOf(at: number): number {
    return intervals[at]?.from ?? 0;
  }
  let unexplained = NOTHING;
  let first = 0;
  for (const minute of [...spent].sort((one, other) => one.minute - other.minute)) {
    while (endOf(intervals[order[first] ?? -1]) <= minute.minute) first += 1;
    const there: number[] = [];
    for (let place = first; place < order.length; place++) {
      const at = order[place] ?? -1;
      if (fromOf(at) >= minute.minute + MINUTE) break;
      if (endOf(intervals[at]) > minute.minute) there.push(at);
    }
    if (there.length === 0) unexplained = plus(unexplained, minute.cost);
    else lay(minute, there, { intervals, sums });
  }
  const shares = intervals.map((interval, at) => shareOf(interval, sums[at]));
  return { shares, unexplained };
}

/** An interval of no length is there in its instant. */
const endOf = (interval: AwakeInterval | undefined): number =>
  interval === undefined ? Number.POSITIVE_INFINITY : Math.max(interval.to, interval.from + 1);

function lay(
  { minute, use, cost }: PricedMinute,
  there: readonly number[],
  { intervals, sums }: { readonly intervals: readonly AwakeInterval[]; readonly sums: Sum[] },
): void {
  const overlap = (from: number, to: number): bigint =>
    BigInt(Math.max(0, Math.min(to, minute + MINUTE) - Math.max(from, minute)));
  const weights = there.map((at) => overlap(intervals[at]?.from ?? 0, endOf(intervals[at])));
  const costs = allocated(cost, weights);
  const uses = METERS.map((meter) => allocated(use[meter] as Amount, weights));
  there.forEach((at, place) => {
    const sum = sums[at];
    const interval = intervals[at];
    if (sum === undefined || interval === undefined) return;
    const part = costs[place] ?? NOTHING;
    sum.minutes += 1;
    sum.cost = plus(sum.cost, part);
    METERS.forEach((meter, of) => {
      sum.use[meter] += uses[of]?.[place] ?? 0n;
    });
    const lengths = interval.segments.map(({ from, to }) => overlap(from, to));
    allocated(part, lengths).forEach((cost, of) => {
      sum.costs[of] = plus(sum.costs[of] ?? NOTHING, cost);
    });
  });
}

const shareOf = (interval: AwakeInterval, sum: Sum | undefined): AwakeShare => ({
  interval,
  cost: sum?.cost ?? NOTHING,
  use: sum?.use ?? NO_USE,
  costs: sum?.costs ?? [],
  minutes: sum?.minutes ?? 0,
});

/** By what kept it awake: times and costs of all shares, each in whole. */
export function byReason(shares: readonly AwakeShare[]): ReadonlyMap<AwakeReason, ReasonSum> {
  const sums = new Map<AwakeReason, ReasonSum>();
  const add = (reason: AwakeReason, ms: number, cost: Amount): void => {
    const before = sums.get(reason);
    sums.set(reason, { ms: (before?.ms ?? 0) + ms, cost: plus(before?.cost ?? NOTHING, cost) });
  };
  for (const { interval, costs } of shares) {
    interval.segments.forEach((segment, at) => {
      const parts = reasonsOf(segment);
      const lengths = parts.map(([, ms]) => BigInt(Math.max(0, Math.round(ms))));
      const each = allocated(costs[at] ?? NOTHING, lengths);
      parts.forEach(([reason, ms], of) => {
        add(reason, ms, each[of] ?? NOTHING);
      });
    });
  }
  return sums;
}

function reasonsOf({ from, to, kept }: AwakeSegment): readonly (readonly [AwakeReason, number])[] {
  if (kept.kind !== 'several') return [[kept.kind, to - from]];
  const parts = Object.entries(kept.ms) as [AwakeReason, number][];
  return parts.length === 0 ? [['unwatched', to - from]] : parts;
}
