/** Clients shared among several processes, each tenant's together. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import { processesIn, type RealServer, realServer } from '../testing/real-server.ts';

let server: RealServer;
const tenants: TenantSecret[] = [];

beforeAll(async () => {
  server = await realServer({ args: ['--proxy-workers', '2'] });
  for (let n = 0; n < 6; n++) {
    tenants.push(await server.client.tenants.create({ name: `shop-${n}` }));
  }
});

afterAll(() => server[Symbol.asyncDispose]());

const uriOf = ({ name, password }: TenantSecret): string => server.uri({ role: name, password });

async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  await client.connect();
  return client;
}

const databaseOf = async (client: pg.Client): Promise<unknown> =>
  (await client.query('select current_database() as name')).rows[0]?.name;

async function ask(config: pg.ClientConfig): Promise<unknown> {
  const client = await connected(config);
  try {
    return await databaseOf(client);
  } finally {
    await client.end();
  }
}

/** The process that has the port, and the other. */
async function proxies(): Promise<{ readonly first: number; readonly other: number }> {
  const place = join(server.dataDir, 'data-plane');
  const names = (await readdir(place)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(names.map((name) => readFile(join(place, name), 'utf8')));
  const announced = texts.map((text) => (JSON.parse(text) as { pid: number }).pid);
  const running = (await processesIn(server.dataDir)).filter((p) => announced.includes(p.pid));
  const other = running.find((p) => announced.includes(p.parent));
  if (other === undefined) throw new Error(`there are ${running.length} proxies`);
  return { first: other.parent, other: other.pid };
}

test('every tenant is served, in the clear and by TLS with and without its name', async () => {
  const names = tenants.map(({ name }) => name);
  const plain = tenants.map((tenant) => ask({ connectionString: uriOf(tenant) }));
  expect(await Promise.all(plain)).toEqual(names);
  const byTls = (servername: (name: string) => string) =>
    tenants.map(({ name, password }) => {
      const ssl = { servername: servername(name), rejectUnauthorized: false };
      const to = { host: '127.0.0.1', port: server.proxyPort, database: name };
      return ask({ ...to, user: name, password, ssl });
    });
  expect(await Promise.all(byTls((name) => `${name}.localhost`))).toEqual(names);
  expect(await Promise.all(byTls(() => 'localhost'))).toEqual(names);
});

test('large answers and long questions pass whole', async () => {
  for (const tenant of tenants) {
    const client = await connected({ connectionString: uriOf(tenant) });
    const text = 'x'.repeat(3_000_000);
    const { rows } = await client.query('select $1::text || $1::text as twice', [text]);
    expect(rows[0]?.twice).toHaveLength(2 * text.length);
    await client.end();
  }
});

test('a wrong password is told by whichever serves', async () => {
  for (const { name } of tenants) {
    const wrong = ask({ connectionString: server.uri({ role: name, password: 'wrong' }) });
    await expect(wrong).rejects.toMatchObject({ code: '28P01' });
  }
});

test('a query is cancelled wherever its session is', async () => {
  for (const tenant of tenants) {
    const sql = postgres(uriOf(tenant), { max: 2, onnotice: () => {} });
    try {
      const slow = sql`select pg_sleep(60)`.execute();
      await eventually('the query runs', async () => {
        const found =
          await sql`select 1 from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`;
        return found.length > 0;
      });
      slow.cancel();
      await expect(slow).rejects.toMatchObject({ code: '57014' });
    } finally {
      await sql.end();
    }
  }
});

test('a worker that dies takes its own clients only, and is started anew', async () => {
  const clients = await Promise.all(
    tenants.map((tenant) => connected({ connectionString: uriOf(tenant) })),
  );
  const { first, other } = await proxies();
  process.kill(other, 'SIGKILL');
  const told = await Promise.all(clients.map((client) => databaseOf(client).catch(() => null)));
  const lost = told.filter((name) => name === null).length;
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThan(tenants.length);
  const again = tenants.map((tenant) => ask({ connectionString: uriOf(tenant) }));
  expect(await Promise.all(again)).toEqual(tenants.map(({ name }) => name));
  await eventually('there are two again', async () => {
    const now = await proxies().catch(() => null);
    return now?.first === first && now.other !== other;
  });
  await Promise.all(clients.map((client) => client.end().catch(() => {})));
  await eventually('no session is counted', async () => {
    const counts = await Promise.all(tenants.map(({ name }) => server.client.tenants.get(name)));
    return counts.every(({ sessions }) => sessions === 0);
  });
});

test('the first that dies is followed by a new one with its worker', async () => {
  let first = 0;
  await eventually('there are two', async () => {
    first = (await proxies().catch(() => null))?.first ?? 0;
    return first > 0;
  });
  process.kill(first, 'SIGKILL');
  await eventually('there are two new ones', async () => {
    const now = await proxies().catch(() => null);
    return now !== null && now.first !== first;
  });
  const again = tenants.map((tenant) => ask({ connectionString: uriOf(tenant) }));
  expect(await Promise.all(again)).toEqual(tenants.map(({ name }) => name));
});

test('the end of the server is the end of all of them', async () => {
  expect(await server.end()).toEqual({ code: 0, signal: null });
  expect(await processesIn(server.dataDir)).toEqual([]);
});
