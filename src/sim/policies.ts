/** Any rule by its name, as a person writes it: `fixed:15m`, `hybrid:4h`, `hazard:1h`, `adaptive`. */
import { fault } from '../domain/faults.ts';
import { replayAdaptive } from './adaptive.ts';
import { clairvoyantKeepAlive, fixedKeepAlive } from './baseline-simple.ts';
import { BOUNDS, hazardFamily, RIVALS } from './baselines.ts';
import { hybridHistogram } from './hybrid-histogram.ts';
import { replay, type Tally } from './replay.ts';
import type { Trace } from './trace.ts';

export const POLICY_HELP =
  'adaptive, adaptive:TIME or hazard:TIME (idle time that a cold start is worth), ' +
  'fixed:TIME, hybrid:TIME, prorp:7h, prorp:1h, clairvoyant:TIME, oracle, always-on';

/** Replays a trace under one policy. */
export type RunPolicy = (trace: Trace) => readonly Tally[];

/** What `adaptive` alone means is the caller's affair: null. Throws `BAD_REQUEST`. */
export function policyNamed(name: string): RunPolicy | null {
  if (name === 'adaptive') return null;
  const known = [...RIVALS, ...BOUNDS].find((baseline) => baseline.name === name);
  if (known !== undefined) return (trace) => replay(trace, known.make(trace));
  const [, family = '', amount = '', unit = ''] =
    /^([a-z]+):(\d{1,9}(?:\.\d{1,3})?)(s|m|h|d)$/.exec(name) ?? [];
  const run = timed(family, Number(amount) * (UNITS[unit] ?? 1));
  if (run !== undefined) return run;
  throw fault('BAD_REQUEST', { why: `there is no policy "${name}"; there are ${POLICY_HELP}` });
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function timed(family: string, seconds: number): RunPolicy | undefined {
  switch (family) {
    case 'fixed':
      return (trace) => replay(trace, fixedKeepAlive(seconds));
    case 'hybrid':
      return seconds < 60 ? undefined : (trace) => replay(trace, hybridHistogram(seconds));
    case 'clairvoyant':
      return (trace) => replay(trace, clairvoyantKeepAlive(trace, seconds));
    case 'hazard':
      return (trace) => replay(trace, hazardFamily(trace)(seconds));
    case 'adaptive':
      return (trace) => replayAdaptive(trace, [seconds])[0] ?? [];
    default:
      return undefined;
  }
}
