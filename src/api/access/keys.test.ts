import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { later, ms, seconds } from '../../domain/units.ts';
import { TwoCustomers } from '../../testing/two-customers.ts';

let world: TwoCustomers;

beforeEach(async () => {
  world = await TwoCustomers.open();
});

afterEach(() => world.close());

const as = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });
const who = async (secret: string) => (await world.api.ask('GET', '/v1/whoami', as(secret))).body;
const make = (payload: object, secret?: string) =>
  world.api.ask('POST', '/v1/keys', { payload, ...(secret === undefined ? {} : as(secret)) });

const ofOurs = () => ({ kind: 'customer', customer: world.ours.customer });

describe('keys', () => {
  test('a secret is shown once, and is of the form that says what it is', async () => {
    const { body } = await make({ name: 'deploy', scope: ofOurs(), role: 'operator' });
    expect(body.secret).toMatch(/^dyb_[0-9a-z]{12}_[\w-]{43}$/);
    expect(`key_${body.secret.slice(4, 16)}`).toBe(body.id);
    const shown = (await world.api.ask('GET', `/v1/keys/${body.id}`)).body;
    expect(shown).toEqual({ ...body, secret: undefined });
    expect(await who(body.secret)).toMatchObject({
      id: body.id,
      role: 'operator',
      scope: ofOurs(),
    });
  });

  test('nobody makes a key that reaches further or may more', async () => {
    const admin = await world.key(ofOurs(), 'admin');
    const tenantAdmin = await world.key({ kind: 'tenant', tenant: world.ours.tenant }, 'admin');
    const code = async (scope: object, secret: string) =>
      (await make({ name: 'k', scope, role: 'viewer' }, secret)).body.code;
    expect(await code({ kind: 'operator' }, admin)).toBe('FORBIDDEN');
    expect(await code({ kind: 'customer', customer: world.theirs.customer }, admin)).toBe(
      'CUSTOMER_UNKNOWN',
    );
    expect(await code({ kind: 'tenant', tenant: world.theirs.tenant }, admin)).toBe(
      'TENANT_UNKNOWN',
    );
    expect(await code(ofOurs(), tenantAdmin)).toBe('CUSTOMER_UNKNOWN');
    const operator = await world.key(ofOurs(), 'operator');
    expect(await code(ofOurs(), operator)).toBe('FORBIDDEN');
    const readOnly = await world.key(ofOurs(), 'admin', { readOnly: true });
    expect(await code(ofOurs(), readOnly)).toBe('FORBIDDEN');
    const { body } = await make({ name: 'like me' }, tenantAdmin);
    expect(body).toMatchObject({
      role: 'admin',
      scope: { kind: 'tenant', tenant: world.ours.tenant },
    });
  });

  test('a list of what is of somebody else is empty', async () => {
    const admin = await world.key(ofOurs(), 'admin');
    const listed = async (query: string) =>
      (await world.api.ask('GET', `/v1/keys${query}`, as(admin))).body.keys.length;
    expect(await listed('')).toBeGreaterThan(0);
    expect(await listed(`?customer=${world.ours.customer}`)).toBe(await listed(''));
    expect(await listed(`?customer=${world.theirs.customer}`)).toBe(0);
  });

  test('a key that ends makes none that goes on, nor takes one over', async () => {
    const at = (wait: number) => new Date(later(world.api.clock.wall(), ms(wait))).toISOString();
    const expiresAt = at(60_000);
    const ending = await world.key(ofOurs(), 'admin', { expiresAt });
    const code = async (more: object) =>
      (await make({ name: 'k', role: 'viewer', ...more }, ending)).body.code;
    expect(await code({})).toBe('FORBIDDEN');
    expect(await code({ expiresAt: at(60_001) })).toBe('FORBIDDEN');
    expect(await code({ expiresAt })).toBeUndefined();
    const { body: endless } = await make({ name: 'k', scope: ofOurs(), role: 'viewer' });
    const rotated = await world.api.ask('POST', `/v1/keys/${endless.id}/rotate`, {
      ...as(ending),
      payload: {},
    });
    expect(rotated.body.code).toBe('FORBIDDEN');
  });

  test('a rotated key takes the old secret for as long as was asked, and not longer', async () => {
    const { body } = await make({ name: 'k', role: 'viewer' });
    const rotate = (payload: object) =>
      world.api.ask('POST', `/v1/keys/${body.id}/rotate`, { payload });
    const second = (await rotate({ graceMs: 5_000 })).body.secret;
    expect([(await who(body.secret)).id, (await who(second)).id]).toEqual([body.id, body.id]);
    await world.api.clock.advance(seconds(6));
    expect((await who(body.secret)).code).toBe('KEY_EXPIRED');
    const third = (await rotate({})).body.secret;
    expect((await who(second)).code).toBe('KEY_WRONG');
    expect((await who(third)).id).toBe(body.id);
  });

  test('a key ends when it was to, and at once when it is revoked', async () => {
    const expiresAt = new Date(later(world.api.clock.wall(), ms(3_000))).toISOString();
    const { body } = await make({ name: 'k', role: 'viewer', expiresAt });
    expect((await who(body.secret)).id).toBe(body.id);
    await world.api.clock.advance(seconds(4));
    expect((await who(body.secret)).code).toBe('KEY_EXPIRED');
    const other = (await make({ name: 'k', role: 'viewer' })).body;
    expect((await who(other.secret)).id).toBe(other.id);
    expect((await world.api.ask('DELETE', `/v1/keys/${other.id}`)).status).toBe(204);
    expect((await who(other.secret)).code).toBe('KEY_WRONG');
  });

  test('the catalog is asked once in half a minute, for guesses too', async () => {
    const { keys } = world.api.stores;
    const { body } = await make({ name: 'k', role: 'viewer' });
    let asked = 0;
    const byId = keys.byId.bind(keys);
    keys.byId = (id) => {
      asked++;
      return byId(id);
    };
    for (let i = 0; i < 50; i++) await who(body.secret);
    for (let i = 0; i < 50; i++) await who(`dyb_000000000000_${'A'.repeat(43)}`);
    expect(asked).toBe(2);
  });

  test('a transfer takes the keys of a tenant back at once', async () => {
    const { tenant } = world.ours;
    const secret = await world.key({ kind: 'tenant', tenant }, 'viewer');
    expect((await world.api.ask('GET', `/v1/tenants/${tenant}`, as(secret))).status).toBe(200);
    const admin = await world.key(ofOurs(), 'admin');
    await world.api.ask('PATCH', `/v1/tenants/${tenant}`, {
      payload: { customer: world.theirs.customer },
    });
    const gone = await world.api.ask('GET', `/v1/tenants/${tenant}`, as(admin));
    expect(gone.body.code).toBe('TENANT_UNKNOWN');
  });
});

