import pg from 'pg';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { realServer } from '../testing/real-server.ts';

test('a table full of dead rows is vacuumed before its tenant is suspended', async () => {
  await using server = await realServer({ args: ['--suspend-after', '1s'] });
  const { tenants } = server.client;
  const tenant = await tenants.create({ name: 'acme' });
  const connectionString = server.uri({ role: tenant.name, password: tenant.password });
  const ask = async (sql: string): Promise<unknown> => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  await ask('create table churned as select n from generate_series(1, 5000) n');
  await ask('delete from churned');
  await eventually('it is suspended', async () => {
    return (await tenants.get('acme')).state === 'suspended';
  });
  const kept = await ask(
    `select vacuum_count::int as vacuumed, n_dead_tup::int as dead, current_setting('autovacuum') as auto
     from pg_stat_user_tables where relname = 'churned'`,
  );
  expect(kept).toEqual([{ vacuumed: 1, dead: 0, auto: 'off' }]);
});
