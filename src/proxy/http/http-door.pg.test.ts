import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../testing/eventually.ts';
import { type RealProxy, realProxy } from '../../testing/real-proxy.ts';

const BYTES_MAX = 64 * 1024;

type Told = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
};

describe('SQL over HTTP', () => {
  let world: RealProxy;

  beforeAll(async () => {
    world = await realProxy({ httpBytesMax: BYTES_MAX }, 5);
  });

  afterAll(() => world[Symbol.asyncDispose]());

  const uri = (password = 'pencil', tenant = 'acme', rest = ''): string =>
    `postgresql://${tenant}:${password}@localhost/${tenant}${rest}`;

  const place = (): string => `http://127.0.0.1:${world.proxy.port}/sql`;

  async function ask(
    body: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Told> {
    const answer = await fetch(place(), {
      method: 'POST',
      headers: { 'Neon-Connection-String': uri(), ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await answer.text();
    return { status: answer.status, body: JSON.parse(text), headers: answer.headers };
  }

  const counted = async (sql: string): Promise<number> => {
    const [row] = await world.postgres.sql(sql);
    return Number(Object.values(row as object)[0]);
  };

  test('types every value that JSON has a place for', async () => {
    const query = `select true as b, 1::int2 as i2, 2::int4 as i4, 9007199254740993::int8 as i8,
      1.50::numeric as n, 1.5::float4 as f, 'NaN'::float8 as nan, '{"a": [1]}'::jsonb as j,
      '[1, {"b": null}]'::json as k, '{1,NULL,3}'::int[] as l, '{{t,f},{f,t}}'::bool[] as m,
      '[0:1]={"a,b",NULL}'::text[] as o, array['{"x": "\\"y"}'::jsonb] as p, '{}'::int[] as q,
      '{1.5,NaN}'::float8[] as r, '{10000000000}'::int8[] as s, '(1,2),(3,4);'::text as t,
      array['(3,4),(1,2)'::box, '(1,1),(0,0)'::box] as u, '\\x00ff'::bytea as v, null::int as w`;
    const { status, body } = await ask({ query });
    expect(status).toBe(200);
    expect(body.rows).toEqual([
      {
        ...{ b: true, i2: 1, i4: 2, i8: '9007199254740993', n: '1.50', f: 1.5, nan: 'NaN' },
        ...{ j: { a: [1] }, k: [1, { b: null }], l: [1, null, 3] },
        ...{
          m: [
            [true, false],
            [false, true],
          ],
          o: ['a,b', null],
          p: [{ x: '"y' }],
          q: [],
        },
        ...{ r: [1.5, 'NaN'], s: ['10000000000'], t: '(1,2),(3,4);' },
        ...{ u: ['(3,4),(1,2)', '(1,1),(0,0)'], v: '\\x00ff', w: null },
      },
    ]);
    const raw = await ask({ query }, { 'Neon-Raw-Text-Output': 'true', 'Neon-Array-Mode': 'true' });
    expect((raw.body.rows as unknown[][])[0]?.slice(0, 6)).toEqual([
      't',
      '1',
      '2',
      '9007199254740993',
      '1.50',
      '1.5',
    ]);
    expect(raw.body).toMatchObject({ rowAsArray: true, command: 'SELECT', rowCount: 1 });
  });

  test('takes values of JSON in the text that PostgreSQL reads', async () => {
    const { body } = await ask({
      query: `select $1::text as a, $2::int8 as b, $3::jsonb as c, $4::text[] as d, $5::int[][] as e,
        $6::bool as f, $7::numeric as g, $8::jsonb[] as h`,
      params: JSON.parse(
        '["x\\ny", 1, {"k": ["v"]}, ["a\\"b", "c\\\\d", null, "e\\nf"], [[1, 2], [3, 4]], true, 0.5, [{"z": 1}]]',
      ),
    });
    expect(body.rows).toEqual([
      {
        ...{ a: 'x\ny', b: '1', c: { k: ['v'] }, d: ['a"b', 'c\\d', null, 'e\nf'] },
        ...{
          e: [
            [1, 2],
            [3, 4],
          ],
          f: true,
          g: '0.5',
          h: [{ z: 1 }],
        },
      },
    ]);
    const exact =
      '{"query": "select $1::int8 as n, $2::numeric as d", "params": [9007199254740993, 0.12345678901234567890]}';
    expect((await ask(exact)).body.rows).toEqual([
      { n: '9007199254740993', d: '0.12345678901234567890' },
    ]);
  });

  test('cancels what runs when its client goes', async () => {
    const gone = new AbortController();
    const asked = ask({ query: "select pg_sleep(600), 'abandoned'" }, {}, gone.signal);
    asked.catch(() => {});
    const running =
      "select count(*) from pg_stat_activity where state = 'active' and query ~ 'aban' 'doned'";
    const isRunning = running.replace("'aban' 'doned'", "'^select pg_sleep.600'");
    await eventually('it runs', async () => (await counted(isRunning)) === 1);
    gone.abort();
    await eventually('it is cancelled', async () => (await counted(isRunning)) === 0);
  });

  test('bounds what is asked and what is answered', async () => {
    const asked = await ask({ query: 'select $1', params: ['x'.repeat(BYTES_MAX)] });
    expect([asked.status, asked.body.fault]).toEqual([413, 'BODY_TOO_LARGE']);
    for (const query of [
      `select repeat('x', ${BYTES_MAX + 1})`,
      'select generate_series(1, 1000000)',
    ]) {
      const answered = await ask({ query });
      expect([answered.status, answered.body.fault]).toEqual([507, 'RESPONSE_TOO_LARGE']);
      expect(answered.body.message).toMatch(`response is too large (max is ${BYTES_MAX} bytes)`);
    }
    expect(
      (await ask({ query: `select length(repeat('x', ${BYTES_MAX})) as n` })).body.rows,
    ).toEqual([{ n: BYTES_MAX }]);
  });

  test('has no COPY, and says so', async () => {
    for (const query of ['copy (select 1) to stdout', 'copy pg_class from stdin']) {
      const { status, body } = await ask({ query });
      expect([status, body.code]).toEqual([400, query.includes('stdin') ? '42501' : '0A000']);
    }
  });

  test('waits its turn where all backends are at work, and wakes once for all', async () => {
    const wakes = world.gate.wakes.length;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => ask({ query: 'select $1::int as n', params: [n] })),
    );
    expect(answers.map(({ body }) => (body.rows as { n: number }[])[0]?.n)).toEqual(
      Array.from({ length: 200 }, (_, n) => n),
    );
    expect(world.gate.wakes.length - wakes).toBeLessThanOrEqual(1);
    const backends = "select count(*) from pg_stat_activity where usename = 'acme'";
    expect(await counted(backends)).toBeLessThanOrEqual(5);
  });

  test('names a tenant in each of our ways', async () => {
    for (const connection of [
      'postgresql://acme:pencil@acme.localhost/acme',
      'postgresql://acme.acme:pencil@127.0.0.1/acme',
      'postgresql://acme:pencil@[::1]/postgres?options=endpoint%3Dacme',
      'postgres://acme:pencil@db.example.com:5432/acme?sslmode=require&channel_binding=require',
    ]) {
      const { body } = await ask(
        { query: 'select current_user as u' },
        { 'Neon-Connection-String': connection },
      );
      expect(body.rows).toEqual([{ u: 'acme' }]);
    }
  });

  test('has its settings from the connection string', async () => {
    const connection = uri(
      'pencil',
      'acme',
      '?application_name=mine&options=-c%20work_mem%3D123kB',
    );
    const query =
      "select current_setting('application_name') as a, current_setting('work_mem') as w";
    const { body } = await ask({ query }, { 'Neon-Connection-String': connection });
    expect(body.rows).toEqual([{ a: 'mine', w: '123kB' }]);
  });

  test.each([
    ['', /missing/],
    ['nonsense', /is no URL/],
    ['mysql://a:b@c/d', /is no URL/],
    ['postgresql://acme@localhost/acme', /no password/],
    ['postgresql://:pencil@localhost/acme', /no role/],
    ['postgresql://acme:pencil%00@localhost/acme', /no name and no password/],
    ['postgresql://acme:%E0%A4%A@localhost/acme', /percent/],
  ])('refuses %j as a connection string', async (connection, why) => {
    const headers = connection === '' ? {} : { 'Neon-Connection-String': connection };
    const answer = await fetch(place(), { method: 'POST', headers, body: '{"query":"select 1"}' });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toMatch(why);
  });

  test('answers a page of another origin that asks first', async () => {
    const answer = await fetch(place(), { method: 'OPTIONS' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-headers')).toMatch('Neon-Batch-Deferrable');
    expect((await fetch(place())).status).toBe(405);
    expect((await fetch(place().replace('/sql', '/other'))).status).toBe(404);
  });

  test('speaks over TLS on the same port', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const asked = secureRequest(
        {
          ...{ host: '127.0.0.1', port: world.proxy.port, path: '/sql', method: 'POST' },
          headers: { 'Neon-Connection-String': uri() },
          rejectUnauthorized: false,
        },
        (answer) => {
          let said = '';
          answer.on('data', (chunk: Buffer) => {
            said += chunk.toString();
          });
          answer.on('end', () => resolve(said));
        },
      );
      asked.on('error', reject);
      asked.end('{"query":"select 1 as n"}');
    });
    expect(JSON.parse(text).rows).toEqual([{ n: 1 }]);
  });

  test('nothing that is sent makes it fail', async () => {
    const anything = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({ query: fc.anything(), params: fc.anything() })
        .map((v) => JSON.stringify(v) ?? ''),
      fc
        .record({
          query: fc.constantFrom(
            'select $1',
            'select $1::jsonb',
            'select $1::int[]',
            ';',
            '',
            'begin',
          ),
          params: fc.array(fc.jsonValue()),
          arrayMode: fc.jsonValue(),
        })
        .map((v) => JSON.stringify(v)),
      fc.record({ queries: fc.jsonValue() }).map((v) => JSON.stringify(v)),
    );
    const header = fc.constantFrom('true', 'false', 'Serializable', 'nonsense', '');
    await fc.assert(
      fc.asyncProperty(anything, header, header, async (body, level, raw) => {
        const { status } = await ask(body, {
          'Neon-Batch-Isolation-Level': level,
          'Neon-Raw-Text-Output': raw,
        });
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 200 },
    );
    expect(world.log.alarming).toEqual([]);
  });

  test('no bytes make it fail', async () => {
    const line = fc.constantFrom(
      'POST /sql HTTP/1.1\r\n',
      'GET / HTTP/1.1\r\n',
      'OPTIONS * HTTP/1.1\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Upgrade: websocket\r\nConnection: Upgrade\r\n',
      'Host: a\r\n',
      '\r\n',
      '5\r\nhello\r\n0\r\n\r\n',
    );
    const part = fc.oneof(
      line.map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const socket = connect({ host: '127.0.0.1', port: world.proxy.port });
        socket.on('error', () => {});
        socket.resume();
        const closed = new Promise((done) => socket.once('close', done));
        socket.end(Buffer.concat([Buffer.from('P'), ...parts]));
        await closed;
      }),
      { numRuns: 100 },
    );
    expect((await ask({ query: 'select 1 as n' })).body.rows).toEqual([{ n: 1 }]);
    expect(world.log.alarming).toEqual([]);
  });
});

