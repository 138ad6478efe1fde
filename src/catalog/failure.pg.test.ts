import { kill } from 'node:process';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../domain/faults.ts';
import { parseTenantName } from '../domain/ids.ts';
import { ms, seconds } from '../domain/units.ts';
import { draft } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { CONNECTIONS_MAX, PATIENCE, type Patience } from './connections.ts';
import { openCatalog } from './open-catalog.ts';
import type { PgCatalog } from './pg-catalog.ts';

const DOWN = { code: 'CATALOG_DOWN' };
const acme = parseTenantName('acme');

let postgres: RealPostgres;

beforeAll(async () => {
  postgres = await realPostgres();
});

afterAll(() => postgres[Symbol.asyncDispose]());

async function opened(patience: Partial<Patience> = {}): Promise<{
  catalog: PgCatalog;
  log: MemoryLog;
}> {
  const log = new MemoryLog();
  const connection = postgres.connection;
  const catalog = await openCatalog({ connection, log, patience: { ...PATIENCE, ...patience } });
  return { catalog, log };
}

/** Holds `table` against everybody until disposed of. */
async function locked(table: string): Promise<AsyncDisposable> {
  const { socketDir: host, ...rest } = postgres.connection;
  const client = new pg.Client({ host, ...rest });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`begin; lock table dynabase.${table}`);
  return { [Symbol.asyncDispose]: () => client.end() };
}

const WAITERS = `
  select pid from pg_stat_activity
  where application_name = 'dynabase catalog' and wait_event_type = 'Lock'`;

/** Ends the connection of the catalog that waits for a lock, once there is one. */
const waiterKilled = () =>
  postgres.sqlUntilRows(`select pg_terminate_backend(pid) from (${WAITERS}) as waiters`);

describe('a lost connection', () => {
  test('that was idle is replaced on next use, and told in the log', async () => {
    const { catalog, log } = await opened();
    await using _ = catalog;
    await catalog.countTenants();
    await postgres.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'dynabase catalog'`,
    );
    await expect.poll(() => log.alarming, { timeout: 20_000 }).toEqual(['catalog connection lost']);
    expect(await catalog.tenantByName(acme)).toBeUndefined();
  });

  test('in the middle of a statement is CATALOG_DOWN, and replaced at once', async () => {
    const { catalog } = await opened();
    await using _ = catalog;
    await using _lock = await locked('tenants');
    const next = catalog.tenantByName(acme).catch((error) => {
      expect(error).toMatchObject(DOWN);
      return catalog.verifier(draft('acme').id, 'acme');
    });
    await waiterKilled();
    expect(await next).toBeUndefined();
  });

  test('in the middle of a transaction leaves nothing of it', async () => {
    const { catalog } = await opened();
    await using _ = catalog;
    {
      await using _lock = await locked('tenant_roles');
      const refused = expect(catalog.insertTenant(draft('acme'))).rejects.toMatchObject(DOWN);
      await waiterKilled();
      await refused;
    }
    expect(await catalog.tenantByName(acme)).toBeUndefined();
  });
});

test('a server that dies without a word is CATALOG_DOWN, and used again when it is back', async () => {
  const { catalog } = await opened();
  await using _ = catalog;
  await using _lock = await locked('tenants');
  const refused = expect(catalog.tenantByName(acme)).rejects.toMatchObject(DOWN);
  const [waiter] = await postgres.sqlUntilRows<{ pid: number }>(WAITERS);
  kill(waiter?.pid ?? 0, 'SIGKILL');
  await refused;
  const known = () => catalog.tenantByName(acme).then(() => 'known');
  await expect.poll(() => known().catch(() => 'down'), { timeout: 20_000 }).toBe('known');
});

describe('a wait', () => {
  test('for a statement ends at the server, and its connection stays good', async () => {
    const { catalog, log } = await opened({ statement: ms(100) });
    await using _ = catalog;
    {
      await using _lock = await locked('tenants');
      await expect(catalog.tenantByName(acme)).rejects.toMatchObject(DOWN);
    }
    expect([await catalog.tenantByName(acme), log.alarming]).toEqual([undefined, []]);
  });

  test('for a silent server ends with us, and nothing waits behind it', async () => {
    const { catalog } = await opened({ statement: seconds(600), answer: ms(300) });
    await using _ = catalog;
    await using _lock = await locked('tenants');
    await expect(catalog.tenantByName(acme)).rejects.toMatchObject(DOWN);
    expect(await catalog.verifier(draft('acme').id, 'acme')).toBeUndefined();
  });

  test('for a connection ends when all are busy, and the busy ones go on', async () => {
    const { catalog } = await opened({ connect: ms(300) });
    await using _ = catalog;
    const asked: Promise<unknown>[] = [];
    {
      await using _lock = await locked('tenants');
      for (let n = 0; n < CONNECTIONS_MAX; n++) asked.push(catalog.tenantByName(acme));
      await expect(catalog.verifier(draft('acme').id, 'acme')).rejects.toMatchObject(DOWN);
    }
    expect(await Promise.all(asked)).toEqual(asked.map(() => undefined));
  });
});

describe('a server', () => {
  test('that stops is CATALOG_DOWN, and used again when it is back', async () => {
    const { catalog } = await opened();
    await using _ = catalog;
    await catalog.countTenants();
    await postgres.stop();
    await expect(catalog.tenantByName(acme)).rejects.toMatchObject(DOWN);
    await expect(opened()).rejects.toMatchObject(DOWN);
    await postgres.start();
    expect(await catalog.tenantByName(acme)).toBeUndefined();
  });

  test.each([
    [{ password: 'guessed' }, 'its PostgreSQL refuses the password; correct DATABASE_URL'],
    [{ user: 'nobody' }, 'its PostgreSQL refuses the password; correct DATABASE_URL'],
    [{ password: '' }, 'its PostgreSQL wants a password; correct DATABASE_URL'],
    [{ database: 'none' }, 'there is no such database; create it, or correct DATABASE_URL'],
  ])('that refuses %j says what to correct, and no secret', async (change, why) => {
    const connection = { ...postgres.connection, ...change };
    await expect(openCatalog({ connection, log: new MemoryLog() })).rejects.toMatchObject({
      code: 'CATALOG_UNUSABLE',
      message: `the catalog cannot be used: ${why}`,
    });
  });

  test('where we may make no schema says so', async () => {
    await postgres.sql(`create role poor login password 'poor'`);
    await postgres.sql(`create database rich`);
    const connection = {
      ...postgres.connection,
      database: 'rich',
      user: 'poor',
      password: 'poor',
    };
    await expect(openCatalog({ connection, log: new MemoryLog() })).rejects.toMatchObject({
      message: expect.stringContaining('grant it CREATE on the database'),
    });
  });

  test('may be given by URL', async () => {
    const { socketDir, user, password } = postgres.connection;
    const url = `postgresql://${user}:${password}@/postgres?host=${socketDir}`;
    await using catalog = await openCatalog({ connection: { url }, log: new MemoryLog() });
    expect(await catalog.tenantByName(acme)).toBeUndefined();
  });
});

test('a closed catalog is down, and may be closed twice', async () => {
  const { catalog } = await opened();
  await Promise.all([catalog.close(), catalog.close()]);
  await expect(catalog.countTenants()).rejects.toBeInstanceOf(Fault);
  await expect(catalog.countTenants()).rejects.toMatchObject(DOWN);
});
