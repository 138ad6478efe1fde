import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComputeEntry, DynaBase } from '../sdk/index.ts';
import { asClient, failureOf } from '../testing/client-calls.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

let server: RealServer;
let api: DynaBase;

beforeAll(async () => {
  server = await realServer();
  api = server.client;
}, 120_000);

afterAll(() => server[Symbol.asyncDispose]());

describe('databases', () => {
  beforeAll(async () => {
    await api.tenants.create({ name: 'many' });
  });

  test('another database is the owner’s, and is found by the user that names the tenant', async () => {
    const made = await api.inside.createDatabase('many', 'many.Reports');
    expect(made).toMatchObject({ name: 'many.Reports', isDefault: false, owner: 'many' });
    const { password } = await api.tenants.rotatePassword('many');
    const uri = made.connectionUri.replace('many.many@', `many.many:${password}@`);
    await asClient(uri, (client) => client.query('create table there ()'));
    const asked = { sql: "select current_database() as d, to_regclass('there')::text as t" };
    const { rows } = await api.inside.query('many', { ...asked, database: 'many.Reports' });
    expect(rows).toEqual([{ d: 'many.Reports', t: 'there' }]);
    const reader = await api.inside.createRole('many', { name: 'reader', access: 'read-only' });
    await asClient(
      server.uri({
        ...{ role: 'reader.many', password: reader.password ?? '' },
        database: 'many.Reports',
      }),
      (client) => client.query('select * from there'),
    );
    expect((await api.inside.databases('many')).map(({ name }) => name)).toEqual([
      'many',
      'many.Reports',
    ]);
    await api.inside.deleteDatabase('many', 'many.Reports');
    expect(await api.inside.databases('many')).toHaveLength(1);
  });

  test('a name that a tenant could have is refused, and the own database stays', async () => {
    const codes = await Promise.all(
      [
        api.inside.createDatabase('many', 'reports'),
        api.inside.createDatabase('many', 'postgres'),
        api.inside.createDatabase('many', 'dynabase.x'),
        api.inside.deleteDatabase('many', 'many'),
        api.inside.deleteDatabase('many', 'postgres'),
        api.inside.deleteDatabase('many', 'template1'),
      ].map(async (call) => (await failureOf(call)).code),
    );
    expect(codes).toEqual([
      ...['BAD_NAME', 'BAD_NAME', 'BAD_NAME', 'BAD_REQUEST', 'NOT_FOUND', 'NOT_FOUND'],
    ]);
  });
});

