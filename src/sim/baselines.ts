/** The rules that a policy is compared with, by name and configuration. */
import { alwaysOn, clairvoyantKeepAlive, fixedKeepAlive, oracle } from './baseline-simple.ts';
import { fleetHazard, hazardReference } from './hazard-reference.ts';
import { hybridHistogram } from './hybrid-histogram.ts';
import { prorpLike } from './prorp.ts';
import type { MakeResidence } from './replay.ts';
import type { Trace } from './trace.ts';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

export type Baseline = {
  /** Such as `fixed:15m`; also what the command line takes. */
  readonly name: string;
  /** Rules of one family differ in their knob only, and make a line in a picture. */
  readonly family: 'fixed' | 'hybrid' | 'prorp' | 'hazard' | 'clairvoyant' | 'bound';
  readonly make: (trace: Trace) => MakeResidence;
};

const FIXED_MINUTES = [5, 10, 15, 60, 240];
const CLAIRVOYANT_MINUTES = [5, 15, 60, 240];

const prorp = (name: string, options: Parameters<typeof prorpLike>[0]): Baseline => ({
  name,
  family: 'prorp',
  make: () => prorpLike(options),
});

/** Those that know no more than the past: what a policy must beat. */
export const RIVALS: readonly Baseline[] = [
  ...FIXED_MINUTES.map(
    (minutes): Baseline => ({
      name: `fixed:${minutes}m`,
      family: 'fixed',
      make: () => fixedKeepAlive(minutes * MINUTE),
    }),
  ),
  ...[1, 4].map(
    (hours): Baseline => ({
      name: `hybrid:${hours}h`,
      family: 'hybrid',
      make: () => hybridHistogram(hours * HOUR),
    }),
  ),
  prorp('prorp:7h', { window: 7 * HOUR, reach: 7 * HOUR, likely: 0.1 }),
  prorp('prorp:1h', { window: HOUR, reach: HOUR / 4, likely: 0.3 }),
];

/** Those that know the future, or pay any price: no policy is beyond them. */
export const BOUNDS: readonly Baseline[] = [
  ...CLAIRVOYANT_MINUTES.map(
    (minutes): Baseline => ({
      name: `clairvoyant:${minutes}m`,
      family: 'clairvoyant',
      make: (trace) => clairvoyantKeepAlive(trace, minutes * MINUTE),
    }),
  ),
  { name: 'oracle', family: 'bound', make: () => oracle },
  { name: 'always-on', family: 'bound', make: () => alwaysOn },
];

/** What needs days to be learned is not asked for of a trace of a day. */
const SHORT = 3 * DAY;

export const rivalsFor = ({ span }: Trace): readonly Baseline[] =>
  RIVALS.filter(({ family }) => family !== 'prorp' || span > SHORT);

/** The hazard reference for any worth of a cold start in idle seconds. */
export function hazardFamily(trace: Trace): (worth: number) => MakeResidence {
  const fleet = fleetHazard(trace);
  const hourly = trace.span > SHORT;
  return (worth) => hazardReference({ fleet, worth, hourly });
}
