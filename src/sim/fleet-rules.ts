import { fault } from '../domain/faults.ts';
import { type DurationMs, ms } from '../domain/units.ts';
import { isPreset, PRESET_NAMES, PRESETS, type Rules } from '../policy/rules.ts';

/** Asleep so long after each use, and nothing else: what `fixed:TIME` means to a replay. */
export function fixedRules(keep: DurationMs): Rules {
  const { machine } = PRESETS;
  const { COLD } = machine.tiers;
  return {
    ...machine,
    tiers: { ...machine.tiers, COLD: { ...COLD, idleAfter: keep } },
    ...{ descentSteps: 0, archiveAfter: null, snapshotEvery: null },
  };
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The rules by which the orchestrator follows a policy of this name. Throws `BAD_REQUEST` if it cannot. */
export function rulesNamed(name: string): Rules {
  if (isPreset(name)) return PRESETS[name];
  const [, amount = '', unit = ''] = /^fixed:(\d{1,9}(?:\.\d{1,3})?)(s|m|h|d)$/.exec(name) ?? [];
  const keep = Number(amount) * (UNITS[unit] ?? 0);
  if (keep > 0) return fixedRules(ms(keep));
  const known = ['fixed:TIME', ...PRESET_NAMES].join(', ');
  throw fault('BAD_REQUEST', { why: `the orchestrator knows no policy "${name}" but ${known}` });
}
