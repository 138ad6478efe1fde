/**
 * What becomes of what tenants did if they are kept by other rules: how long computes run, how often somebody finds his asleep,
 * and how long he waits.
 *
 * Rules with fixed idle times are replayed as they are; the others by the policy's own residency, which learns from the replay as
 * it goes. Nothing before the replay is known to it, so it is at its weakest in the first days, whatever the rule.
 */
import type { Replayed, ReplayJob, ReplayRule } from '../control/economics/what-if-desk.ts';
import { fault } from '../domain/faults.ts';
import type { Tier } from '../domain/tier.ts';
import { LEVEL_PRICES, type LevelPrices, levelTerms, WAKE_SECONDS } from '../policy/level-costs.ts';
import type { ResidencyTerms } from '../policy/residency.ts';
import { isPreset, PRESETS, type Rules } from '../policy/rules.ts';
import { parseRules } from '../policy/rules-file.ts';
import { firstValue } from '../policy/steering.ts';
import { residencyBounds } from '../policy/tier-decision.ts';
import { replayLevels } from './adaptive.ts';
import { fixedKeepAlive } from './baseline-simple.ts';
import { replay } from './replay.ts';
import type { Trace } from './trace.ts';

/** A second of a person, in the terms of the policy; null while it is steered and not known. */
export type ReplayWorld = {
  readonly rules: Rules;
  readonly valueOfSecond: number | null;
  /** What is decided by; the usual where nothing is said. */
  readonly prices?: LevelPrices;
};

/** By rule and tenant, in the order of the job. */
export function replayed(
  { tenants, rules, seconds, from }: ReplayJob,
  world: ReplayWorld,
): readonly (readonly Replayed[])[] {
  return rules.map((rule) => {
    const results = new Map<number, Replayed>();
    // The policy learns of all of a tier together; each tier has its own terms.
    const tiers = Map.groupBy(tenants.keys(), (at) => rule.tier ?? tenants[at]?.tier ?? 'COLD');
    for (const [tier, places] of tiers) {
      const trace: Trace = {
        ...{ name: 'recorded', span: seconds, warmup: 0, epoch: from / 1_000, step: 60 },
        tenants: places.map((at) => ({
          id: tenants[at]?.id ?? '',
          starts: Float64Array.from(tenants[at]?.starts ?? []),
          ends: Float64Array.from(tenants[at]?.ends ?? []),
          requests: new Uint32Array(tenants[at]?.starts.length ?? 0).fill(1),
        })),
      };
      const found = underRule(trace, rule, tier, world);
      places.forEach((at, place) => {
        const one = found[place];
        if (one !== undefined) results.set(at, one);
      });
    }
    return tenants.map((_, at) => results.get(at) ?? NOTHING);
  });
}

const NOTHING: Replayed = { awakeSeconds: 0, coldStarts: 0, waitedMs: 0 };

function underRule(
  trace: Trace,
  rule: ReplayRule,
  tier: Tier,
  world: ReplayWorld,
): readonly Replayed[] {
  const rules = rulesOf(rule, world.rules);
  const bounds = residencyBounds(tier, rules);
  const isFixed = rules.residency.mode === 'fixed';
  if (rule.idleMs !== undefined) return fixed(trace, rule.idleMs / 1_000);
  if (bounds.awakeAtLeast === null) return fixed(trace, Number.POSITIVE_INFINITY);
  if (isFixed) return fixed(trace, bounds.awakeAtLeast / 1_000);
  const { prices = LEVEL_PRICES } = world;
  const levels = levelTerms(rules, tier, WAKE_SECONDS, prices).filter(({ level }) =>
    bounds.levels.includes(level),
  );
  const { valueOfSecond } = rules.residency;
  const terms: ResidencyTerms = {
    ...{ levels, floorAwake: bounds.awakeAtLeast },
    valueOfSecond:
      valueOfSecond === 'auto' ? (world.valueOfSecond ?? firstValue(rules, prices)) : valueOfSecond,
  };
  const [tallies = []] = replayLevels(trace, [terms]);
  return tallies.map(({ busy, seconds, returns, prewarms: _ }) => ({
    awakeSeconds: busy + seconds.L1,
    coldStarts: returns.L2 + returns.L3 + returns.L4,
    waitedMs:
      1_000 * levels.reduce((sum, { level, wakeSeconds }) => sum + returns[level] * wakeSeconds, 0),
  }));
}

const fixed = (trace: Trace, idle: number): readonly Replayed[] =>
  replay(trace, fixedKeepAlive(idle)).map(({ busy, idleWarm, cold }) => ({
    awakeSeconds: busy + idleWarm,
    coldStarts: cold,
    waitedMs: cold * WAKE_SECONDS.L3 * 1_000,
  }));

function rulesOf({ policy, policyFile }: ReplayRule, now: Rules): Rules {
  if (policyFile !== undefined) return parseRules(policyFile);
  if (policy === undefined) return now;
  if (!isPreset(policy)) {
    const why = `there is no policy "${policy}"; there are ${Object.keys(PRESETS).join(', ')}`;
    throw fault('BAD_REQUEST', { why });
  }
  return PRESETS[policy];
}
