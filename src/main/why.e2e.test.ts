/** Why a tenant is awake, through the whole program, over the death of the server. */
import pg from 'pg';
import { expect, test } from 'vitest';
import type { AwakeTime } from '../contract/awake/awake.ts';
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

async function timesOf({ client }: RealServer): Promise<readonly AwakeTime[]> {
  const times: AwakeTime[] = [];
  for await (const time of client.awake.times('shop')) times.push(time);
  return times;
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
      await server.client.inside.query('shop', { sql: 'select 1' });
      await server.client.tenants.suspend('shop');
      const byQuery = await server.client.awake.why('shop');
      // Its session logs in with a ticket: who asked for that is told, not the name of the ticket.
      expect(byQuery.last).toMatchObject({
        cause: { kind: 'operator', by: 'the admin key', role: null },
        ended: { kind: 'operator', says: expect.stringContaining('(suspendTenant)') },
      });
      expect(byQuery.last?.cause.says).toContain('(query)');
      const { causes } = byQuery;
      expect(causes.map(({ kind, by }) => [kind, by]).sort()).toEqual([
        ['operator', 'the admin key'],
        ['session', null],
      ]);
      const [, first] = await timesOf(server);
      expect(first?.ended?.kind).toBe('operator');
      expect(first?.cause).toMatchObject({
        ...{ kind: 'session', role: 'shop', applicationName: 'psql', statement: 'ddl' },
      });
      await server.client.tenants.wake('shop');
      const { last, says, isAwake } = await server.client.awake.why('shop');
      expect(isAwake).toBe(true);
      expect(last?.cause).toMatchObject({ kind: 'operator', by: 'the admin key' });
      expect(says[0]).toContain('the admin key asked for it through the API (wakeTenant)');
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
