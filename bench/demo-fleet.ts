/** A small fleet as one might find it: customers with plans, tenants asleep, awake and in use. */
import pg from 'pg';
import type { DynaBase } from '../src/sdk/index.ts';

const NAMES = [
  ...['aurora-books', 'birch-legal', 'cobalt-crm', 'delta-fleet', 'ember-studio', 'fjord-travel'],
  ...['grove-clinic', 'harbor-pos', 'iris-survey', 'juniper-hr', 'kestrel-maps', 'lumen-energy'],
  ...['maple-school', 'nimbus-iot', 'orchid-shop', 'pelican-mail', 'quartz-labs', 'river-bank'],
];

const CUSTOMERS = [
  { name: 'Northwind Trading', plan: 'enterprise', externalId: 'org-11' },
  { name: 'Blue Yonder Apps', plan: 'professional', externalId: 'org-12' },
  { name: 'Tiny Teams', plan: 'starter', externalId: null },
] as const;

const ROWS = 20_000;

/** How many of them somebody asks something. */
const USED = 7;

export async function makeFleet(server: DynaBase): Promise<void> {
  const customers: string[] = [];
  for (const { name, plan, externalId } of CUSTOMERS) {
    customers.push((await server.customers.create({ name, plan, externalId })).id);
  }
  const plans = ['enterprise', 'professional', 'starter'] as const;
  for (const [index, name] of NAMES.entries()) {
    const of = index % 4;
    const whose = customers[of];
    const { connectionUri } = await server.tenants.create(
      whose === undefined ? { name } : { name, customer: whose, plan: plans[of] ?? 'free' },
    );
    if (index < USED) await use(connectionUri);
  }
  await server.tenants.change('cobalt-crm', { tier: 'HOT' });
  await server.tenants.snapshot('aurora-books', { name: 'before 2.0' });
  await server.tenants.suspend('delta-fleet');
  await server.tenants.archive('delta-fleet');
  await server.tenants.fork('birch-legal', { name: 'birch-legal-test' });
  await server.keys.create({ name: 'deploy', role: 'operator' });
  await server.keys.create({ name: 'grafana', role: 'viewer' });
  await server.webhooks.create({
    url: 'https://hooks.example.com/dynabase',
    events: ['tenant.*', 'quota.*'],
  });
}

/** Makes a table and asks it things, as an application would. */
async function use(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, application_name: 'shop' });
  await client.connect();
  await client.query(
    `create table orders as select n as id, n % 97 as customer, md5(n::text) as note
     from generate_series(1, ${ROWS}) n`,
  );
  await client.query('create index on orders (customer)');
  for (let customer = 0; customer < 200; customer++) {
    await client.query('select count(*) from orders where customer = $1', [customer % 97]);
  }
  await client.query('select no_such_column from orders').catch(() => undefined);
  await client.end();
}
