import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PLANS, TIERS, type Tier, type TierOverride } from '../domain/tier.ts';
import { hours, later, minutes, type Timestamp, timestamp } from '../domain/units.ts';
import { type PlanTerms, rankOf } from './plan-terms.ts';
import { PRESETS } from './rules.ts';
import { decideTier, paceOf, recordOf, replayTier, type TierFacts } from './tier-decision.ts';
import { boundsOf } from './tier-judge.ts';
import { UsageWindow } from './usage-window.ts';

const rules = PRESETS.vision;
const STEP = minutes(5);
const START = timestamp(20_000 * hours(24));
const STEPS_OF_DAY = hours(24) / STEP;

/** So many steps in which it is asked `queries` a step, or in which nobody comes. */
const piece = fc.record({
  steps: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 20, max: 900 })),
  queries: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
});

/** A person who sets a tier at a step, for some steps. */
const setting = fc.record({
  at: fc.nat({ max: 4_000 }),
  steps: fc.integer({ min: 1, max: 500 }),
  tier: fc.constantFrom(...TIERS),
  by: fc.constantFrom('operator' as const, 'customer' as const),
});

const history = fc.record({
  plan: fc.constantFrom(...PLANS),
  tier: fc.constantFrom(...TIERS),
  consents: fc.boolean(),
  /** After so many idle steps it goes to sleep. */
  patience: fc.integer({ min: 0, max: 30 }),
  pieces: fc.array(piece, { minLength: 3, maxLength: 20 }),
  settings: fc.array(setting, { maxLength: 2 }),
});

type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** The facts at each step of a history, decided and acted upon. */
function* lived({ pieces, settings, patience, ...given }: History) {
  const window = new UsageWindow(paceOf(rules));
  let facts: TierFacts = {
    ...{ ...given, tierSince: START, override: null, window },
    ...{ idleSince: START, awake: false, fastTrack: null, event: 'timer', tierBefore: null },
  };
  let step = 0;
  let idle = 0;
  for (const { steps, queries } of pieces) {
    for (let i = 0; i < steps && step < 20 * STEPS_OF_DAY; i++, step++) {
      const now = later(START, minutes(step * 5));
      const isUsed = queries > 0;
      idle = isUsed ? 0 : idle + 1;
      if (isUsed) window.add({ minute: now, queries, people: queries });
      const event = isUsed && !facts.awake ? 'query' : 'timer';
      const awake = isUsed || (facts.awake && idle <= patience);
      const idleSince = isUsed ? null : (facts.idleSince ?? now);
      facts = { ...facts, event, awake, idleSince, override: setAt(settings, step) };
      const decision = decideTier(facts, rules, now);
      yield { facts, now, decision };
      const tierSince = decision.tier === facts.tier ? facts.tierSince : now;
      const { tier, tierBefore } = decision;
      facts = { ...facts, tier, tierBefore, tierSince };
    }
  }
}

function setAt(settings: History['settings'], step: number): TierOverride | null {
  const found = settings.find(({ at, steps }) => step >= at && step < at + steps);
  if (found === undefined) return null;
  const { tier, by, at, steps } = found;
  return { tier, by, until: later(START, minutes((at + steps) * 5)) };
}

const isWithin = (terms: PlanTerms, tier: Tier, consents: boolean): boolean => {
  const { floor, ceiling } = boundsOf(terms, consents);
  const rank = rankOf(tier);
  return rank >= rankOf(floor) && rank <= rankOf(ceiling);
};

test('bounds, what is set, and the least time in a tier hold in every history', () => {
  fc.assert(
    fc.property(history, (given) => {
      const terms = rules.plans[given.plan];
      for (const { facts, now, decision } of lived(given)) {
        const { override, tier, tierSince } = facts;
        if (override !== null) {
          const most = override.by === 'customer' ? terms.ceiling : 'PERSISTENT';
          expect(rankOf(decision.tier)).toBe(Math.min(rankOf(override.tier), rankOf(most)));
          continue;
        }
        expect(isWithin(terms, decision.tier, given.consents)).toBe(true);
        if (decision.tier === tier || !isWithin(terms, tier, given.consents)) continue;
        expect(now - tierSince).toBeGreaterThanOrEqual(rules.tierRules.timeInTierMin[tier]);
        expect(Math.abs(rankOf(decision.tier) - rankOf(tier))).toBe(1);
      }
    }),
    { numRuns: 30 },
  );
});