describe('customers', () => {
  const plan = (secret?: string, more = {}) =>
    world.api.ask('PATCH', `/v1/customers/${world.ours.customer}`, {
      payload: { plan: 'professional', ...more },
      ...(secret === undefined ? {} : as(secret)),
    });

  test('another plan is that of the tenants, but of those with one of their own', async () => {
    const { customer } = world.ours;
    const payload = { name: 'own-plan', customer, plan: 'starter' };
    await world.api.ask('POST', '/v1/tenants', { payload });
    expect((await plan()).body).toMatchObject({ plan: 'professional', tenants: 2 });
    const { body } = await world.api.ask('GET', `/v1/tenants?customer=${customer}`);
    const plans = body.tenants.map((tenant: { name: string; plan: string }) => tenant.plan);
    expect(plans).toEqual(['starter', 'professional']);
  });

  test('a customer chooses of its own what the operator lets it', async () => {
    const billing = await world.key(ofOurs(), 'billing');
    expect((await plan(billing)).body.code).toBe('FORBIDDEN');
    const payload = { selfServicePlans: ['professional'] };
    await world.api.ask('PATCH', '/v1/settings', { payload });
    expect((await plan(billing)).body.plan).toBe('professional');
    expect((await plan(billing, { tenantsMax: 9 })).body.code).toBe('FORBIDDEN');
    expect((await plan(billing, { name: 'x' })).body.code).toBe('FORBIDDEN');
  });

  test('a tenant has the plan of its customer at most, and a tier that the customer has set says so', async () => {
    const admin = await world.key(ofOurs(), 'admin');
    const create = (payload: object) =>
      world.api.ask('POST', '/v1/tenants', { payload, ...as(admin) });
    expect((await create({ name: 'rich', plan: 'enterprise' })).body.code).toBe('PLAN_NOT_ALLOWED');
    const other = { name: 'other', customer: world.theirs.customer };
    expect((await create(other)).body.code).toBe('CUSTOMER_UNKNOWN');
    expect((await create({ name: 'plain' })).body).toMatchObject({
      ...{ plan: 'free', customer: world.ours.customer },
    });
    const change = (payload: object, secret = admin) =>
      world.api.ask('PATCH', '/v1/tenants/plain', { payload, ...as(secret) });
    expect((await change({ tier: 'WARM' })).body.override).toMatchObject({ by: 'customer' });
    expect((await change({ plan: 'starter' })).body.code).toBe('PLAN_NOT_ALLOWED');
    expect((await change({ customer: null })).body.code).toBe('FORBIDDEN');
    const operator = await world.key(ofOurs(), 'operator');
    await plan();
    expect((await change({ plan: 'starter' }, operator)).body.code).toBe('FORBIDDEN');
    const billing = await world.key(ofOurs(), 'billing');
    expect((await change({ plan: 'starter' }, billing)).body.plan).toBe('starter');
    expect((await change({ sessionsMax: 3 }, billing)).body.code).toBe('FORBIDDEN');
  });

  test('one with tenants stays; one without goes with its keys', async () => {
    const { customer, tenant } = world.ours;
    const place = `/v1/customers/${customer}`;
    expect((await world.api.ask('DELETE', place)).body.code).toBe('CUSTOMER_BUSY');
    await world.api.ask('DELETE', `/v1/tenants/${tenant}`);
    expect((await world.api.ask('DELETE', place)).status).toBe(204);
    expect((await world.api.ask('GET', place)).body.code).toBe('CUSTOMER_UNKNOWN');
  });
});
