import { describe, expect, test } from 'vitest';
import type { Tier } from '../domain/tier.ts';
import { hours, later, minutes, ms, seconds, type Timestamp, timestamp } from '../domain/units.ts';
import { PRESETS } from './rules.ts';
import {
  decideTier,
  paceOf,
  planEvent,
  residencyBounds,
  type TierDecision,
  type TierFacts,
} from './tier-decision.ts';
import { UsageWindow } from './usage-window.ts';

const rules = PRESETS.vision;
const DAY = hours(24);
const NOW = timestamp(20_000 * DAY + hours(12));

const ago = (length: number): Timestamp => timestamp(NOW - length);

type Given = Partial<Omit<TierFacts, 'window'>> & { readonly use?: readonly Work[] };

/** Work that ended so long before now, for so long, with so many queries a minute. */
type Work = { readonly ended: number; readonly lasted: number; readonly perMinute: number };

function windowOf(use: readonly Work[], pace = paceOf(rules)): UsageWindow {
  const window = new UsageWindow(pace);
  for (const { ended, lasted, perMinute } of use) {
    for (let age = ended + lasted - minutes(1); age >= ended; age -= minutes(1)) {
      window.add({ minute: ago(age), queries: perMinute, people: perMinute });
    }
  }
  return window;
}

function decide({ use = [], ...given }: Given, by = rules): TierDecision {
  const facts: TierFacts = {
    tier: 'WARM',
    tierSince: ago(hours(5)),
    plan: 'starter',
    override: null,
    window: windowOf(use, paceOf(by)),
    idleSince: null,
    awake: true,
    consents: false,
    tierBefore: null,
    fastTrack: null,
    event: 'timer',
    ...given,
  };
  return decideTier(facts, by, NOW);
}

const free = { plan: 'free' } as const;
const asleep = { awake: false } as const;
const work = (lasted: number, perMinute: number): readonly Work[] => [
  { ended: minutes(1), lasted, perMinute },
];

/** A quarter of an hour at 9, 11 and 15 o'clock on each of the last days, so many queries in each. */
const daily = (days: number, queries: number): readonly Work[] =>
  Array.from({ length: days }, (_, i) => days - i).flatMap((day) =>
    [9, 11, 15].map((hour) => ({
      ended: day * DAY + hours(12 - hour),
      lasted: minutes(15),
      perMinute: queries / 15,
    })),
  );

