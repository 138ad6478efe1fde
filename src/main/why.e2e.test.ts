/** Why a tenant is awake, through the whole program, over the death of the server. */
import pg from 'pg';
import { expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import {
  freshDataDir,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

async function query(server: RealServer, tenant: TenantSecret, sql: string): Promise<void> {
  const { name: role, password } = tenant;
  const client = new pg.Client({
    connectionString: server.uri({ role, password }),
    application_name: 'psql',
  });
  await client.connect();
  await client.query(sql);
  await client.end();
}

test('who woke it, what ended it, and a server that was killed between', async () => {
  const dataDir = await freshDataDir();
  try {
    let shop: TenantSecret;
    {
      await using server = await realServer({ dataDir });
      shop = await server.client.tenants.create({ name: 'shop' });
      await query(server, shop, 'create table orders (n int)');
      await server.client.tenants.suspend('shop');
      const { last: first } = await server.client.awake.why('shop');
      expect(first?.ended?.kind).toBe('operator');
      expect(first?.cause).toMatchObject({
        ...{ kind: 'session', role: 'shop', applicationName: 'psql', statement: 'ddl' },
      });
      await server.client.tenants.wake('shop');
      const { last, says, isAwake } = await server.client.awake.why('shop');
      expect(isAwake).toBe(true);
      expect(last?.cause.kind).toBe('operator');
      expect(says[0]).toContain('woke it through the API');
      const { tenants } = await server.client.awake.now();
      expect(tenants.map(({ name }) => name)).toEqual(['shop']);
      await server.end('SIGKILL');
    }
    await using server = await realServer({ dataDir });
    const { client } = server;
    await eventually('it is found awake', async () => (await client.awake.why('shop')).isAwake);
    const { last } = await client.awake.why('shop');
    // Where the server died before the wake was written, it is found running, and that is told.
    expect(['operator', 'found']).toContain(last?.cause.kind);
    expect(last?.kept.map(({ kind }) => kind)).toContain('unwatched');
    expect(last?.ended).toBeNull();
  } finally {
    await removeDataDir(dataDir);
  }
});
