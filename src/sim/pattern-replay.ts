/** Hours and minutes of use of a trace, as the policy is told of them. */
import { type Timestamp, timestamp } from '../domain/units.ts';
import { HOUR_MS, MINUTE_MS, type MinuteOfUse, Pattern } from '../policy/pattern.ts';
import type { Trace, TraceTenant } from './trace.ts';

const HOUR_S = 3_600;
const DAY_HOURS = 24;

export type TraceHour = {
  /** Which tenant of the trace. */
  readonly tenant: number;
  /** Knows what was before the hour. */
  readonly pattern: Pattern;
  readonly at: Timestamp;
  /** Seconds of the trace. */
  readonly second: number;
  /** How many of its minutes will be in use, and how many of the hour before were. */
  readonly minutes: number;
  readonly minutesBefore: number;
};

export type TraceVisitor = {
  /** Each hour from the one behind a tenant's first on, when it begins. */
  hour?(hour: TraceHour): void;
  /** Each minute of use, before the pattern is told of it. */
  minute?(pattern: Pattern, use: MinuteOfUse): void;
  /** The begin of each day. */
  day?(pattern: Pattern, at: Timestamp): void;
};

/** A minute in which people asked some simple things. */
export const peopleAsked = (minute: Timestamp, queries: number): MinuteOfUse => ({
  minute,
  queries,
  people: queries,
  sessions: 1,
  errors: 0,
  transactions: queries,
  bytes: 100 * queries,
  latencyMs: 1,
});

/** Replays the tenants of a trace, one after another. */
export function replayPatterns(trace: Trace, visitor: TraceVisitor): void {
  const epoch = Math.floor(trace.epoch / HOUR_S) * HOUR_MS;
  for (const [place, tenant] of trace.tenants.entries()) {
    replayTenant(tenant, { place, trace, epoch, visitor });
  }
}

type Replay = {
  readonly place: number;
  readonly trace: Trace;
  readonly epoch: number;
  readonly visitor: TraceVisitor;
};

function replayTenant(tenant: TraceTenant, { place, trace, epoch, visitor }: Replay): void {
  const hours = Math.floor(trace.span / HOUR_S);
  const queries = queriesOf(tenant, hours * 60);
  const pattern = new Pattern();
  const first = Math.floor((tenant.starts[0] ?? trace.span) / HOUR_S);
  let minutesBefore = 0;
  for (let hour = first; hour < hours; hour++) {
    const at = timestamp(epoch + hour * HOUR_MS);
    const slice = queries.subarray(hour * 60, hour * 60 + 60);
    const minutes = slice.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const isLater = hour > first;
    if (isLater) {
      const second = hour * HOUR_S;
      visitor.hour?.({ tenant: place, pattern, at, second, minutes, minutesBefore });
    }
    if (isLater && (at / HOUR_MS) % DAY_HOURS === 0) visitor.day?.(pattern, at);
    for (const [minute, count] of slice.entries()) {
      if (count === 0) continue;
      const use = peopleAsked(timestamp(at + minute * MINUTE_MS), count);
      visitor.minute?.(pattern, use);
      pattern.add(use);
    }
    minutesBefore = minutes;
  }
}

/** Queries of each minute: those of a busy time are spread over it. */
function queriesOf({ starts, ends, requests }: TraceTenant, length: number): Float64Array {
  const queries = new Float64Array(length);
  for (const [i, start] of starts.entries()) {
    const last = Math.max(start, (ends[i] ?? start) - 1);
    const from = Math.floor(start / 60);
    const to = Math.floor(last / 60);
    const each = Math.max(1, (requests[i] ?? 1) / (to - from + 1));
    for (let minute = from; minute <= Math.min(to, length - 1); minute++) {
      queries[minute] = (queries[minute] ?? 0) + each;
    }
  }
  return queries;
}