describe('use moves a tenant', () => {
  test.each<[string, Given, Tier]>([
    ['COLD to WARM at any query', { tier: 'COLD', ...free, ...asleep, event: 'query' }, 'WARM'],
    ['COLD to WARM when expected', { tier: 'COLD', ...free, ...asleep, event: 'prewarm' }, 'WARM'],
    [
      'nowhere while nobody comes',
      { tier: 'COLD', ...free, ...asleep, idleSince: ago(DAY) },
      'COLD',
    ],
    ['WARM to HOT after 4 h of steady work', { use: work(hours(4), 2) }, 'HOT'],
    ['not in 3 of the 4 hours', { use: work(hours(3), 3) }, 'WARM'],
    ['not at one query a minute', { use: work(hours(4), 1) }, 'WARM'],
    ['not by one burst', { use: work(minutes(10), 500) }, 'WARM'],
    [
      'not by 4 minutes an hour apart',
      {
        use: [3, 2, 1, 0].map((hour) => ({
          ended: hours(hour) + minutes(1),
          lasted: minutes(1),
          perMinute: 100,
        })),
      },
      'WARM',
    ],
    [
      'not by work that is over',
      { use: [{ ended: minutes(20), lasted: hours(4), perMinute: 2 }] },
      'WARM',
    ],
    ['not above its plan', { ...free, use: work(hours(4), 2) }, 'WARM'],
    [
      'not within its first minutes',
      { tierSince: ago(minutes(5)), use: work(hours(4), 2) },
      'WARM',
    ],
    [
      'WARM to COLD, asleep and idle for 15 min',
      { ...free, ...asleep, idleSince: ago(minutes(15)) },
      'COLD',
    ],
    ['not idle for 14', { ...free, ...asleep, idleSince: ago(minutes(14)) }, 'WARM'],
    ['not while it is awake', { ...free, idleSince: ago(minutes(15)) }, 'WARM'],
    ['not below its plan', { ...asleep, idleSince: ago(DAY) }, 'WARM'],
    [
      'HOT to WARM after 24 h idle',
      { tier: 'HOT', tierSince: ago(2 * DAY), idleSince: ago(DAY) },
      'WARM',
    ],
    ['not after 23', { tier: 'HOT', tierSince: ago(2 * DAY), idleSince: ago(hours(23)) }, 'HOT'],
    ['not just promoted', { tier: 'HOT', tierSince: ago(hours(1)), idleSince: ago(DAY) }, 'HOT'],
    [
      'HOT to PERSISTENT after 7 busy days',
      { tier: 'HOT', tierSince: ago(9 * DAY), plan: 'professional', use: daily(7, 200) },
      'PERSISTENT',
    ],
    [
      'not after 6',
      { tier: 'HOT', tierSince: ago(9 * DAY), plan: 'professional', use: daily(6, 200) },
      'HOT',
    ],
    [
      'not with 500 queries a day or less',
      { tier: 'HOT', tierSince: ago(9 * DAY), plan: 'professional', use: daily(7, 165) },
      'HOT',
    ],
    [
      'not by a plan that goes no further than HOT',
      { tier: 'HOT', tierSince: ago(9 * DAY), use: daily(7, 200) },
      'HOT',
    ],
    [
      'PERSISTENT to HOT after 14 quiet days',
      { tier: 'PERSISTENT', tierSince: ago(20 * DAY), plan: 'professional', use: daily(15, 15) },
      'HOT',
    ],
    [
      'not while one of 14 days was busy',
      {
        ...{ tier: 'PERSISTENT', tierSince: ago(20 * DAY), plan: 'professional' },
        use: [...daily(15, 15), { ended: 13 * DAY, lasted: hours(1), perMinute: 10 }],
      },
      'PERSISTENT',
    ],
    [
      'not when its use of late is not known',
      { tier: 'PERSISTENT', tierSince: ago(20 * DAY), plan: 'professional', use: daily(5, 15) },
      'PERSISTENT',
    ],
    [
      'not what its customer pays for',
      { tier: 'PERSISTENT', tierSince: ago(20 * DAY), plan: 'enterprise', use: daily(15, 15) },
      'PERSISTENT',
    ],
    [
      'but with consent',
      {
        ...{ tier: 'PERSISTENT', tierSince: ago(20 * DAY), plan: 'enterprise' },
        ...{ use: daily(15, 15), consents: true },
      },
      'HOT',
    ],
  ])('%s', (name, given, expected) => {
    const { tier, because } = decide(given);
    expect([name, tier]).toEqual([name, expected]);
    expect(because.length).toBeLessThan(200);
  });

  test.each<[string, Given, typeof rules, Tier, Tier | null]>([
    ['raised by a floor', { tier: 'WARM' }, PRESETS['always-on'], 'PERSISTENT', 'WARM'],
    [
      'kept there',
      { tier: 'PERSISTENT', tierBefore: 'WARM' },
      PRESETS['always-on'],
      'PERSISTENT',
      'WARM',
    ],
    ['back without it', { tier: 'PERSISTENT', tierBefore: 'WARM' }, rules, 'WARM', null],
    [
      'back by rules that move nobody',
      { tier: 'PERSISTENT', tierBefore: 'HOT' },
      PRESETS.machine,
      'HOT',
      null,
    ],
    [
      'back to what the plan has at least',
      { tier: 'PERSISTENT', tierBefore: 'COLD' },
      rules,
      'WARM',
      'COLD',
    ],
    [
      'its own where nothing raised it',
      { tier: 'PERSISTENT' },
      PRESETS.machine,
      'PERSISTENT',
      null,
    ],
    [
      'its own where a person set it',
      { tier: 'HOT', tierBefore: 'WARM', override: { tier: 'HOT', until: null, by: 'operator' } },
      rules,
      'HOT',
      null,
    ],
    [
      'lowered by a ceiling, not to come back',
      { tier: 'PERSISTENT', tierSince: ago(DAY) },
      rules,
      'HOT',
      null,
    ],
  ])('%s', (name, given, by, tier, tierBefore) => {
    const decision = decide(given, by);
    expect([name, decision.tier, decision.tierBefore]).toEqual([name, tier, tierBefore]);
  });

  test('says who asked, cut to what can be kept', () => {
    const asked = { tier: 'COLD', ...free, ...asleep, event: 'query' } as const;
    expect(decide({ ...asked, asker: 'an operator asked' }).because).toBe(
      'woken: an operator asked',
    );
    const { inputs } = decide({ ...asked, asker: `${'x'.repeat(59)}\u{1F600}` });
    expect(inputs.asker).toBe(`${'x'.repeat(59)}\uFFFD`);
    expect(decide({ ...asked, event: 'prewarm', asker: 'nobody' }).inputs.asker).toBe(null);
  });

  test('and is kept with a mark of the rules that decide on tiers, and no others', () => {
    const { mark } = decide({});
    expect(mark).toMatch(/^[0-9a-f]{16}$/);
    expect(decide({}, { ...rules, prewarmMb: 1, visitors: [] }).mark).toBe(mark);
    expect(decide({}, PRESETS['always-on']).mark).not.toBe(mark);
  });

  test('nowhere by rules under which a person sets the tier', () => {
    const { tier, because, askAt } = decide({ use: work(hours(4), 2) }, PRESETS.machine);
    expect({ tier, because, askAt }).toEqual({
      tier: 'WARM',
      because: 'a person sets its tier',
      askAt: null,
    });
  });
});

