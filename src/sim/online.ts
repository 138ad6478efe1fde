/**
 * Learns what tenants do, all of them in one order of time, as the product does.
 *
 * At the begin of each idle time `on` is shown what is known then; what comes of it is learned when it
 * has come. What a policy does in an idle time does not change when somebody comes, so that any number
 * of knobs can be judged in one pass.
 */
import { ms, type Timestamp, timestamp } from '../domain/units.ts';
import { Habit, Population, watchIdle } from '../policy/returns.ts';
import { type Gap, type Tally, walkTenant } from './replay.ts';
import type { Trace } from './trace.ts';

/** Long idle times are told to the population in slices, so that the dead are heard of too. */
const SLICE = 3_600;

export type IdleTime = {
  /** Which tenant of the trace. */
  readonly tenant: number;
  readonly gap: Gap;
  readonly idleSince: Timestamp;
  readonly habit: Habit;
  readonly population: Population;
};

/** A second of the trace as a time of day and date. */
export const wallOf = ({ epoch }: Trace, second: number): Timestamp =>
  timestamp((epoch + second) * 1_000);

type Sums = Pick<Tally, 'requests' | 'busy' | 'total'>;

/** What is known of a tenant, and the idle time it is in. */
type Standing = { readonly habit: Habit; idle: Gap | null; toldUntil: number };

/** How the fleet learns of an idle time. */
type Watch = typeof watchIdle;

/** Does not ask whether chances come true, which takes a third of the time: for who goes by them as they are. */
export const watchUnasked: Watch = (_, population, watched) => population.watched(watched);

/** By tenant: what does not depend on a policy. */
export function learn(
  trace: Trace,
  on: (idle: IdleTime) => void,
  watch: Watch = watchIdle,
): readonly Sums[] {
  const { sums, events } = happenings(trace);
  const population = new Population();
  const told = { trace, population, watch };
  const standings = trace.tenants.map(
    (): Standing => ({ habit: new Habit(), idle: null, toldUntil: 0 }),
  );
  let sliceEnd = SLICE;
  for (const { at, tenant, what, gap } of events) {
    for (; at > sliceEnd; sliceEnd += SLICE) tellSlices(told, standings, sliceEnd);
    const standing = standings[tenant];
    if (standing === undefined) continue;
    const { habit } = standing;
    if (what === 'begin') {
      if (standing.idle !== null) endIdle(told, standing, at);
      habit.began(wallOf(trace, at));
    } else if (gap !== null) {
      standing.idle = gap;
      standing.toldUntil = at;
      on({ tenant, gap, habit, population, idleSince: wallOf(trace, at) });
    }
  }
  return sums;
}

type Happening = {
  readonly at: number;
  readonly tenant: number;
  readonly what: 'begin' | 'idle';
  readonly gap: Gap | null;
};

/** All that happens, in order of time. */
function happenings(trace: Trace): { sums: readonly Sums[]; events: readonly Happening[] } {
  const events: Happening[] = [];
  const sums = trace.tenants.map((tenant, index) =>
    walkTenant(trace, tenant, {
      busy: (from) => events.push({ at: from, tenant: index, what: 'begin', gap: null }),
      gap: (gap) => events.push({ at: gap.since, tenant: index, what: 'idle', gap }),
    }),
  );
  // Stable: of one tenant they stay in order.
  events.sort((a, b) => a.at - b.at);
  return { sums, events };
}

/** What all tenants are told of with. */
type Told = { readonly trace: Trace; readonly population: Population; readonly watch: Watch };

function endIdle(told: Told, standing: Standing, at: number): void {
  const { trace } = told;
  const { habit, idle } = standing;
  if (idle === null) return;
  const since = wallOf(trace, idle.since);
  tell(told, standing, { until: at, returned: true });
  habit.returned(since, wallOf(trace, at));
  standing.idle = null;
}

function tellSlices(told: Told, standings: readonly Standing[], until: number): void {
  for (const standing of standings) tell(told, standing, { until, returned: false });
}

function tell(
  { trace, population, watch }: Told,
  standing: Standing,
  { until, returned }: { readonly until: number; readonly returned: boolean },
): void {
  const { idle, habit, toldUntil } = standing;
  if (idle === null) return;
  watch(habit, population, {
    since: wallOf(trace, idle.since),
    from: ms((toldUntil - idle.since) * 1_000),
    to: ms((until - idle.since) * 1_000),
    returned,
  });
  standing.toldUntil = until;
}
