/**
 * A policy file: the rules as JSON, each field replacing that of a preset. Times are texts such as `90s`,
 * `15m`, `24h` and `7d`, or `null` for never.
 *
 *   { "preset": "machine", "archiveAfter": "7d",
 *     "tiers": { "HOT": { "idleAfter": "8h", "size": { "sharedBuffersMb": 64 } } } }
 */
import { fault } from '../domain/faults.ts';
import { type Limits, type SizeClass, TIERS } from '../domain/tier.ts';
import { type DurationMs, ms } from '../domain/units.ts';
import { PRESETS, type Rules, type TierRules } from './rules.ts';

type Fields = Readonly<Record<string, unknown>>;
type Reader<T> = (value: unknown, path: string) => T;

/** Throws `BAD_POLICY`, which names the field. */
export function parseRules(text: string): Rules {
  const fields = fieldsOf(jsonOf(text), 'the policy');
  const { preset = 'machine', tiers = {}, ...rest } = fields;
  if (preset !== 'machine' && preset !== 'railway') {
    throw bad('preset', 'must be "machine" or "railway"');
  }
  const base: Rules = PRESETS[preset];
  const given = fieldsOf(tiers, 'tiers');
  refuseStrange(given, TIERS, 'tiers');
  return {
    ...readInto(base, rest, WHOLE, ''),
    tiers: {
      COLD: tierOf(base.tiers.COLD, given, 'COLD'),
      WARM: tierOf(base.tiers.WARM, given, 'WARM'),
      HOT: tierOf(base.tiers.HOT, given, 'HOT'),
      PERSISTENT: tierOf(base.tiers.PERSISTENT, given, 'PERSISTENT'),
    },
  };
}

function tierOf(base: TierRules, tiers: Fields, tier: string): TierRules {
  const path = `tiers.${tier}.`;
  const { size = {}, limits = {}, ...rest } = fieldsOf(tiers[tier] ?? {}, `tiers.${tier}`);
  return {
    ...readInto(base, rest, TIER, path),
    size: readInto(base.size, fieldsOf(size, `${path}size`), SIZE, `${path}size.`),
    limits: readInto(base.limits, fieldsOf(limits, `${path}limits`), LIMITS, `${path}limits.`),
  };
}

const integer =
  (min: number, max: number): Reader<number> =>
  (value, path) => {
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) {
      return Number(value);
    }
    throw bad(path, `must be a whole number from ${min} to ${max}`);
  };

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const TEN_YEARS_MS = 3_650 * 86_400_000;

const time: Reader<DurationMs> = (value, path) => {
  const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])$/.exec(String(value)) ?? [];
  const length = Number(amount) * (UNITS[unit] ?? Number.NaN);
  if (length >= 1_000 && length <= TEN_YEARS_MS) return ms(length);
  throw bad(path, 'must be a time such as "90s", "15m", "24h" or "7d"');
};

const orNull =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value, path) =>
    value === null ? null : read(value, path);

type Readers<T> = { readonly [K in keyof T]: Reader<T[K]> };

const MB_MAX = 1_048_576;

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

const TIER: Readers<Omit<TierRules, 'size' | 'limits'>> = {
  idleAfter: orNull(time),
  descentTakes: time,
};

const WHOLE: Readers<Omit<Rules, 'tiers'>> = {
  descentSteps: integer(0, 100),
  archiveAfter: orNull(time),
  snapshotEvery: orNull(time),
  l2BudgetMb: orNull(integer(0, MB_MAX * 16)),
  prewarmMb: integer(0, MB_MAX),
  diskReserveMb: integer(0, MB_MAX * 16),
};

/** `base` with the fields that are given, each read by the reader of its name. */
function readInto<T, R extends object>(
  base: T & R,
  given: Fields,
  readers: Readers<R>,
  path: string,
): T & R {
  refuseStrange(given, Object.keys(readers), path.replace(/\.$/, '') || 'the policy');
  const read = Object.entries(given).map(([name, value]) => [
    name,
    readers[name as keyof R](value, `${path}${name}`),
  ]);
  return { ...base, ...Object.fromEntries(read) };
}

function refuseStrange(given: Fields, known: readonly string[], where: string): void {
  const strange = Object.keys(given).find((name) => !known.includes(name));
  if (strange === undefined) return;
  throw bad(where, `has no field "${strange.slice(0, 60)}"; it has ${known.join(', ')}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad('the file', 'is not JSON');
  }
}

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw bad(path, 'must be an object');
}

const bad = (path: string, why: string): Error => fault('BAD_POLICY', { why: `${path} ${why}` });
