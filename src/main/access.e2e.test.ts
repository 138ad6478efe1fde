import { expect, test } from 'vitest';
import { DynaBase } from '../sdk/index.ts';
import { freshDataDir, realServer, removeDataDir } from '../testing/real-server.ts';

test('keys and the audit log outlive a server, and a customer has its own tenants only', async () => {
  const dataDir = await freshDataDir();
  try {
    let secret = '';
    let customer = '';
    {
      await using server = await realServer({ dataDir });
      const { client } = server;
      customer = (await client.customers.create({ name: 'Acme', tenantsMax: 1 })).id;
      const scope = { kind: 'customer', customer } as const;
      secret = (await client.keys.create({ name: 'app', scope, role: 'admin' })).secret;
      await client.tenants.create({ name: 'of-the-operator' });
      const own = new DynaBase({ apiUrl: server.apiUrl, apiKey: secret });
      await own.tenants.create({ name: 'of-acme' });
      await expect(own.tenants.create({ name: 'more' })).rejects.toMatchObject({
        code: 'TENANTS_FULL',
      });
    }
    await using server = await realServer({ dataDir });
    const own = new DynaBase({ apiUrl: server.apiUrl, apiKey: secret });
    const { tenants } = await own.tenants.page();
    expect(tenants.map(({ name }) => name)).toEqual(['of-acme']);
    const told: string[] = [];
    for await (const { operation, outcome } of own.access.audit({ limit: 2 })) {
      told.push(`${operation} ${outcome}`);
    }
    const made = ['createTenant failed', 'createTenant done', 'createKey done'];
    expect(told).toEqual([...made, 'createCustomer done']);
    await expect(own.tenants.get('of-the-operator')).rejects.toMatchObject({
      code: 'TENANT_UNKNOWN',
    });
    const { lastUsedFrom } = await server.client.keys.get(`key_${secret.split('_')[1]}`);
    expect(lastUsedFrom).toBe('127.0.0.1');
  } finally {
    await removeDataDir(dataDir);
  }
});