test('until askAt the answer stays, and at askAt it is another one', () => {
  fc.assert(
    fc.property(history, fc.double({ min: 0, max: 0.999, noNaN: true }), (given, part) => {
      let step = 0;
      for (const { facts, now, decision } of lived(given)) {
        if (step++ % 7 !== 0) continue;
        const { tier, tierBefore, askAt } = decision;
        const tierSince = tier === facts.tier ? facts.tierSince : now;
        const next: TierFacts = { ...facts, tier, tierBefore, tierSince, event: 'timer' };
        const tierAt = (at: Timestamp) => decideTier(next, rules, at).tier;
        const end = askAt ?? later(now, hours(24 * 40));
        expect(end).toBeGreaterThan(now);
        expect(tierAt(timestamp(Math.floor(now + part * (end - now))))).toBe(tier);
        expect(tierAt(timestamp(end - 1))).toBe(tier);
        if (askAt !== null) expect(tierAt(askAt)).not.toBe(tier);
      }
    }),
    { numRuns: 30 },
  );
});

test('use makes at most 192 moves in any day, and 2 between tiers above WARM', () => {
  fc.assert(
    fc.property(history, (given) => {
      const moves: { readonly at: number; readonly isHigh: boolean }[] = [];
      for (const { facts, now, decision } of lived({ ...given, settings: [] })) {
        if (decision.tier === facts.tier) continue;
        const isHigh = rankOf(decision.tier) + rankOf(facts.tier) > rankOf('HOT');
        const before = moves.filter(({ at }) => now - at < hours(24));
        moves.push({ at: now, isHigh });
        expect(before.length + 1).toBeLessThanOrEqual(192);
        if (isHigh) expect(before.filter((move) => move.isHigh).length + 1).toBeLessThanOrEqual(2);
      }
    }),
    { numRuns: 20 },
  );
});

test('every decision is replayed from its record, which is at most 1 kB', () => {
  const why = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(history, fc.option(why), (given, said) => {
      const fastTrack = said === null ? null : { why: said };
      let step = 0;
      for (const { facts, now } of lived(given)) {
        if (step++ % 31 !== 0) continue;
        const record = recordOf(decideTier({ ...facts, fastTrack, asker: said }, rules, now));
        const kept = JSON.parse(JSON.stringify(record));
        expect(new TextEncoder().encode(JSON.stringify(kept.inputs)).length).toBeLessThan(1_025);
        expect(replayTier(kept, rules)).toEqual({
          ...{ isSame: true, rulesChanged: false },
          tier: record.to,
          because: record.because,
        });
      }
    }),
    { numRuns: 30 },
  );
});

test('a record is replayed by other rules, and what is no decision on a tier is not', () => {
  const facts: TierFacts = {
    ...{ tier: 'COLD', tierSince: START, plan: 'free', override: null, idleSince: START },
    ...{ awake: false, consents: false, fastTrack: null, event: 'query' },
    tierBefore: null,
    window: new UsageWindow(),
  };
  const record = recordOf(decideTier(facts, rules, later(START, hours(1))));
  expect(record).toMatchObject({ kind: 'tier', from: 'COLD', to: 'WARM' });
  expect(replayTier(record, PRESETS['always-on'])).toEqual({
    ...{ isSame: false, rulesChanged: true },
    tier: 'PERSISTENT',
    because: 'plan free has PERSISTENT at least',
  });
  expect(replayTier({ ...record, kind: 'prewarm' }, rules)).toBe(null);
  for (const field of Object.keys(record.inputs)) {
    expect(replayTier({ ...record, inputs: { ...record.inputs, [field]: 'x' } }, rules)).toSatisfy(
      (replay) => replay === null || ['fastTrack', 'asker', 'rules'].includes(field),
    );
  }
});
