/**
 * The way down the ladder: what is taken from a running compute, and after how much idle time.
 *
 *   PERSISTENT  stays as it is
 *   HOT         idle for a day ──▶ shared buffers shed in steps ──▶ restarted in WARM's size ──▶ as WARM
 *   WARM, COLD  idle ──▶ page cache shed in steps, the least used relations first ──▶ asleep
 *
 * A way is plain data, made from the rules once a tier and setting; `idle.ts` walks it. A query at any
 * moment turns it round: idleness begins anew, and with it the way. Source: VISION.md, "Degradation
 * Behavior".
 */
import { isSmall, type Limits, type SizeClass, type Tier } from '../domain/tier.ts';
import { type DurationMs, minutes, ms, seconds } from '../domain/units.ts';
import type { Rules } from './rules.ts';

export type Shed =
  /** Keep this part of what was in shared buffers, or in the page cache, before the way began. */
  | { readonly kind: 'shedL1'; readonly keep: number }
  | { readonly kind: 'shedL2'; readonly keep: number }
  /** Restart in the size of a lower tier. */
  | { readonly kind: 'resize'; readonly to: Tier }
  | { readonly kind: 'suspend' };

/** One step, and the idle time after which it is due. */
export type DownStep = { readonly after: DurationMs; readonly what: Shed };

/** Steps that are due sooner after one another than this cost more than they save. */
const STEP_APART_MIN = seconds(10);

/** A compute that sleeps this soon after is not restarted for it. */
const RESIZE_BEFORE_SLEEP_MIN = minutes(1);

/** The least of the page cache that the last step leaves: the blocks most worth having. */
const L2_KEPT = 0.2;

/** How long the page cache may be shed, as a part of the idle time before sleep. */
const L2_PART_MAX = 1 / 3;

const BELOW: Readonly<Record<Tier, Tier | null>> = {
  PERSISTENT: 'HOT',
  HOT: 'WARM',
  WARM: null,
  COLD: null,
};

/**
 * The way down from `tier`, in order. `suspendAfter` is the idle time that a person has set, null for
 * the rules'; it squeezes the whole way. Empty for a tier that never goes down, or must not sleep: it would
 * be woken again at once.
 */
export function wayDown(
  tier: Tier,
  rules: Rules,
  suspendAfter: DurationMs | null,
): readonly DownStep[] {
  if (mustNotSleep(tier, rules)) return [];
  const steps = rawWay(tier, rules, 0);
  const end = steps.at(-1)?.after ?? 0;
  const squeeze = suspendAfter === null || end === 0 ? 1 : suspendAfter / end;
  return thinned(steps.map(({ after, what }) => ({ after: ms(after * squeeze), what })));
}

const mustNotSleep = (tier: Tier, { residency }: Rules): boolean =>
  residency.coldest[tier] === 'L1' ||
  (residency.mode === 'adaptive' && residency.awakeAtLeast[tier] === null);

/** The whole idle time until sleep; null for never. */
export function sleepsAfter(way: readonly DownStep[]): DurationMs | null {
  const last = way.at(-1);
  return last?.what.kind === 'suspend' ? last.after : null;
}

/** What a compute has that stands at `rung` on its way down from `tier`: its clients keep their number. */
export function sizeAt(tier: Tier, rung: Tier, rules: Rules): SizeClass {
  const { connectionsMax } = rules.tiers[tier].size;
  return { ...rules.tiers[rung].size, connectionsMax };
}

/**
 * What a compute of `tier` may take while it keeps this part of its shared buffers on its way down: its
 * memory shrinks with them to what the tier below has.
 */
export function limitsAt(tier: Tier, keep: number, rules: Rules): Limits {
  const { limits, size } = rules.tiers[tier];
  const below = BELOW[tier];
  if (below === null) return limits;
  const lower = rules.tiers[below];
  const least = Math.min(1, lower.size.sharedBuffersMb / size.sharedBuffersMb);
  const part = least === 1 ? 1 : Math.max(0, (keep - least) / (1 - least));
  const [most, fewest] = [limits.memoryMb, lower.limits.memoryMb];
  if (most === null || fewest === null || fewest >= most) return limits;
  return { ...limits, memoryMb: Math.round(fewest + part * (most - fewest)) };
}

function rawWay(tier: Tier, rules: Rules, begin: number): readonly DownStep[] {
  const { idleAfter } = rules.tiers[tier];
  if (idleAfter === null) return [];
  const below = BELOW[tier];
  const from = begin + idleAfter;
  return below === null ? toSleep(tier, rules, from) : toBelow({ tier, below, rules, from });
}

type Leg = {
  readonly tier: Tier;
  readonly below: Tier;
  readonly rules: Rules;
  readonly from: number;
};

/** Shared buffers shrink to what the size below has, then the size is taken. */
function toBelow({ tier, below, rules, from }: Leg): readonly DownStep[] {
  const { descentTakes, size } = rules.tiers[tier];
  const least = Math.min(1, rules.tiers[below].size.sharedBuffersMb / size.sharedBuffersMb);
  const end = from + descentTakes;
  const sheds = spread(rules.descentSteps, from, end).map(
    ({ at, part }): DownStep => ({
      after: ms(at),
      what: { kind: 'shedL1', keep: 1 - part * (1 - least) },
    }),
  );
  const resize: DownStep = { after: ms(end), what: { kind: 'resize', to: below } };
  return [...sheds, resize, ...rawWay(below, rules, end)];
}

/** The page cache shrinks in the last part of the idle time, then the compute ends. */
function toSleep(tier: Tier, rules: Rules, end: number): readonly DownStep[] {
  const { descentTakes, idleAfter } = rules.tiers[tier];
  const takes = Math.min(descentTakes, (idleAfter ?? 0) * L2_PART_MAX);
  const sheds = spread(rules.descentSteps, end - takes, end).map(
    ({ at, part }): DownStep => ({
      after: ms(at),
      what: { kind: 'shedL2', keep: 1 - part * (1 - L2_KEPT) },
    }),
  );
  return [...sheds, { after: ms(end), what: { kind: 'suspend' } }];
}

/** `count` moments from behind `from` to before `to`, and how much of the way each has behind it. */
function spread(
  count: number,
  from: number,
  to: number,
): readonly { readonly at: number; readonly part: number }[] {
  return Array.from({ length: count }, (_, i) => ({
    at: from + ((i + 1) * (to - from)) / (count + 1),
    part: (i + 1) / count,
  }));
}

/** Without steps that come too soon after one another, and without a restart just before the end. */
function thinned(steps: readonly DownStep[]): readonly DownStep[] {
  const end = steps.at(-1)?.after ?? 0;
  const kept: DownStep[] = [];
  for (const step of steps) {
    const since = step.after - (kept.at(-1)?.after ?? 0);
    const { kind } = step.what;
    const isLate = kind !== 'suspend' && end - step.after < STEP_APART_MIN;
    const isVain = kind === 'resize' && end - step.after < RESIZE_BEFORE_SLEEP_MIN;
    const isDense = kind !== 'suspend' && kind !== 'resize' && since < STEP_APART_MIN;
    if (!isLate && !isVain && !isDense) kept.push(step);
  }
  return kept;
}

/** Whether a compute of this size is worth reading blocks back into: a small one fills by itself. */
export const isWorthPrewarming = (size: SizeClass): boolean => !isSmall(size);
