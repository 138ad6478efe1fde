/**
 * Replays what tenants did against a rule that says when each is kept warm.
 *
 * A tenant is busy or idle. While it is idle the rule names, lazily and from the past alone, the times
 * at which it is warm; a return that falls into none of them is cold. A start is taken as instant here:
 * what it makes people wait is priced from the counts. The first event ever of a tenant is not
 * counted, only time after the warm-up is, and a tenant's clock starts at its first event.
 */
import type { Trace, TraceTenant } from './trace.ts';

/** When one tenant is kept warm; in seconds of the trace. */
export interface Residence {
  /** It is busy from here to there. Called as it begins, before its end is known to anybody else. */
  busy?(from: number, to: number): void;
  /**
   * When it is warm if nobody comes: from and to, in order, as far as they are asked for. One that
   * ends as it begins says only that there is none before it.
   */
  spans(idleSince: number): Iterable<readonly [from: number, to: number]>;
  /** An idle time of this length has ended, with somebody who came. */
  returned?(gap: number, at: number): void;
}

/** The rule for one tenant. What it looks up of the future, as a clairvoyant does, is its own affair. */
export type MakeResidence = (tenant: TraceTenant) => Residence;

/** What happened to one tenant in the time that is scored; times in seconds. */
export type Tally = {
  requests: number;
  /** Ends of idle times, and those of them that found it cold. */
  returns: number;
  cold: number;
  /** Of those after at least a quarter of an hour: all, and the warm ones. */
  longReturns: number;
  longWarm: number;
  idleWarm: number;
  busy: number;
  total: number;
  /** Warm times that began in an idle time, and those that ended with nobody having come. */
  prewarms: number;
  wrongPrewarms: number;
};

/** Idle times of at least this length are those that a person would call one. */
export const LONG_IDLE = 900;

export function replay(trace: Trace, make: MakeResidence): readonly Tally[] {
  return trace.tenants.map((tenant) => replayTenant(trace, tenant, make(tenant)));
}

/** One idle time of a tenant. */
export type Gap = {
  readonly since: number;
  /** When somebody comes; the end of the trace if nobody does. */
  readonly until: number;
  readonly isReturn: boolean;
  /** Whether its end is in the time that is scored, and from when on it is. */
  readonly isScored: boolean;
  readonly scoredFrom: number;
};

/** Calls `busy` and `gap` for a tenant's times in order, and adds up what does not depend on a rule. */
export function walkTenant(
  { span, warmup }: Trace,
  { starts, ends, requests }: TraceTenant,
  on: { readonly busy: (from: number, to: number) => void; readonly gap: (gap: Gap) => void },
): Pick<Tally, 'requests' | 'busy' | 'total'> {
  const sums = { requests: 0, busy: 0, total: span - Math.max(starts[0] ?? span, warmup) };
  for (let i = 0; i < starts.length; i++) {
    const from = starts[i] ?? 0;
    const to = ends[i] ?? 0;
    sums.busy += Math.max(0, Math.min(to, span) - Math.max(from, warmup));
    if (from >= warmup) sums.requests += (requests[i] ?? 0) - (i === 0 ? 1 : 0);
    on.busy(from, to);
    if (to >= span) break;
    const next = starts[i + 1];
    const until = next ?? span;
    on.gap({
      ...{ since: to, until, isReturn: next !== undefined },
      ...{ isScored: until >= warmup, scoredFrom: Math.max(to, warmup) },
    });
  }
  return sums;
}

export const newTally = (): Tally => ({
  ...{ requests: 0, returns: 0, cold: 0, longReturns: 0, longWarm: 0 },
  ...{ idleWarm: 0, busy: 0, total: 0, prewarms: 0, wrongPrewarms: 0 },
});

function replayTenant(trace: Trace, tenant: TraceTenant, residence: Residence): Tally {
  const tally = newTally();
  const sums = walkTenant(trace, tenant, {
    busy: (from, to) => residence.busy?.(from, to),
    gap: (gap) => {
      if (gap.isScored) countGap(tally, gap, residence.spans(gap.since));
      if (gap.isReturn) residence.returned?.(gap.until - gap.since, gap.until);
    },
  });
  return Object.assign(tally, sums);
}

/** Adds an idle time that ends in the scored time, and when the tenant would have been warm in it. */
export function countGap(tally: Tally, gap: Gap, spans: ReturnType<Residence['spans']>): void {
  const { since, until, scoredFrom } = gap;
  let isWarm = false;
  let isPrewarm = false;
  let before = since;
  for (const [from, to] of spans) {
    if (from > until) break;
    if (from === to) continue;
    tally.idleWarm += Math.max(0, Math.min(to, until) - Math.max(from, scoredFrom));
    if (from > before) {
      if (isPrewarm) tally.wrongPrewarms += 1;
      isPrewarm = true;
      tally.prewarms += 1;
    }
    before = to;
    isWarm = until <= to;
    if (isWarm) break;
  }
  if (isPrewarm && !isWarm) tally.wrongPrewarms += 1;
  if (!gap.isReturn) return;
  tally.returns += 1;
  if (!isWarm) tally.cold += 1;
  if (until - since < LONG_IDLE) return;
  tally.longReturns += 1;
  if (isWarm) tally.longWarm += 1;
}
