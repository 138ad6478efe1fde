/** Which statements of a tenant are told, and what is never told of them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CountedStatement, Place, StatementOrder } from '../../domain/interior.ts';
import { OURS } from '../../domain/own-statements.ts';
import { SystemRandom } from '../../system/random.ts';
import { type RealHost, type RealTenant, realHost } from '../../testing/real-host.ts';
import { asSuperuser } from '../admin.ts';
import { layoutOf } from '../layout.ts';
import { openSecrets } from '../secrets.ts';
import { EmbeddedInterior } from './interior.ts';
import { forgetStatements, readStatements } from './interior-statements.ts';

let world: RealHost;
let tenant: RealTenant;
let place: Place;

beforeAll(async () => {
  world = await realHost();
  tenant = await world.running('shop');
  place = await placeOf(tenant);
});

afterAll(() => world[Symbol.asyncDispose]());

async function placeOf({ id, name }: RealTenant): Promise<Place> {
  const { address } = await world.start(id);
  return { tenant: id, name, address };
}

async function told(order: StatementOrder = 'total', limit = 200) {
  const counts = await world.engine.interior.statements(place, { order, limit });
  if (counts.kind === 'uncounted') throw new Error(`not counted: ${counts.because}`);
  return counts;
}

const textsOf = (statements: readonly CountedStatement[]): string =>
  statements.map(({ text }) => text).join('\n');

test('what the roles of a tenant have asked is told, in all its databases', async () => {
  await world.sql(tenant, 'create table orders (id int, total int)');
  await world.sql(tenant, 'insert into orders select n, n * 2 from generate_series(1, 50) n');
  for (const total of [10, 20, 30]) {
    await world.sql(tenant, `select id from orders where total >= ${total}`);
  }
  await world.sql(tenant, "create role app login password 'app-pass'");
  await world.sql(tenant, 'create database more');
  const app = { user: 'app', password: 'app-pass', database: 'more' };
  await world.sql(tenant, "select 'asked by app' as text", app);

  const counts = await told();
  const asked = counts.statements.find(({ text }) => text.startsWith('select id from orders'));
  expect(asked).toMatchObject({
    ...{ text: 'select id from orders where total >= $1', isCut: false },
    ...{ role: 'shop', database: 'shop', calls: 3, rows: 46 + 41 + 36, fromMemory: 1 },
  });
  expect(asked?.totalMs).toBeGreaterThan(0);
  expect(asked?.longestMs).toBeLessThanOrEqual(asked?.totalMs ?? 0);
  expect(counts.statements).toContainEqual(
    expect.objectContaining({ text: 'select $1 as text', role: 'app', database: 'more', calls: 1 }),
  );
  expect(counts.known).toBe(counts.statements.length);
  expect(counts.calls).toBe(counts.statements.reduce((sum, { calls }) => sum + calls, 0));
  expect(Date.parse(counts.since ?? '')).toBeLessThanOrEqual(Date.now());
});

test('the greatest come first, and no more than are asked for', async () => {
  for (const order of ['total', 'mean', 'longest', 'calls', 'rows'] as const) {
    const { statements } = await told(order);
    const field = { total: 'totalMs', mean: 'meanMs', longest: 'longestMs' } as const;
    const by = order === 'calls' || order === 'rows' ? order : field[order];
    const values = statements.map((one) => one[by]);
    expect(values, order).toEqual([...values].sort((a, b) => b - a));
  }
  const { statements, known } = await told('calls', 1);
  expect(statements).toHaveLength(1);
  expect(known).toBeGreaterThan(1);
});

test('no password, no value, and nothing of ours is told', async () => {
  await world.sql(tenant, "create role secretive login password 'SECRET-1'");
  await world.sql(tenant, "alter role secretive password 'SECRET-2'");
  await world.sql(tenant, "do $$ begin execute 'create role r2 password ''SECRET-3'''; end $$");
  await world.sql(tenant, "select md5('SECRET-4')");
  await world.sql(tenant, `select ${OURS} 5 as behind_their_back`);
  await world.engine.interior.roles(place);
  await world.engine.interior.settings(place, 'shop', ['work_mem']);
  const texts = textsOf((await told()).statements);
  expect(texts).toContain('select md5($1)');
  expect(texts).not.toMatch(/SECRET|behind_their_back|pg_stat_statements|pg_authid|pg_settings/);
});

test('what was dropped comes back as it was written, and is told without its values', async () => {
  const prepare = "prepare kept as select length('SECRET-5') + 1234567 as kept";
  const others = Array.from({ length: 130 }, (_, n) => `select ${'1, '.repeat(n)} 1;`).join('');
  // In one session, one by one: an entry is dropped when the hundred and first statement comes.
  await world.sql(tenant, `${prepare}; ${others} execute kept; execute kept; execute kept`);
  const { statements, dropped } = await told();
  expect(dropped).toBeGreaterThan(0);
  const kept = statements.find(({ text }) => text.includes('as kept'));
  expect(kept?.text).toMatch(/select length\((\?|\$1)\) \+ (\?|\$2) as kept/);
  expect(textsOf(statements)).not.toMatch(/SECRET|1234567/);
});

test('the counts outlive a suspend, and are forgotten when somebody asks for it', async () => {
  await world.engine.interior.forgetStatements(place);
  expect((await told()).statements).toEqual([]);
  await world.sql(tenant, "select 'x' || 'y' as before_the_suspend");
  await world.host.stop(tenant.id);
  place = await placeOf(tenant);
  await world.sql(tenant, 'select 1 as after_it');
  const texts = textsOf((await told()).statements);
  expect(texts).toContain('before_the_suspend');
  expect(texts).toContain('after_it');
});

test('no database of the tenant has anything of it, and its owner cannot look around the wall', async () => {
  await told();
  const extensions = "select extname from pg_extension where extname <> 'plpgsql'";
  expect(await world.sql(tenant, extensions)).toEqual([]);
  const ours = { database: 'postgres' };
  await expect(
    world.sql(tenant, 'select * from dynabase.pg_stat_statements', ours),
  ).rejects.toMatchObject({ code: '42501' });
  for (const change of [
    "set pg_stat_statements.track_utility = 'on'",
    'set pg_stat_statements.track = none',
    "alter database shop set pg_stat_statements.track = 'none'",
  ]) {
    await expect(world.sql(tenant, change), change).rejects.toMatchObject({ code: '42501' });
  }
});

test('a tenant may have the view itself, by which its readers are told no text of others', async () => {
  const { interior } = world.engine;
  const which = { database: 'shop', name: 'pg_stat_statements', asOwner: false } as const;
  await interior.createExtension(place, { ...which, version: null, schema: 'extensions' });
  await world.sql(tenant, "select length('a') * 6 as asked_for_the_view");
  const seen = "select query from extensions.pg_stat_statements where query ~ 'for_the_view'";
  expect(await world.sql(tenant, seen)).toContainEqual({
    query: 'select length($1) * $2 as asked_for_the_view',
  });
  await interior.prepareReader(place, 'shop');
  const secrets = await openSecrets(layoutOf(world.dataDir).masterKey, new SystemRandom());
  const reader = {
    user: 'dynabase_reader',
    password: secrets.password(tenant.id, 'dynabase_reader'),
  };
  expect(await world.sql(tenant, seen, reader)).toEqual([]);
  await interior.dropExtension(place, { ...which, cascade: false });
});

test('many who ask at once are all answered, the first time too', async () => {
  const fresh = await world.running('fresh');
  const here = await placeOf(fresh);
  await world.sql(fresh, 'select 1 as first_of_all');
  const asked = Array.from({ length: 5 }, () =>
    world.engine.interior.statements(here, { order: 'total', limit: 10 }),
  );
  for (const counts of await Promise.all(asked)) {
    expect(counts).toMatchObject({ kind: 'counted', known: 1 });
  }
});

test('where it is not loaded, or cannot be, that is told', async () => {
  const secrets = await openSecrets(layoutOf(world.dataDir).masterKey, new SystemRandom());
  const without = new EmbeddedInterior(secrets, { countsStatements: false });
  const wish = { order: 'total', limit: 1 } as const;
  expect(await without.statements(place, wish)).toEqual({ kind: 'uncounted', because: 'engine' });
  await without.forgetStatements(place);

  const { socketDir, port } = await world.engine.startSystem();
  const password = secrets.password('catalog', 'dynabase');
  const address = { socketPath: `${socketDir}/.s.PGSQL.${port}` };
  await asSuperuser({ address, password }, async (client) => {
    const counts = await readStatements(client, wish);
    expect(counts).toEqual({ kind: 'uncounted', because: 'restart' });
    await forgetStatements(client);
  });
});
