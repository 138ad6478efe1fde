/** Both doors of SQL over HTTP: the clients' port and the API's; and a tenant that sleeps behind them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, neon, neonConfig } from '@neondatabase/serverless';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { aimNeonAt } from '../../testing/neon-driver.ts';

describe('SQL over HTTP', () => {
  let tenant: ClientTenant;
  let apiPlace: string;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos: 'parks', args: ['--proxy-workers', '2'] });
    const file: { apiUrl: string } = JSON.parse(
      await readFile(join(tenant.server.dataDir, 'server.json'), 'utf8'),
    );
    apiPlace = new URL(file.apiUrl).host;
  });

  afterAll(() => tenant[Symbol.asyncDispose]());

  test('wakes a sleeping tenant once, however many ask', async () => {
    aimNeonAt(tenant);
    const sql = neon(tenant.uri);
    const [first] = await sql`select pg_postmaster_start_time()::text as at`;
    expect(await tenant.stop()).toBe(true);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => sql`select pg_postmaster_start_time()::text as at`),
    );
    const starts = new Set(answers.map(([row]) => row?.at));
    expect(starts.size).toBe(1);
    expect(starts.has(first?.at)).toBe(false);
  });

  test('is not in the way of a suspend, whose WebSocket sessions come back', async () => {
    aimNeonAt(tenant);
    const client = new Client(tenant.uri);
    await client.connect();
    await client.query("set application_name = 'still me'");
    await client.query('prepare p as select 7 as n');
    expect(await tenant.stop()).toBe(true);
    const { rows } = await client.query("select current_setting('application_name') as name");
    expect(rows).toEqual([{ name: 'still me' }]);
    expect((await client.query('execute p')).rows).toEqual([{ n: 7 }]);
    await client.end();
  });

  test("is served on the API's port too", async () => {
    neonConfig.fetchEndpoint = `http://${apiPlace}/sql`;
    neonConfig.wsProxy = `${apiPlace}/v2`;
    const sql = neon(tenant.uri);
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }]);
    await expect(sql`select 1/0`).rejects.toMatchObject({ code: '22012' });
    const client = new Client(tenant.uri);
    await client.connect();
    const large = await client.query("select repeat('x', 1000000) as x");
    expect(large.rows[0]?.x).toHaveLength(1_000_000);
    await client.end();
    const health = await fetch(`http://${apiPlace}/healthz`);
    expect(health.status).toBe(200);
  });

  test('believes nobody who says that he hands on for others', async () => {
    const ask = (place: string) =>
      fetch(`http://${place}/sql`, {
        method: 'POST',
        headers: {
          'Neon-Connection-String': tenant.uri,
          'Dynabase-Forwarded': 'guess open 203.0.113.9',
        },
        body: '{"query":"select 1 as n"}',
      });
    // One that was believed would be refused: it comes from elsewhere, and not encrypted.
    for (const place of [`127.0.0.1:${tenant.server.proxyPort}`, apiPlace]) {
      expect((await ask(place)).status).toBe(200);
    }
  });
});