test('counts what is used, as of any client', async () => {
  const world = await realProxy();
  const refused: unknown[] = [];
  Object.assign(world.gate, { refused: (counts: unknown) => refused.push(counts) });
  const ask = async (body: unknown, password = 'pencil'): Promise<void> => {
    await fetch(`http://127.0.0.1:${world.proxy.port}/sql`, {
      method: 'POST',
      headers: { 'Neon-Connection-String': `postgresql://acme:${password}@localhost/acme` },
      body: JSON.stringify(body),
    }).then((answer) => answer.text());
  };
  await ask({ query: 'select 1' });
  await ask({ queries: [{ query: 'select 1' }, { query: 'select 2' }] });
  await ask({ query: 'select 1/0' });
  await ask({ query: 'select 1' }, 'crayon');
  await ask({ query: 1 });
  await world[Symbol.asyncDispose]();
  const sum = (read: (minute: (typeof world.usage)[number]) => number): number =>
    world.usage.reduce((total, minute) => total + read(minute), 0);
  expect(refused).toEqual([{ PASSWORD_WRONG: 1 }, { BAD_REQUEST: 1 }]);
  expect(sum(({ queries }) => queries)).toBe(4);
  expect(sum(({ transactions }) => transactions)).toBe(3);
  expect(sum(({ sessions }) => sessions)).toBe(1);
  expect(sum(({ errors }) => errors['22'] ?? 0)).toBe(1);
  expect(sum(({ bytesIn }) => bytesIn)).toBeGreaterThan(100);
});

test('refuses passwords in the clear where TLS is required', async () => {
  await using world = await realProxy({ requireTls: true });
  const answer = await fetch(`http://127.0.0.1:${world.proxy.port}/sql`, {
    method: 'POST',
    headers: { 'Neon-Connection-String': 'postgresql://acme:pencil@localhost/acme' },
    body: '{"query":"select 1"}',
  });
  expect([answer.status, ((await answer.json()) as { fault: string }).fault]).toEqual([
    400,
    'HTTPS_REQUIRED',
  ]);
});
