/** The policy in a real server: tiers by use, rules changed while it runs, what is kept over a restart. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import {
  freshDataDir,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

let dataDir: string;
let tenant: TenantSecret;

beforeAll(async () => {
  dataDir = await freshDataDir();
});

afterAll(() => removeDataDir(dataDir));

const args = ['--policy', 'vision'];

/** Vision, but whoever is idle sleeps at once. */
const QUICK = {
  preset: 'vision',
  tierRules: { timeInTierMin: { WARM: '1s' } },
  tiers: {
    COLD: { idleAfter: '1s', descentTakes: '1s' },
    WARM: { idleAfter: '1s', descentTakes: '1s' },
  },
} as const;

async function ask(server: RealServer, applicationName = ''): Promise<void> {
  const connectionString = server.uri({ role: tenant.name, password: tenant.password });
  const client = new pg.Client({ connectionString, application_name: applicationName });
  await client.connect();
  try {
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

async function changes(server: RealServer): Promise<readonly string[]> {
  const said: string[] = [];
  for await (const { kind, from, to } of server.client.tenants.decisions('acme')) {
    if (kind === 'tier') said.push(`${from} to ${to}`);
  }
  return said;
}

test('a tenant earns its tier, loses it under other rules without a restart, and all is kept', async () => {
  await using server = await realServer({ dataDir, args });
  const { tenants, policy } = server.client;
  tenant = await tenants.create({ name: 'acme' });
  await ask(server);
  expect(await tenants.get('acme')).toMatchObject({ tier: 'WARM', state: 'running' });
  expect(await changes(server)).toEqual(['COLD to WARM']);
  await policy.set({ file: QUICK });
  expect((await policy.get()).preset).toBe('vision');
  await eventually('it sleeps by the new rules', async () => {
    return (await tenants.get('acme')).state === 'suspended';
  });
  await eventually('it is COLD again', async () => (await tenants.get('acme')).tier === 'COLD');
  const explained = await tenants.explain('acme');
  expect(explained.residency).toMatchObject({ level: 'L3' });
});

test('rules that were set hold after a restart, as do decisions', async () => {
  await using server = await realServer({ dataDir, args });
  const { tenants, policy } = server.client;
  expect(await policy.get()).toMatchObject({ preset: 'vision', file: expect.anything() });
  expect(await changes(server)).toEqual(['WARM to COLD', 'COLD to WARM']);
  await ask(server);
  await eventually('it sleeps by the rules that were set', async () => {
    return (await tenants.get('acme')).state === 'suspended';
  });
});

test('a tier that a person chose is kept until it is given back, and a plan bounds what is earned', async () => {
  await using server = await realServer({ dataDir, args });
  const { tenants } = server.client;
  await tenants.change('acme', { tier: 'HOT' });
  const chosen = await tenants.get('acme');
  expect(chosen).toMatchObject({ tier: 'HOT', override: { tier: 'HOT', until: null } });
  expect(await tenants.change('acme', { tier: 'auto' })).toMatchObject({
    tier: 'WARM',
    override: null,
  });
  expect(await tenants.change('acme', { plan: 'professional' })).toMatchObject({ tier: 'HOT' });
});

test('a tenant whose tier is always awake is woken for nobody, at once and after a restart', async () => {
  {
    await using server = await realServer({ dataDir, args });
    const { tenants } = server.client;
    await tenants.change('acme', { tier: 'PERSISTENT' });
    await eventually('it is awake', async () => (await tenants.get('acme')).state === 'running');
  }
  await using server = await realServer({ dataDir, args });
  const { tenants } = server.client;
  await eventually('it is awake again', async () => {
    return (await tenants.get('acme')).state === 'running';
  });
});

test('monitors wake nobody', async () => {
  await using server = await realServer({ dataDir, args });
  const { tenants } = server.client;
  await tenants.change('acme', { tier: 'COLD' });
  await eventually('it sleeps', async () => {
    await tenants.suspend('acme').catch(() => {});
    return (await tenants.get('acme')).state === 'suspended';
  });
  await ask(server, 'postgres_exporter');
  expect(await tenants.get('acme')).toMatchObject({ state: 'suspended' });
  await ask(server);
  // Who asked is served before the catalog is told.
  await eventually('it is awake', async () => (await tenants.get('acme')).state === 'running');
});
