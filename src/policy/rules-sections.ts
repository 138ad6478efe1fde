/** The sections of a policy file that say who gets what: tiers by use, plans, residency, single tenants. */
import { LEVELS, type Level } from '../domain/levels.ts';
import { type Limits, PLANS, type SizeClass, TIERS, type Tier } from '../domain/tier.ts';
import type { DurationMs } from '../domain/units.ts';
import { type PlanBook, type PlanTerms, rankOf, type Sla } from './plan-terms.ts';
import type { LevelTerms } from './residency.ts';
import type { ResidencyRules, TierRules } from './rules.ts';
import {
  bad,
  decimal,
  fieldsOf,
  flag,
  integer,
  oneOf,
  orNull,
  over,
  type Reader,
  type Readers,
  readSome,
  refuseStrange,
  time,
  timeOrNone,
  wait,
  wordOr,
} from './rules-readers.ts';
import type { TenantRules, TierChange } from './rules-tenants.ts';
import type { MoveRules } from './tier-rules.ts';

export const MB_MAX = 1_048_576;

const SIZE: Readers<SizeClass> = {
  sharedBuffersMb: integer(1, MB_MAX),
  workMemKb: integer(64, MB_MAX * 1_024),
  maintenanceWorkMemMb: integer(1, MB_MAX),
  connectionsMax: integer(1, 10_000),
};

const LIMITS: Readers<Limits> = {
  memoryMb: orNull(integer(64, MB_MAX)),
  cpuPercent: orNull(integer(1, 100_000)),
  processesMax: orNull(integer(32, 100_000)),
  ioMbPerSecond: orNull(integer(1, 100_000)),
};

const tier = oneOf(TIERS);

type TierFields = Omit<TierRules, 'size' | 'limits'> & {
  readonly size: Partial<SizeClass>;
  readonly limits: Partial<Limits>;
};

const TIER: Readers<TierFields> = {
  idleAfter: orNull(time),
  descentTakes: time,
  size: (value, path) => readSome(value, SIZE, path),
  limits: (value, path) => readSome(value, LIMITS, path),
};

/** What `tiers` says, each field of it a change. */
export function readTiers(
  value: unknown,
  path: string,
): Readonly<Partial<Record<Tier, TierChange>>> {
  const given = fieldsOf(value, path);
  refuseStrange(given, TIERS, path);
  const changes = Object.entries(given).map(([name, fields]) => [
    name,
    { size: {}, limits: {}, ...readSome(fields, TIER, `${path}.${name}`) },
  ]);
  return Object.fromEntries(changes) as Readonly<Partial<Record<Tier, TierChange>>>;
}

/** More than anybody can ask in a day. */
const QUERIES_MAX = 1e9;

/** Whole days that are remembered. */
const DAYS_MAX = 14;

/** What is counted by the minute cannot be seen in less. */
const moment: Reader<DurationMs> = (value, path) => {
  const length = time(value, path);
  if (length < 60_000) throw bad(path, 'must be a minute or more');
  return length;
};

function movesOf(base: MoveRules): Reader<MoveRules> {
  const { warmToHot, hotToPersistent, persistentToHot, timeInTierMin } = base;
  const queries = integer(0, QUERIES_MAX);
  const days = integer(1, DAYS_MAX);
  const tooMany = (one: typeof hotToPersistent): string | null =>
    one.days > one.within ? 'must not have more "days" than "within"' : null;
  const readers: Readers<MoveRules> = {
    automatic: flag,
    window: moment,
    day: moment,
    warmToHot: over(warmToHot, {
      queriesOver: queries,
      perMinuteOver: decimal(0, QUERIES_MAX),
      quartersMin: integer(0, 4),
      steadinessMin: decimal(0, 1),
    }),
    hotToPersistent: over(
      hotToPersistent,
      { days, within: days, queriesOver: queries, consistencyMin: decimal(0, 1) },
      tooMany,
    ),
    persistentToHot: over(persistentToHot, { days, queriesUnder: queries }),
    timeInTierMin: over(timeInTierMin, {
      COLD: timeOrNone,
      WARM: time,
      HOT: time,
      PERSISTENT: time,
    }),
  };
  return over(base, readers, thrash);
}

/** Between what earns PERSISTENT and what loses it there is a gap, or tenants would go to and fro. */
const thrash = ({ hotToPersistent, persistentToHot }: MoveRules): string | null =>
  persistentToHot.queriesUnder > hotToPersistent.queriesOver
    ? 'must not have persistentToHot.queriesUnder above hotToPersistent.queriesOver'
    : null;

