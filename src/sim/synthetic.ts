/**
 * Makes up what the tenants of a described fleet do. One seed makes the same fleet again, and a
 * tenant does the same whoever its neighbours are.
 */
import { fault } from '../domain/faults.ts';
import type { Random } from '../domain/random.ts';
import type { FleetDescription, Group } from './fleet-file.ts';
import { SeededRandom } from './seeded-random.ts';
import { BusyTimes, type Trace, type TraceTenant } from './trace.ts';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const MONTH = 30 * DAY;

/** Of all tenants together: what fits into memory. */
const EVENTS_MAX = 50_000_000;

/** Seconds between the events of a session, and how long one keeps its tenant busy. */
const THINKING = 40;
const BUSY = 1;
const BURST_EVERY = 3;

export type FleetOptions = { readonly sample?: number; readonly warmup?: number | undefined };

/** Throws `BAD_REQUEST` for a fleet that does more than can be simulated. */
export function makeFleet(fleet: FleetDescription, options: FleetOptions = {}): Trace {
  const random = new SeededRandom(fleet.seed);
  const span = fleet.days * DAY;
  const tenants: TraceTenant[] = [];
  let ordinal = 0;
  let events = 0;
  for (const group of fleet.groups) {
    for (let i = 0; i < group.tenants; i++) {
      ordinal += 1;
      if (ordinal % (options.sample ?? 1) !== 0) continue;
      const tenant = madeTenant(fleet, { group, ordinal, random: random.fork(`${ordinal}`) });
      if (tenant === null) continue;
      events += tenant.starts.length;
      if (events > EVENTS_MAX) {
        throw fault('BAD_REQUEST', { why: `this fleet does more than ${EVENTS_MAX} things` });
      }
      tenants.push(tenant);
    }
  }
  if (tenants.length === 0)
    throw fault('BAD_REQUEST', { why: 'nobody in this fleet does anything' });
  const { name, epoch } = fleet;
  return { name, epoch, tenants, span, step: 1, warmup: options.warmup ?? span / 3 };
}

type Making = { readonly group: Group; readonly ordinal: number; readonly random: Random };

function madeTenant(fleet: FleetDescription, making: Making): TraceTenant | null {
  const { group, ordinal, random } = making;
  const joins = random.next() * group.joinOverDays * DAY;
  const stays = -Math.log(1 - random.next()) / Math.max(1e-12, -Math.log(1 - group.leavePerMonth));
  const leaves = Math.min(fleet.days * DAY, joins + stays * MONTH);
  const offset = group.utcOffset[ordinal % group.utcOffset.length] ?? 0;
  const life: Life = { group, random, joins, leaves, zone: offset * HOUR, epoch: fleet.epoch };
  const times = [...timesOf(life), ...robotTimes(life)].filter((at) => at >= joins && at < leaves);
  if (times.length === 0) return null;
  const busy = new BusyTimes();
  for (const at of Float64Array.from(times).sort()) busy.add(at, at + BUSY, 1);
  return busy.of(`${group.kind}-${ordinal}`);
}

type Life = {
  readonly group: Group;
  readonly random: Random;
  readonly joins: number;
  readonly leaves: number;
  /** Seconds east of UTC. */
  readonly zone: number;
  readonly epoch: number;
};

function timesOf(life: Life): Iterable<number> {
  switch (life.group.kind) {
    case 'people':
    case 'office':
      return sessions(life);
    case 'timer':
      return timer(life);
    case 'burst':
      return bursts(life);
    case 'rare':
      return visits(life, life.leaves);
    case 'dead':
      return visits(life, Math.min(life.leaves, life.joins + life.group.activeDays * DAY));
    default:
      return life.group.kind satisfies never;
  }
}

/** A few sessions a day within the tenant's own hours; each has events that follow one another. */
function* sessions({ group, random, joins, leaves, zone, epoch }: Life): Generator<number> {
  const hours = group.to > group.from ? group.to - group.from : group.to + 24 - group.from;
  // Some are always earlier than others, and some busier.
  const habit = (random.next() - 0.5) * HOUR;
  const pace = 0.5 + random.next();
  for (let day = Math.floor(joins / DAY) - 1; day * DAY < leaves; day++) {
    const weekday = new Date((epoch + day * DAY) * 1_000).getUTCDay();
    const part = weekday === 0 || weekday === 6 ? group.weekend : 1;
    const count = poisson(random, group.sessionsPerDay * pace * part);
    for (let i = 0; i < count; i++) {
      const hour = group.from + random.next() * hours;
      yield* session(group, random, day * DAY + hour * HOUR + habit - zone);
    }
  }
}

function* session(group: Group, random: Random, from: number): Generator<number> {
  const more = 1 - 1 / group.eventsPerSession;
  for (let at = from; ; at += exponential(random, THINKING)) {
    yield Math.round(at);
    if (random.next() >= more) return;
  }
}

function* timer({ group, random, joins, leaves }: Life): Generator<number> {
  const every = group.everyMinutes * MINUTE;
  const phase = Math.floor(random.next() * every);
  for (let at = Math.ceil(joins / every) * every + phase; at < leaves; at += every) {
    yield Math.round(at + random.next() * group.jitterSeconds);
  }
}

function* bursts({ group, random, joins, leaves }: Life): Generator<number> {
  const mean = MONTH / Math.max(1e-9, group.perMonth);
  const lasts = group.lastsMinutes * MINUTE;
  for (let from = joins + exponential(random, mean); from < leaves; ) {
    const until = from + lasts * (0.5 + random.next());
    for (let at = from; at < until; at += exponential(random, BURST_EVERY)) yield Math.round(at);
    from = until + exponential(random, mean);
  }
}

function* visits({ group, random, joins }: Life, until: number): Generator<number> {
  const mean = MONTH / Math.max(1e-9, group.perMonth);
  for (let from = joins + 1; from < until; from += exponential(random, mean)) {
    yield* session(group, random, from);
  }
}

/** What monitors ask, as far as it is taken for people's asking. */
function* robotTimes({ group, random, joins, leaves }: Life): Generator<number> {
  const { tenants, everyMinutes, takenForPeople } = group.robots;
  if (random.next() >= tenants) return;
  const every = everyMinutes * MINUTE;
  for (let at = joins + random.next() * every; at < leaves; at += every) {
    if (random.next() < takenForPeople) yield Math.round(at);
  }
}

const exponential = (random: Random, mean: number): number => -Math.log(1 - random.next()) * mean;

/** By counting how many waits fit: means here are small. */
function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let at = exponential(random, 1); at < mean; at += exponential(random, 1)) count += 1;
  return count;
}
