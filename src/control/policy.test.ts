import { beforeEach, describe, expect, test } from 'vitest';
import { hours, later, timestamp } from '../domain/units.ts';
import { Learned } from '../policy/learned.ts';
import { parseRules } from '../policy/rules-file.ts';
import { decideTier, recordOf, type TierFacts } from '../policy/tier-decision.ts';
import { Controlled } from '../testing/controlled.ts';

let controlled: Controlled;

beforeEach(async () => {
  controlled = new Controlled();
  await controlled.control.createTenant({ name: 'acme' });
});

/** What a person has decided of the tenant, the latest first. */
async function byPeople() {
  const { decisions } = await controlled.control.listDecisions('acme', {
    ...{ before: null, limit: 10, replay: true },
  });
  return decisions
    .filter(({ decision }) => decision.because.startsWith('the operator'))
    .map(({ decision: { kind, from, to, because, inputs }, replay }) => ({
      ...{ kind, from, to, because, inputs, replay },
    }));
}

describe('a tier that a person chooses', () => {
  test('holds at once, as an override, and is recorded', async () => {
    const { control, world } = controlled;
    const until = later(world.clock.wall(), hours(2));
    const choice = { tier: 'HOT', until } as const;
    const { tenant } = await controlled.done(control.configureTenant('acme', { tier: choice }));
    const override = { ...choice, by: 'operator' };
    expect([tenant.tier, tenant.override]).toEqual(['HOT', override]);
    const end = new Date(until).toISOString();
    expect(await byPeople()).toEqual([
      {
        ...{
          kind: 'tier',
          from: 'COLD',
          to: 'HOT',
          because: `the operator has set HOT, until ${end}`,
        },
        ...{ inputs: { override }, replay: null },
      },
    ]);
  });

  test('is given back once', async () => {
    const { control } = controlled;
    const choice = { tier: 'WARM', until: null } as const;
    await controlled.done(control.configureTenant('acme', { tier: choice }));
    for (let again = 0; again < 2; again++) {
      const back = await controlled.done(control.configureTenant('acme', { tier: 'auto' }));
      expect(back.tenant.override).toBe(null);
    }
    expect((await byPeople()).map(({ because, to }) => [because, to])).toEqual([
      ['the operator has given the choice back to the policy', 'WARM'],
      ['the operator has set WARM', 'WARM'],
    ]);
  });

  test('cannot have ended before', async () => {
    const { control, world } = controlled;
    const choice = { tier: 'HOT', until: world.clock.wall() } as const;
    await expect(control.configureTenant('acme', { tier: choice })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    expect((await control.showTenant('acme')).tenant).toMatchObject({
      tier: 'COLD',
      override: null,
    });
  });
});

test('a plan is changed and recorded where it is another', async () => {
  const { control } = controlled;
  for (let again = 0; again < 2; again++) {
    const change = control.configureTenant('acme', { plan: 'starter' });
    expect((await controlled.done(change)).tenant.plan).toBe('starter');
  }
  expect(await byPeople()).toMatchObject([{ kind: 'policy', from: 'free', to: 'starter' }]);
});

test('a consent is kept since it was first told, recorded once, taken back, and ends with the plan', async () => {
  const { control, world } = controlled;
  const change = async (wish: Parameters<typeof control.configureTenant>[1]) =>
    (await controlled.done(control.configureTenant('acme', wish))).tenant.consent;
  const at = world.clock.wall();
  expect(await change({ consent: 'operator' })).toEqual({ at, by: 'operator' });
  await world.clock.advance(hours(1));
  expect(await change({ consent: 'customer' })).toEqual({ at, by: 'operator' });
  expect(await change({ sessionsMax: 3 })).toEqual({ at, by: 'operator' });
  expect(await change({ consent: null })).toBe(null);
  expect(await change({ consent: null })).toBe(null);
  expect(await change({ consent: 'customer' })).toMatchObject({ by: 'customer' });
  expect(await change({ plan: 'enterprise' })).toBe(null);
  const query = { before: null, limit: 20, replay: false };
  const { decisions } = await control.listDecisions('acme', query);
  const told = decisions.filter(({ decision }) => decision.because.startsWith('the customer'));
  expect(told.map(({ decision: { from, to } }) => [from, to])).toEqual([
    ['consent', null],
    [null, 'consent'],
    ['consent', null],
    [null, 'consent'],
  ]);
});

test('a tenant is explained, asleep and awake, and one that is not there refused', async () => {
  const { control } = controlled;
  const asleep = await controlled.done(control.explainTenant('acme'));
  expect(asleep).toMatchObject({ view: { tenant: { name: 'acme' } }, policy: { anomalies: [] } });
  expect(asleep.policy.residency.level).not.toBe('L1');
  await controlled.done(control.wakeTenant('acme'));
  const awake = await controlled.done(control.explainTenant('acme'));
  expect(awake.policy.residency.level).toBe('L1');
  await expect(control.explainTenant('nobody')).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' });
});

describe('the rules', () => {
  test('are in force as soon as they are set, and the status says so', async () => {
    const { control, desk } = controlled;
    expect(control.policy()).toMatchObject({ text: null, preset: 'adaptive' });
    const text = '{ "preset": "railway", "archiveAfter": "7d" }';
    expect(await control.setPolicy({ text, dryRun: true })).toMatchObject({ text: null });
    expect(await control.setPolicy({ text, dryRun: false })).toMatchObject({
      text,
      preset: 'railway',
    });
    expect(desk.rules.archiveAfter).toBe(hours(7 * 24));
    const { prewarms, decisions } = await control.metrics();
    expect([(await control.status()).policy]).toMatchObject([{ prewarms, decisions }]);
  });

  test('stay as they are where others cannot be read or kept', async () => {
    const { control, desk } = controlled;
    const { rules } = desk;
    const bad = control.setPolicy({ text: '{ "tiers": 1 }', dryRun: false });
    await expect(bad).rejects.toMatchObject({ code: 'BAD_POLICY' });
    desk.isDown = true;
    const unkept = control.setPolicy({ text: '{ "archiveAfter": null }', dryRun: false });
    await expect(unkept).rejects.toMatchObject({ code: 'CATALOG_DOWN' });
    expect([desk.rules, control.policy().text]).toEqual([rules, null]);
    desk.isDown = false;
    await control.setPolicy({ text: '{ "archiveAfter": null }', dryRun: false });
    expect(desk.rules.archiveAfter).toBe(null);
  });
});

test('a decision is taken again by the rules of now, and one that cannot be is left alone', async () => {
  const { control, world } = controlled;
  const { tenant } = await control.showTenant('acme');
  const { window } = new Learned();
  const facts: TierFacts = {
    ...{ tier: 'WARM', tierSince: tenant.tierSince, plan: 'free', override: null, window },
    ...{ idleSince: null, awake: true, consents: false, event: 'timer', tierBefore: null },
    fastTrack: { why: 'ten times the queries' },
  };
  const rules = parseRules('{ "preset": "vision" }');
  const at = timestamp(Date.UTC(2031, 0, 1));
  const decision = recordOf(decideTier(facts, rules, at));
  const wake = { ...decision, kind: 'anomaly' } as const;
  await world.policyStore.recordDecisions(
    [wake, decision].map((one) => ({ tenant: tenant.id, decision: one })),
  );
  const replays = async (preset: string) => {
    await control.setPolicy({ text: JSON.stringify({ preset }), dryRun: false });
    const query = { before: null, limit: 2, replay: true };
    const { decisions } = await control.listDecisions('acme', query);
    return decisions.map(({ replay }) => replay);
  };
  const [same, none] = await replays('vision');
  expect([same, none]).toEqual([
    { isSame: true, rulesChanged: false, says: `${decision.to}, since ${decision.because}` },
    null,
  ]);
  expect((await replays('always-on'))[0]).toMatchObject({
    ...{ isSame: false, rulesChanged: true },
  });
});

test('decisions of one millisecond are on one page', async () => {
  const { control, world } = controlled;
  const { tenant } = await control.showTenant('acme');
  const at = timestamp(Date.UTC(2031, 0, 1));
  const decision = {
    at,
    kind: 'anomaly',
    from: null,
    to: null,
    because: 'so',
    inputs: {},
  } as const;
  const all = Array.from({ length: 3 }, () => ({ tenant: tenant.id, decision }));
  await world.policyStore.recordDecisions(all);
  const query = { before: null, limit: 1, replay: false };
  expect((await control.listDecisions('acme', query)).decisions).toHaveLength(3);
});