describe('extensions', () => {
  beforeAll(async () => {
    await api.tenants.create({ name: 'more' });
  });

  test('a trusted one is the owner’s; others are in a schema of ours', async () => {
    const trusted = await api.inside.putExtension('more', 'pg_trgm');
    expect(trusted).toMatchObject({ allowed: true, schema: 'public', installedVersion: '1.6' });
    const { rows } = await api.inside.query('more', {
      sql: "select similarity('abc', 'abd') > 0 as s",
    });
    expect(rows).toEqual([{ s: true }]);
    const other = await api.inside.putExtension('more', 'earthdistance');
    expect(other).toMatchObject({ schema: 'extensions' });
    const owners = await api.inside.query('more', {
      sql: `select extname as e, pg_get_userbyid(extowner)::text as o from pg_extension
        where extname in ('pg_trgm', 'earthdistance', 'cube') order by 1`,
    });
    expect(owners.rows).toEqual([
      { e: 'cube', o: 'dynabase' },
      { e: 'earthdistance', o: 'dynabase' },
      { e: 'pg_trgm', o: 'more' },
    ]);
    await api.inside.deleteExtension('more', 'pg_trgm');
    await api.inside.deleteExtension('more', 'cube', { cascade: true });
    const left = (await api.inside.extensions('more')).filter((one) => one.installedVersion);
    expect(left.map(({ name }) => name)).toEqual(['plpgsql']);
  });

  test('an old version is brought to a new one', async () => {
    const old = await api.inside.putExtension('more', 'hstore', { version: '1.7' });
    expect(old.installedVersion).toBe('1.7');
    expect((await api.inside.putExtension('more', 'hstore')).installedVersion).toBe('1.8');
  });

  test('what gives away the machine is refused whatever the operator allows', async () => {
    const refused = async (name: string) =>
      (await failureOf(api.inside.putExtension('more', name))).code;
    for (const name of ['file_fdw', 'plpython3u', 'plperlu', 'pg_surgery', 'postgres_fdw']) {
      expect(await refused(name)).toBe('EXTENSION_REFUSED');
    }
    const listed = await api.inside.extensions('more');
    expect(listed.find(({ name }) => name === 'postgres_fdw')).toMatchObject({
      allowed: false,
      because: 'it reaches other servers; an operator can add it to the allowed ones',
    });
    await allow(['postgres_fdw', 'file_fdw']);
    expect(await api.inside.putExtension('more', 'postgres_fdw')).toMatchObject({ allowed: true });
    expect(await refused('file_fdw')).toBe('EXTENSION_REFUSED');
    await allow([]);
  });

  test('our superuser installs nothing into a schema that the tenant has made', async () => {
    await api.inside.query('more', { sql: 'create schema lure' });
    for (const schema of ['lure', 'public']) {
      const failure = await failureOf(api.inside.putExtension('more', 'pgrowlocks', { schema }));
      expect([failure.code, failure.message]).toEqual([
        'BAD_REQUEST',
        `schema "${schema}" was made by the tenant; choose one that does not exist`,
      ]);
    }
  });

  const allow = async (allowedExtensions: readonly string[]): Promise<void> => {
    const { apiUrl, apiKey } = server;
    const response = await fetch(`${apiUrl}/v1/settings`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ allowedExtensions }),
    });
    expect(response.status).toBe(200);
  };
});

describe('statements', () => {
  test('those of the tenant are told, none that we ask behind its back, to who may read data', async () => {
    const { id, password } = await api.tenants.create({ name: 'counted' });
    const uri = server.uri({ role: 'counted', password });
    await asClient(uri, async (client) => {
      await client.query('create table facts (n int)');
      await client.query("set work_mem = '5MB'");
      const kept = { name: 'kept', text: 'select n from facts where n = $1', values: [1] };
      await client.query(kept);
      // Asked what it holds, parked, and put together again on another compute.
      await api.tenants.suspend('counted');
      await client.query(kept);
    });
    await api.inside.query('counted', { sql: 'select count(*) from facts', readOnly: true });
    const counts = await api.inside.statements('counted', { sort: 'calls' });
    expect(counts.uncounted).toBeNull();
    const told = counts.statements.map(({ text, role, calls }) => ({ text, role, calls }));
    expect(told).toEqual([
      { text: 'select n from facts where n = $1', role: 'counted', calls: 2 },
      { text: 'select count(*) from facts', role: null, calls: 1 },
    ]);
    expect(counts.statements.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);

    const scope = { kind: 'tenant', tenant: id } as const;
    const as = async (role: 'viewer' | 'billing'): Promise<DynaBase['inside']> => {
      const { secret } = await api.keys.create({ name: role, scope, role });
      return new DynaBase({ apiUrl: server.apiUrl, apiKey: secret }).inside;
    };
    const [viewer, billing] = [await as('viewer'), await as('billing')];
    expect(await viewer.statements('counted')).toMatchObject({ known: 2 });
    for (const call of [viewer.forgetStatements('counted'), billing.statements('counted')]) {
      expect((await failureOf(call)).code).toBe('FORBIDDEN');
    }
    await api.inside.forgetStatements('counted');
    expect(await api.inside.statements('counted')).toMatchObject({ known: 0, statements: [] });
  });
});

