/** What is built on `@neondatabase/serverless`: Drizzle, Prisma's adapter, Kysely. */
import { neon, Pool } from '@neondatabase/serverless';
import { PrismaNeon, PrismaNeonHttp } from '@prisma/adapter-neon';
import { eq, sql } from 'drizzle-orm';
import { drizzle as drizzleHttp } from 'drizzle-orm/neon-http';
import { drizzle as drizzleSockets } from 'drizzle-orm/neon-serverless';
import { integer, jsonb, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core';
import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { aimNeonAt } from '../../testing/neon-driver.ts';

const people = pgTable('people', {
  id: serial('id').primaryKey(),
  name: text('name').notNull(),
  age: integer('age'),
  tags: text('tags').array(),
  doc: jsonb('doc').$type<{ a: number }>(),
  since: timestamp('since', { withTimezone: true }),
});

const query = (text: string, args: readonly unknown[] = []) => ({
  ...{ sql: text, args: [...args] },
  argTypes: args.map(() => ({ scalarType: 'unknown', arity: 'scalar' }) as const),
});

describe.each([false, true])('over the drivers of neon, chaos %s', (chaos) => {
  let tenant: ClientTenant;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos });
    aimNeonAt(tenant);
    await tenant.ask(`create table people (id serial primary key, name text not null, age int,
      tags text[], doc jsonb, since timestamptz)`);
  });

  afterAll(() => tenant[Symbol.asyncDispose]());

  const since = new Date('2026-01-02T03:04:05.678Z');
  const ada = { name: 'Ada', age: 36, tags: ['a', 'b,c'], doc: { a: 1 }, since };

  test('Drizzle over HTTP', async () => {
    const db = drizzleHttp({ client: neon(tenant.uri) });
    await tenant.rest();
    const [made] = await db.insert(people).values(ada).returning();
    expect(made).toMatchObject(ada);
    await tenant.rest();
    expect(await db.select().from(people).where(eq(people.name, 'Ada'))).toEqual([made]);
    const [counted] = await db.batch([
      db.select({ n: sql<number>`count(*)::int` }).from(people),
      db.update(people).set({ age: 37 }).where(eq(people.name, 'Ada')),
    ]);
    expect(counted).toEqual([{ n: 1 }]);
    const failing = db.batch([
      db.delete(people),
      db.insert(people).values({ ...ada, name: sql`null` }),
    ]);
    await expect(failing).rejects.toThrow();
    expect(await db.$count(people)).toBe(1);
  });

  test('Drizzle over WebSocket', async () => {
    const pool = new Pool({ connectionString: tenant.uri });
    const db = drizzleSockets({ client: pool });
    await db.delete(people);
    await db.transaction(async (tx) => {
      await tx.insert(people).values([ada, { ...ada, name: 'Grace' }]);
      const inner = tx.transaction(async (nested) => {
        await nested.delete(people);
        throw new Error('no');
      });
      await expect(inner).rejects.toThrow('no');
    });
    await tenant.rest();
    const found = await db
      .select({ name: people.name, since: people.since })
      .from(people)
      .orderBy(people.name);
    expect(found).toEqual([
      { name: 'Ada', since },
      { name: 'Grace', since },
    ]);
    await pool.end();
  });

  test("Prisma's adapter over WebSocket", async () => {
    const adapter = await new PrismaNeon({ connectionString: tenant.uri }).connect();
    await tenant.rest();
    const transaction = await adapter.startTransaction('SERIALIZABLE');
    expect(
      await transaction.executeRaw(
        query('insert into people (name, age) values ($1, $2)', ['Prisma', 1]),
      ),
    ).toBe(1);
    const level = await transaction.queryRaw(
      query("select current_setting('transaction_isolation') as l"),
    );
    expect(level.rows).toEqual([['serializable']]);
    await transaction.executeRaw(query('commit'));
    await transaction.commit();
    const { columnNames, rows } = await adapter.queryRaw(
      query('select name, age from people where name = $1', ['Prisma']),
    );
    expect([columnNames, rows]).toEqual([['name', 'age'], [['Prisma', 1]]]);
    await expect(adapter.queryRaw(query('select 1/0'))).rejects.toMatchObject({
      cause: { originalCode: '22012' },
    });
    await adapter.dispose();
  });

  test("Prisma's adapter over HTTP", async () => {
    const adapter = await new PrismaNeonHttp(tenant.uri, {}).connect();
    await tenant.rest();
    const { rows } = await adapter.queryRaw(query('select $1::int as n, $2::text as t', [7, 'x']));
    expect(rows).toEqual([[7, 'x']]);
  });

  test('Kysely over WebSocket', async () => {
    type Tables = { people: { id: number; name: string; age: number | null } };
    const pool = new Pool({ connectionString: tenant.uri });
    const db = new Kysely<Tables>({
      dialect: new PostgresDialect({ pool: pool as unknown as PostgresPool }),
    });
    await tenant.rest();
    await db.deleteFrom('people').execute();
    await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (tx) => {
        await tx
          .insertInto('people')
          .values([{ id: 1, name: 'Kay', age: 3 }])
          .execute();
      });
    const found = await db.selectFrom('people').select(['id', 'name', 'age']).execute();
    expect(found).toEqual([{ id: 1, name: 'Kay', age: 3 }]);
    await db.destroy();
  });
});
