/**
 * A policy file: the rules as JSON, each field replacing that of a preset. Times are texts such as `90s`,
 * `15m`, `24h` and `7d`, or `null` for never. docs/operations.md describes every field.
 *
 *   { "preset": "vision", "archiveAfter": "7d",
 *     "tiers": { "HOT": { "idleAfter": "8h", "size": { "sharedBuffersMb": 64 } } },
 *     "plans": { "free": { "ceiling": "HOT" } },
 *     "tenants": { "acme-*": { "floor": "HOT", "sla": { "uptimePercent": 99.9 } } } }
 */
import { TIERS, type Tier } from '../domain/tier.ts';
import {
  isPreset,
  PRESET_DEFAULT,
  PRESET_NAMES,
  PRESETS,
  type PresetName,
  type Rules,
} from './rules.ts';
import {
  bad,
  fieldsOf,
  integer,
  jsonOf,
  orNull,
  type Readers,
  readSome,
  time,
} from './rules-readers.ts';
import {
  MB_MAX,
  readMoves,
  readPlans,
  readResidency,
  readTenants,
  readTiers,
} from './rules-sections.ts';
import { changedTier } from './rules-tenants.ts';
import { parseVisitors } from './visitors-file.ts';

/** Throws `BAD_POLICY`, which names the field. */
export function parseRules(text: string): Rules {
  const { preset, ...fields } = fieldsOf(jsonOf(text), 'the policy');
  const base: Rules = PRESETS[presetOf(preset)];
  const { tiers = {}, ...given } = readSome(fields, wholeOf(base), '');
  const rules: Rules = { ...base, ...given };
  return {
    ...rules,
    tiers: Object.fromEntries(
      TIERS.map((tier) => [tier, changedTier(base.tiers[tier], tiers[tier] ?? NO_CHANGE)]),
    ) as Record<Tier, Rules['tiers'][Tier]>,
  };
}

/** The preset that a policy file begins with. Throws `BAD_POLICY`. */
export function presetOfFile(text: string): PresetName {
  return presetOf(fieldsOf(jsonOf(text), 'the policy').preset);
}

const NO_CHANGE = { size: {}, limits: {} };

function presetOf(name: unknown = PRESET_DEFAULT): PresetName {
  if (isPreset(name)) return name;
  throw bad('preset', `must be ${PRESET_NAMES.map((one) => `"${one}"`).join(', ')}`);
}

type Whole = Omit<Rules, 'tiers'> & { readonly tiers: ReturnType<typeof readTiers> };

const wholeOf = (base: Rules): Readers<Whole> => ({
  tiers: readTiers,
  descentSteps: integer(0, 100),
  archiveAfter: orNull(time),
  snapshotEvery: orNull(time),
  l2BudgetMb: orNull(integer(0, MB_MAX * 16)),
  prewarmMb: integer(0, MB_MAX),
  diskReserveMb: integer(0, MB_MAX * 16),
  tierRules: (value) => readMoves(base.tierRules, value),
  plans: (value) => readPlans(base.plans, value),
  residency: (value) => readResidency(base.residency, value),
  tenants: readTenants,
  visitors: parseVisitors,
});
