import { afterEach, beforeEach, expect, test } from 'vitest';
import { StoredSettings } from '../control/settings.ts';
import { BILLING_DEFAULT } from '../domain/billing.ts';
import { SETTINGS_DEFAULT, type SettingsChange } from '../domain/settings.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';
import { InjectedApi } from '../testing/injected-api.ts';

const unbilled = async () => BILLING_DEFAULT;

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
});

afterEach(() => api.close());

test('a change leaves the rest, and is shown from then on', async () => {
  const payload = { claimable: { enabled: true, perAddress: { burst: 7 } } };
  const answer = await api.ask('PATCH', '/v1/settings', { payload });
  const { claimable } = SETTINGS_DEFAULT;
  const perAddress = { ...claimable.perAddress, burst: 7 };
  const expected = {
    ...SETTINGS_DEFAULT,
    claimable: { ...claimable, enabled: true, perAddress },
  };
  expect([answer.status, answer.body]).toEqual([200, expected]);
  expect((await api.ask('GET', '/v1/settings')).body).toEqual(expected);
});

test('what is not known or out of bounds is refused', async () => {
  const change = async (payload: object) =>
    (await api.ask('PATCH', '/v1/settings', { payload })).body.code;
  expect(await change({})).toBe('BAD_REQUEST');
  expect(await change({ claimable: { enabled: 'yes' } })).toBe('BAD_REQUEST');
  expect(await change({ rates: { perCaller: { perMinute: 0 } } })).toBe('BAD_REQUEST');
  expect(await change({ rates: { perPlanet: {} } })).toBe('BAD_REQUEST');
  expect((await api.ask('GET', '/v1/settings')).body).toEqual(SETTINGS_DEFAULT);
});

test('settings outlive the server, also those that another version has written', async () => {
  const store = new MemoryPolicyStore();
  const first = await StoredSettings.open(store, unbilled);
  await Promise.all([
    first.change({ defaultPlan: 'starter' }),
    first.change({ selfServicePlans: ['free'] }),
  ]);
  const second = await StoredSettings.open(store, unbilled);
  expect(second.current()).toEqual({
    ...SETTINGS_DEFAULT,
    ...{ defaultPlan: 'starter', selfServicePlans: ['free'] },
  });
  const other = {
    defaultPlan: 'gold',
    webhooks: 7,
    later: true,
    selfServicePlans: ['gold', 'free'],
  };
  await store.saveFleet('settings', new TextEncoder().encode(JSON.stringify(other)));
  expect((await StoredSettings.open(store, unbilled)).current()).toEqual({
    ...SETTINGS_DEFAULT,
    selfServicePlans: ['free'],
  });
});

test('a change that cannot be kept is not made', async () => {
  const store = new MemoryPolicyStore();
  const settings = await StoredSettings.open(store, unbilled);
  store.failNext(new Error('away'));
  await expect(settings.change({ defaultPlan: 'starter' })).rejects.toThrow('away');
  expect(settings.current()).toEqual(SETTINGS_DEFAULT);
  expect((await settings.change({ defaultPlan: 'enterprise' })).defaultPlan).toBe('enterprise');
});

test('anybody sees the name and the looks, and nothing else of the settings', async () => {
  const branding = { name: 'Acme Cloud', accent: '#0a7d5c', transparency: true };
  const payload = { branding, signUp: { enabled: true }, selfServicePlans: ['free', 'starter'] };
  expect((await api.ask('PATCH', '/v1/settings', { payload })).status).toBe(200);
  const { body } = await api.ask('GET', '/v1/branding', { headers: { authorization: '' } });
  expect(body).toEqual({
    ...{ ...branding, logo: '', supportUrl: '' },
    ...{ signUp: true, plans: ['free', 'starter'] },
  });
});

test('what a page would run, or load from elsewhere, is no logo and no address', async () => {
  const change = async (branding: object) =>
    (await api.ask('PATCH', '/v1/settings', { payload: { branding } })).status;
  expect(await change({ logo: 'https://elsewhere.example/logo.png' })).toBe(400);
  expect(await change({ logo: 'data:text/html;base64,PGI+' })).toBe(400);
  expect(await change({ supportUrl: 'javascript:alert(1)' })).toBe(400);
  expect(await change({ accent: 'red;' })).toBe(400);
  expect(await change({ logo: 'data:image/png;base64,iVBORw0KGgo=' })).toBe(200);
});

test('while customers are billed hours are kept for thirteen months', async () => {
  const short = { retention: { hoursMs: 100 * 86_400_000 } } as SettingsChange;
  let billing = BILLING_DEFAULT;
  const settings = await StoredSettings.open(new MemoryPolicyStore(), async () => billing);
  billing = { ...BILLING_DEFAULT, closesFrom: '2030-01' };
  await expect(settings.change(short)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  expect(settings.current().retention).toEqual(SETTINGS_DEFAULT.retention);
  expect((await settings.change({ defaultPlan: 'starter' })).defaultPlan).toBe('starter');
  billing = BILLING_DEFAULT;
  expect((await settings.change(short)).retention.hoursMs).toBe(short.retention?.hoursMs);
});