describe('what is set and promised', () => {
  const override = { tier: 'PERSISTENT', until: ago(-hours(2)), by: 'operator' } as const;

  test('what an operator has set holds until its end, whatever the plan and the use', () => {
    const { tier, because, askAt } = decide({ ...free, override });
    expect({ tier, because, askAt }).toEqual({
      tier: 'PERSISTENT',
      because: `the operator has set PERSISTENT, until 2024-10-04 14:00 UTC`,
      askAt: ago(-hours(2)),
    });
  });

  test('then it goes on from there by the rules, within its plan', () => {
    const over = { ...override, until: NOW };
    expect(decide({ ...free, tier: 'PERSISTENT', override: over })).toMatchObject({
      tier: 'WARM',
      because: 'plan free has WARM at most',
    });
    expect(decide({ plan: 'professional', tier: 'PERSISTENT', override: over }).tier).toBe(
      'PERSISTENT',
    );
  });

  test('a customer chooses no more than the plan goes to, and less if he likes', () => {
    const chosen = (tier: Tier): TierDecision =>
      decide({ tier: 'HOT', override: { tier, until: null, by: 'customer' } });
    expect(chosen('PERSISTENT')).toMatchObject({
      tier: 'HOT',
      because: 'the customer has set PERSISTENT; its plan goes no further than HOT',
    });
    expect(chosen('COLD')).toMatchObject({ tier: 'COLD', askAt: null });
  });

  test('a higher plan brings HOT at once, within its bounds', () => {
    expect(planEvent('free', 'starter')).toBe('upgrade');
    expect(planEvent('professional', 'starter')).toBe('plan');
    const upgrade = { tier: 'COLD', tierSince: NOW, event: 'upgrade', ...asleep } as const;
    const long = { idleSince: ago(9 * DAY) };
    const first = decide({ ...upgrade, ...long, plan: 'professional' });
    expect(first.tier).toBe('HOT');
    expect(decide({ ...upgrade, ...long, tier: 'WARM', plan: 'starter' })).toMatchObject({
      tier: 'HOT',
      because: 'its plan is now starter, which begins with HOT at once',
      askAt: later(NOW, DAY),
    });
    expect(decide({ ...upgrade, ...long, plan: 'free' }).tier).toBe('WARM');
    expect(decide({ ...upgrade, ...long, plan: 'enterprise' }).tier).toBe('PERSISTENT');
  });

  test('an anomaly brings HOT at once, and keeps it while it lasts', () => {
    const fastTrack = { why: 'ten times as many queries as ever' };
    expect(decide({ fastTrack, tierSince: NOW })).toMatchObject({
      tier: 'HOT',
      because: 'straight to HOT: ten times as many queries as ever',
    });
    const idle = { tier: 'HOT', tierSince: ago(9 * DAY), idleSince: ago(2 * DAY) } as const;
    expect(decide({ ...idle, fastTrack })).toMatchObject({ tier: 'HOT', askAt: null });
    expect(decide(idle).tier).toBe('WARM');
    expect(decide({ ...free, fastTrack, ...asleep, idleSince: ago(DAY) }).tier).toBe('WARM');
  });
});

