/** An ORM with migrations: Kysely, whose migrator takes advisory locks and runs DDL in transactions. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { eventually } from '../../testing/eventually.ts';

type Shop = {
  readonly customers: { readonly id: number; readonly name: string };
  readonly orders: { readonly id: number; readonly customer: number; readonly euros: number };
};

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '1-customers': {
    up: (db) =>
      db.schema
        .createTable('customers')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .execute(),
    down: (db) => db.schema.dropTable('customers').execute(),
  },
  '2-orders': {
    up: async (db) => {
      await db.schema
        .createTable('orders')
        .addColumn('id', 'integer', (column) => column.primaryKey().generatedAlwaysAsIdentity())
        .addColumn('customer', 'integer', (column) => column.references('customers.id'))
        .addColumn('euros', 'integer')
        .execute();
      await db.schema.createIndex('by_customer').on('orders').column('customer').execute();
    },
    down: (db) => db.schema.dropTable('orders').execute(),
  },
  '3-fails': {
    up: async (db) => {
      await db.schema.alterTable('orders').addColumn('at', 'timestamptz').execute();
      await sql`select 1/0`.execute(db);
    },
  },
};

describe.each([false, true])('Kysely, chaos %s', (chaos) => {
  let tenant: ClientTenant;
  let db: Kysely<Shop>;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos });
    const pool = new pg.Pool({ ...tenant.connection, max: 4 });
    db = new Kysely<Shop>({ dialect: new PostgresDialect({ pool }) });
  });

  afterAll(async () => {
    await db.destroy();
    // The pool says that it has ended before its connections have.
    await eventually('no session is left', async () => {
      return (await tenant.server.client.tenants.get(tenant.name)).sessions === 0;
    });
    await tenant[Symbol.asyncDispose]();
  });

  const migrator = (names: readonly string[]): Migrator =>
    new Migrator({
      db,
      provider: {
        getMigrations: async () =>
          Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => names.includes(name))),
      },
    });

  test('migrates up step by step, leaves no half step, and migrates down', async () => {
    for (const expected of ['1-customers', '2-orders']) {
      await tenant.rest();
      const { error, results } = await migrator(['1-customers', '2-orders']).migrateUp();
      expect(error).toBeUndefined();
      expect(results?.map(({ migrationName, status }) => [migrationName, status])).toEqual([
        [expected, 'Success'],
      ]);
    }
    await tenant.rest();
    const { error } = await migrator(Object.keys(MIGRATIONS)).migrateToLatest();
    expect(error).toMatchObject({ code: '22012' });
    await tenant.rest();
    const tables = await db.introspection.getTables();
    const orders = tables.find(({ name }) => name === 'orders');
    expect(orders?.columns.map(({ name }) => name)).toEqual(['id', 'customer', 'euros']);
    const down = await migrator(['1-customers', '2-orders']).migrateDown();
    expect(down.error).toBeUndefined();
    await tenant.rest();
    const again = await migrator(['1-customers', '2-orders']).migrateToLatest();
    expect(again.error).toBeUndefined();
  });

  test('joins, aggregates and rolls back', async () => {
    const names = Array.from({ length: 5 }, (_, id) => ({ id, name: `customer ${id}` }));
    await db.insertInto('customers').values(names).execute();
    for (const { id } of names) {
      await tenant.rest();
      const orders = [1, 2, 3].map((n) => ({ customer: id, euros: n * id }));
      await sql`insert into orders (customer, euros) values ${sql.join(
        orders.map(({ customer, euros }) => sql`(${customer}, ${euros})`),
      )}`.execute(db);
    }
    const failing = db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('orders').execute();
      await tenant.rest();
      await sql`insert into orders (customer) values (99)`.execute(transaction);
    });
    await expect(failing).rejects.toMatchObject({ code: '23503' });
    await tenant.rest();
    const sums = await db
      .selectFrom('customers')
      .innerJoin('orders', 'orders.customer', 'customers.id')
      .groupBy('customers.name')
      .select(['customers.name', db.fn.sum<string>('orders.euros').as('sum')])
      .orderBy('customers.name')
      .execute();
    expect(sums).toEqual(names.map(({ id, name }) => ({ name, sum: `${6 * id}` })));
  });
});