export const readMoves = (base: MoveRules, value: unknown): MoveRules =>
  movesOf(base)(value, 'tierRules');

const SLA: Readers<Sla> = {
  coldStarts: oneOf(['allowed', 'rare', 'outside-business-hours', 'never']),
  coldStartUnder: orNull(wait),
  queryP95Under: wait,
  uptimePercent: orNull(decimal(0, 100)),
};

const termsOf = (base: PlanTerms): Reader<PlanTerms> =>
  over(
    base,
    {
      floor: tier,
      ceiling: tier,
      persistentNeedsConsent: flag,
      limits: over(base.limits, LIMITS),
      sla: over(base.sla, SLA),
    },
    boundsFlaw,
  );

const boundsFlaw = ({ floor, ceiling }: Pick<PlanTerms, 'floor' | 'ceiling'>): string | null =>
  rankOf(floor) > rankOf(ceiling) ? `must not have floor ${floor} above ceiling ${ceiling}` : null;

export function readPlans(base: PlanBook, value: unknown): PlanBook {
  const given = fieldsOf(value, 'plans');
  refuseStrange(given, PLANS, 'plans');
  const read = PLANS.filter((plan) => Object.hasOwn(given, plan)).map((plan) => [
    plan,
    termsOf(base[plan])(given[plan], `plans.${plan}`),
  ]);
  return { ...base, ...Object.fromEntries(read) };
}

const COST_MAX = 1e6;
const WAKE_SECONDS_MAX = 3_600;

/** Costs and wake times of all four levels. */
const levels: Reader<readonly LevelTerms[]> = (value, path) => {
  const given = fieldsOf(value, path);
  refuseStrange(given, LEVELS, path);
  return LEVELS.map((level) => {
    const fields = fieldsOf(given[level] ?? {}, `${path}.${level}`);
    refuseStrange(fields, ['costPerSecond', 'wakeSeconds'], `${path}.${level}`);
    return {
      level,
      costPerSecond: decimal(0, COST_MAX)(fields.costPerSecond, `${path}.${level}.costPerSecond`),
      wakeSeconds: decimal(0, WAKE_SECONDS_MAX)(fields.wakeSeconds, `${path}.${level}.wakeSeconds`),
    };
  });
};

export function readResidency(base: ResidencyRules, value: unknown): ResidencyRules {
  const level: Reader<Level> = oneOf(LEVELS);
  const awake = orNull(time);
  const readers: Readers<ResidencyRules> = {
    mode: oneOf(['fixed', 'adaptive']),
    budgetPercent: decimal(0.01, 100),
    valueOfSecond: wordOr('auto', decimal(0, COST_MAX)),
    levels: wordOr('measured', levels),
    awakeAtLeast: over(base.awakeAtLeast, {
      COLD: awake,
      WARM: awake,
      HOT: awake,
      PERSISTENT: awake,
    }),
    coldest: over(base.coldest, { COLD: level, WARM: level, HOT: level, PERSISTENT: level }),
  };
  return over(base, readers)(value, 'residency');
}

const ROWS_MAX = 1_000;
const NAME_MAX = 63;

const ROW: Readers<Omit<TenantRules, 'match'>> = {
  floor: orNull(tier),
  ceiling: orNull(tier),
  sla: (value, path) => readSome(value, SLA, path),
  tiers: readTiers,
};

/** By name or glob. A later row wins over an earlier one. */
export function readTenants(value: unknown): readonly TenantRules[] {
  const rows = Object.entries(fieldsOf(value, 'tenants'));
  if (rows.length > ROWS_MAX) throw bad('tenants', `must have at most ${ROWS_MAX} rows`);
  return rows.map(([match, fields]) => {
    const path = `tenants.${match.slice(0, NAME_MAX)}`;
    if (!/^[a-z0-9_*?-]{1,63}$/.test(match)) {
      throw bad(path, 'must be a name of tenants, in which "*" is any text and "?" any character');
    }
    const row = { floor: null, ceiling: null, sla: {}, tiers: {}, ...readSome(fields, ROW, path) };
    const { floor, ceiling } = row;
    const flaw = floor === null || ceiling === null ? null : boundsFlaw({ floor, ceiling });
    if (flaw !== null) throw bad(path, flaw);
    return { match, ...row };
  });
}