describe('asks again', () => {
  test.each<[string, Given, number | null]>([
    [
      'when it has been idle long enough',
      { ...free, ...asleep, idleSince: ago(minutes(5)) },
      minutes(10),
    ],
    [
      'never, while it is awake: its sleep will be told',
      { ...free, idleSince: ago(minutes(5)) },
      null,
    ],
    ['never, where the plan keeps it', { ...asleep, idleSince: ago(minutes(5)) }, null],
    [
      'when the least time in the tier is over',
      { tierSince: ago(minutes(5)), use: work(hours(4), 2) },
      minutes(10),
    ],
    [
      'when the seventh busy day is over',
      {
        ...{ tier: 'HOT', tierSince: ago(9 * DAY), plan: 'professional' },
        use: [...daily(6, 200), { ended: minutes(30), lasted: hours(3), perMinute: 10 }],
      },
      hours(12),
    ],
    [
      'when the fourteenth quiet day is over',
      {
        ...{ tier: 'PERSISTENT', tierSince: ago(20 * DAY), plan: 'professional' },
        use: [{ ended: 3 * DAY, lasted: hours(2), perMinute: 10 }],
      },
      hours(12) + 11 * DAY,
    ],
  ])('%s', (_name, given, wait) => {
    const { askAt } = decide(given);
    expect(askAt === null ? null : askAt - NOW).toBe(wait);
  });
});

test('tiers bound residency: how near it is kept, and how long it is awake at least', () => {
  const bounds = (tier: Tier, by: keyof typeof PRESETS) => {
    const { levels, awakeAtLeast } = residencyBounds(tier, PRESETS[by]);
    return [levels.at(-1), awakeAtLeast];
  };
  expect(bounds('COLD', 'vision')).toEqual(['L4', minutes(15)]);
  expect(bounds('WARM', 'vision')).toEqual(['L3', minutes(15)]);
  expect(bounds('HOT', 'vision')).toEqual(['L2', ms(hours(24) + minutes(25))]);
  expect(bounds('PERSISTENT', 'vision')).toEqual(['L1', null]);
  expect(bounds('WARM', 'adaptive')).toEqual(['L3', minutes(1)]);
  expect(bounds('HOT', 'adaptive')).toEqual(['L2', minutes(15)]);
  expect(bounds('PERSISTENT', 'adaptive')).toEqual(['L1', null]);
  expect(bounds('WARM', 'machine')).toEqual(['L4', minutes(15)]);
  expect(bounds('COLD', 'demo')).toEqual(['L4', seconds(15)]);
});

test('in the demo one busy minute earns HOT, and seven of them PERSISTENT', () => {
  const by = PRESETS.demo;
  const minute = { ended: minutes(1), lasted: minutes(1), perMinute: 30 };
  expect(decide({ tierSince: ago(seconds(20)), use: [minute] }, by).tier).toBe('HOT');
  const hot = { tier: 'HOT', tierSince: ago(minutes(3)), plan: 'professional' } as const;
  const seven = { ended: minutes(1), lasted: minutes(7), perMinute: 60 };
  expect(decide({ ...hot, use: [seven] }, by).tier).toBe('PERSISTENT');
  expect(decide({ ...hot, plan: 'starter', idleSince: ago(minutes(2)) }, by).tier).toBe('WARM');
});