describe('settings', () => {
  beforeAll(async () => {
    await api.tenants.create({ name: 'tuned' });
  });

  test('they hold for new sessions, in a fork too, and are given back', async () => {
    const before = await settingOf('tuned', 'work_mem');
    expect(before).toMatchObject({
      value: '4MB',
      set: null,
      source: 'server',
      unit: 'kB',
      min: 64,
    });
    await api.inside.changeSettings('tuned', {
      work_mem: '16MB',
      statement_timeout: 30_000,
      timezone: 'Europe/Berlin',
      search_path: '"$user", app, public',
      jit: false,
    });
    expect(await settingOf('tuned', 'work_mem')).toMatchObject({
      ...{ value: '16MB', set: '16MB', source: 'database' },
    });
    expect(await settingOf('tuned', 'search_path')).toMatchObject({
      value: '"$user", app, public',
    });
    await api.tenants.fork('tuned', { name: 'tuned-too' });
    expect(await settingOf('tuned-too', 'statement_timeout')).toMatchObject({ value: '30s' });
    await api.inside.changeSettings('tuned', { work_mem: null });
    expect(await settingOf('tuned', 'work_mem')).toEqual(before);
    expect(await settingOf('tuned', 'TimeZone')).toMatchObject({ value: 'Europe/Berlin' });
  });

  test.each([
    [{ work_mem: '64GB' }, 'BAD_REQUEST'],
    [{ work_mem: '8MB', statement_timeout: '2d' }, 'BAD_REQUEST'],
    [{ shared_preload_libraries: 'x' }, 'BAD_REQUEST'],
    [{ session_preload_libraries: 'x' }, 'BAD_REQUEST'],
    [{ log_statement: 'all' }, 'BAD_REQUEST'],
    [{ work_mem: 'lots' }, 'QUERY_FAILED'],
    [{ default_transaction_isolation: "serializable'; drop table x; --" }, 'QUERY_FAILED'],
  ])('%j is refused, and nothing of it is done', async (settings, code) => {
    const before = await api.inside.settings('tuned');
    expect((await failureOf(api.inside.changeSettings('tuned', settings))).code).toBe(code);
    expect(await api.inside.settings('tuned')).toEqual(before);
  });

  const settingOf = async (ref: string, wanted: string) =>
    (await api.inside.settings(ref)).find(({ name }) => name === wanted);
});

describe('computes', () => {
  test('tell what is awake, and how it woke', async () => {
    await api.tenants.create({ name: 'seen' });
    expect(await api.computes.get('seen')).toMatchObject({ state: 'suspended', wakes: [] });
    await api.tenants.wake('seen');
    const seen = await api.computes.get('seen');
    expect(seen).toMatchObject({ name: 'seen', state: 'running', level: 'L1', tier: 'COLD' });
    expect(seen.limits.memoryMb).toBeGreaterThan(0);
    await expect
      .poll(async () => (await api.computes.get('seen')).wakes[0]?.kind, { timeout: 20_000 })
      .toBe('wake');
    const awake: ComputeEntry[] = [];
    for await (const one of api.computes.list({ sort: 'since', limit: 1 })) awake.push(one);
    expect(awake.at(-1)?.name).toBe('seen');
    expect(new Set(awake.map(({ tenant }) => tenant)).size).toBe(awake.length);
    const since = awake.map((one) => one.since);
    expect(since).toEqual([...since].sort());
  });

  test('plans and tiers are those in force', async () => {
    expect((await api.computes.plans()).map(({ plan }) => plan)).toEqual([
      ...['free', 'starter', 'professional', 'enterprise'],
    ]);
    const { tiers } = await api.computes.tiers();
    expect(tiers.map(({ tier, idleAfterMs }) => [tier, idleAfterMs])).toEqual([
      ['COLD', 900_000],
      ['WARM', 900_000],
      ['HOT', 86_400_000],
      ['PERSISTENT', null],
    ]);
  });
});
