import { Client, neon, neonConfig, Pool } from '@neondatabase/serverless';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { eventually } from '../../testing/eventually.ts';
import { aimNeonAt } from '../../testing/neon-driver.ts';

describe.each([false, true])('@neondatabase/serverless over WebSocket, chaos %s', (chaos) => {
  let tenant: ClientTenant;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos });
    aimNeonAt(tenant);
  });

  afterAll(() => tenant[Symbol.asyncDispose]());

  const connected = async (): Promise<Client & AsyncDisposable> => {
    const client = new Client(tenant.uri);
    await client.connect();
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
  };

  test('logs in with the password it sends ahead, and keeps its session', async () => {
    await using client = await connected();
    await client.query('create table if not exists kept (n int)');
    await client.query("set search_path = 'public', 'elsewhere'");
    for (let n = 0; n < 4; n++) {
      await tenant.rest();
      await client.query('insert into kept values ($1)', [n]);
    }
    await tenant.rest();
    const { rows } = await client.query(
      'select count(*)::int as n, current_setting($1) as path from kept',
      ['search_path'],
    );
    expect(rows).toEqual([{ n: 4, path: 'public, elsewhere' }]);
    await client.query('drop table kept');
  });

  test('hears what is notified', async () => {
    await using listener = await connected();
    const heard: (string | undefined)[] = [];
    listener.on('notification', ({ payload }) => heard.push(payload));
    await listener.query('listen news');
    for (const payload of ['one', 'two']) {
      await tenant.rest();
      await tenant.ask(`notify news, '${payload}'`);
      await eventually(payload, async () => heard.at(-1) === payload);
    }
    expect(heard).toEqual(['one', 'two']);
  });

  test('goes on after an error, and pools', async () => {
    const pool = new Pool({ connectionString: tenant.uri, max: 3 });
    await expect(pool.query('select 1/0')).rejects.toMatchObject({ code: '22012' });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => pool.query('select $1::int as n', [n])),
    );
    expect(answers.map(({ rows }) => rows[0]?.n)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    await pool.end();
  });

  test('answers as HTTP does', async () => {
    await using client = await connected();
    const sql = neon(tenant.uri, { fullResults: true });
    for (const [text, values] of QUESTIONS) {
      await tenant.rest();
      const one = await sql.query(text, [...values]);
      const other = await client.query(text, [...values]);
      expect(one.rows).toEqual(other.rows);
      expect([one.command, one.rowCount]).toEqual([other.command, other.rowCount]);
      expect(
        one.fields.map(({ name, dataTypeID, dataTypeModifier }) => [
          name,
          dataTypeID,
          dataTypeModifier,
        ]),
      ).toEqual(
        other.fields.map(({ name, dataTypeID, dataTypeModifier }) => [
          name,
          dataTypeID,
          dataTypeModifier,
        ]),
      );
    }
  });

  test('may ask to be asked for SCRAM, and is told what there is', async () => {
    neonConfig.pipelineConnect = false;
    try {
      await using client = await connected();
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    } finally {
      neonConfig.pipelineConnect = 'password';
    }
  });

  test('is refused with a wrong password', async () => {
    const client = new Client(tenant.uri.replace(tenant.password, 'wrong'));
    client.on('error', () => {});
    await expect(client.connect().then(() => client.query('select 1'))).rejects.toThrow(
      /password authentication failed|terminated/,
    );
  });
});

const QUESTIONS: readonly (readonly [string, readonly unknown[]])[] = [
  [
    'select $1::int2 as a, $2::int8 as b, $3::float8 as c, $4::numeric as d',
    [1, '9007199254740993', 1.5, '1.10'],
  ],
  ["select 'NaN'::float4 as a, 'Infinity'::float8 as b, 1e300::float8 as c, -0.0::float8 as d", []],
  ["select true as a, null::bool as b, 'x'::char(3) as c, '\\x00ff'::bytea as d", []],
  [
    "select '2026-01-02'::date as a, '2026-01-02 03:04:05.678+00'::timestamptz as b, '1 day'::interval as c",
    [],
  ],
  [`select '{"a": [1, {"b": null}]}'::json as a, '{"a": 1}'::jsonb as b`, []],
  [
    `select array[1,2,null] as a, array['a,"b', 'c\\\\d', null] as b, '{{1,2},{3,4}}'::int[] as c`,
    [],
  ],
  [
    "select gen_random_uuid() is not null as a, '10.0.0.1/8'::inet as b, '(1,2)'::point as c, int4range(1, 5) as d",
    [],
  ],
  [
    'select $1::text[] as a, $2::jsonb as b',
    [['x', 'y "z"', null], { deep: [1, 'é', '\u{1F600}'] }],
  ],
  ['select 1 as same, 2 as same', []],
  ['select where false', []],
  ['create temporary table t_shown (a int)', []],
];
