/** The policy as a person reads it. */
import type { FleetPolicy, Policy, Prewarms, TenantPolicy } from '../../contract/policy/policy.ts';
import { factsText } from './layout.ts';
import type { Style } from './style.ts';
import { agoWords, countWords, inWords, percentWords, spanWords } from './words.ts';

type Fact = readonly [string, string];

/** What the policy says of a tenant: its tier, where it is kept, what comes next, and why. */
export function explainedFacts(policy: TenantPolicy, now: number, style: Style): readonly Fact[] {
  const { nextDecisionAt, nextWindow, anomalies, advice, prewarms } = policy;
  return [
    ['tier', tierText(policy)],
    ...overrideFacts(policy, now),
    ...nextTierFacts(policy),
    ['kept', keptText(policy, now)],
    ['because', policy.residency.because],
    ['next hour', chanceText(policy)],
    ...(nextWindow === null ? [] : [['next use', windowText(nextWindow, now)] as const]),
    ['looked at', nextDecisionAt === null ? 'when somebody comes' : inWords(nextDecisionAt, now)],
    ['use', useText(policy)],
    ['data', dataText(policy)],
    ...(prewarms.hits + prewarms.misses === 0
      ? []
      : [['woken ahead', prewarmsText(prewarms)] as const]),
    ...anomalies.map(
      ({ at, severity, text }) =>
        ['unusual', `${severityText(severity, style)}: ${text}, ${agoWords(at, now)}`] as const,
    ),
    ...advice.flatMap((one) => adviceFacts(policy.name, one)),
  ];
}

/** With the command that takes it. */
function adviceFacts(name: string, { text, change }: TenantPolicy['advice'][number]): Fact[] {
  const said: Fact = ['advice', text];
  return change === null ? [said] : [said, ['take it', taking(name, change)]];
}

function taking(name: string, change: NonNullable<TenantPolicy['advice'][number]['change']>) {
  if ('plan' in change) return `dynabase set-plan ${name} ${change.plan}`;
  if ('tier' in change) return `dynabase set-tier ${name} ${change.tier}`;
  return `dynabase tenants consent ${name}`;
}

/** The policy in force, in a line: `preset adaptive; 12 of 15 wakes ahead were of use`. */
export function inForceText({ source, prewarms }: FleetPolicy): string {
  const all = prewarms.hits + prewarms.misses;
  return all === 0 ? source : `${source}; woken ahead: ${prewarmsText(prewarms)}`;
}

/** `4 of 5 ready, by what is expected; 3 wanted in the last hour`. */
export function husksText({ husks }: FleetPolicy): string {
  const { ready, kept, wantedLastHour, isFixed } = husks;
  if (isFixed) return `${ready} of ${kept} ready, as --husks says`;
  const wanted = wantedLastHour === null ? '' : `; ${wantedLastHour} wanted in the last hour`;
  return `${ready} of ${kept} ready, by what is expected${wanted}`;
}

export function policyText(policy: Policy, style: Style): string {
  const { source, preset, file, residency, valueOfSecond, costShare, prewarms } = policy;
  const facts = factsText(
    [
      ['policy', style.bold(source)],
      ...(file === null ? [] : [['begins with', `preset ${preset}`] as const]),
      ['residency', RESIDENCY_WORDS[residency]],
      ...(valueOfSecond === null
        ? []
        : [['a second waited', `is worth ${valueOfSecond.toPrecision(3)}`] as const]),
      ...(costShare === null
        ? []
        : [['cost', `${percentWords(costShare)} of always being awake`] as const]),
      ['woken ahead', prewarmsText(prewarms)],
      ['husks', husksText(policy)],
    ],
    style,
  );
  return file === null ? facts : `${facts}\n\n${file.trimEnd()}`;
}

const RESIDENCY_WORDS: Readonly<Record<Policy['residency'], string>> = {
  fixed: 'fixed: the rules say how long an idle tenant is kept awake',
  adaptive: "adaptive: a tenant's own habit says how long it is kept awake",
};

const tierText = ({ tier: { tier, because } }: TenantPolicy): string => `${tier}: ${because}`;

function overrideFacts({ tier: { since, override } }: TenantPolicy, now: number): readonly Fact[] {
  const held: Fact = ['tier since', agoWords(since, now)];
  if (override === null) return [held];
  const { by, until } = override;
  const end = until === null ? 'until it is taken back' : `ends ${inWords(until, now)}`;
  return [held, ['chosen', `by the ${by}, ${end}`]];
}

function nextTierFacts({ tier: { next } }: TenantPolicy): readonly Fact[] {
  return next === null
    ? []
    : [['tier soon', `${next.tier}, with ${percentWords(next.probability, 0)}`]];
}

/** `awake, until in 12 min; awake again in 14 h`. */
function keptText({ residency: { level, until, awakeAt } }: TenantPolicy, now: number): string {
  const place = level === 'L1' ? 'awake' : `asleep at ${level}`;
  const end = until === null ? [] : [`for ${spanWords(Math.max(0, Date.parse(until) - now))} more`];
  const again = awakeAt === null ? [] : [`awake ahead of somebody ${inWords(awakeAt, now)}`];
  return [place, ...end, ...again].join(', ');
}

const chanceText = ({ residency: { chanceInHour } }: TenantPolicy): string =>
  `somebody comes with ${percentWords(chanceInHour, 0)}`;

/** `in 14 h for 8 h, with 83 %`. */
function windowText(
  { from, to, chance }: NonNullable<TenantPolicy['nextWindow']>,
  now: number,
): string {
  const length = spanWords(Date.parse(to) - Date.parse(from));
  return `${inWords(from, now)}, for ${length}, with ${percentWords(chance, 0)}`;
}

function useText({ metrics }: TenantPolicy): string {
  const { queryCount, peakHours, activeHoursPerDay, consistencyScore, queryComplexity } = metrics;
  if (queryCount === 0 && peakHours.length === 0) return 'none of late';
  const peaks = peakHours.length === 0 ? [] : [`most at ${peakHours.join(', ')} h UTC`];
  return [
    `${countWords(queryCount)} ${queryComplexity} queries in 24 h`,
    ...peaks,
    `${activeHoursPerDay.toFixed(1)} h a day, ${percentWords(consistencyScore, 0)} regular`,
  ].join('; ');
}

function dataText({ metrics: { datasetSizeGb, cacheHitRatio, growth } }: TenantPolicy): string {
  const size = datasetSizeGb === null ? 'not measured yet' : `${datasetSizeGb.toPrecision(3)} GB`;
  const hits = cacheHitRatio === null ? [] : [`${percentWords(cacheHitRatio)} read from memory`];
  return [`${size}, ${growth}`, ...hits].join('; ');
}

/** `12 of 15 of use, 40 min for nobody`. */
function prewarmsText({ hits, misses, wastedMs }: Prewarms): string {
  const all = hits + misses;
  if (all === 0) return 'nobody yet';
  const waste = misses === 0 ? '' : `, ${spanWords(wastedMs)} for nobody`;
  return `${countWords(hits)} of ${countWords(all)} were of use${waste}`;
}

function severityText(
  severity: TenantPolicy['anomalies'][number]['severity'],
  style: Style,
): string {
  switch (severity) {
    case 'info':
      return style.dim(severity);
    case 'warning':
      return style.yellow(severity);
    case 'critical':
      return style.red(severity);
    default:
      return severity satisfies never;
  }
}
