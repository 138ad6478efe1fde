/** What real clients do with a real PostgreSQL, through the proxy, in clear and encrypted. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import postgresJs from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UsageMinute } from '../domain/usage.ts';
import { eventually } from '../testing/eventually.ts';
import { type RealProxy, realProxy } from '../testing/real-proxy.ts';
import { described, WirePeer } from '../testing/wire-peer.ts';
import { message, zeroTerminated } from '../wire/messages.ts';

const TLS = { rejectUnauthorized: false };

let real: RealProxy;

beforeAll(async () => {
  real = await realProxy();
}, 60_000);

afterAll(async () => {
  await real[Symbol.asyncDispose]();
  expect(real.log.alarming).toEqual([]);
  expect(real.gate.uses.size).toBe(0);
});

type Way = { readonly ssl: false | typeof TLS };

/** A client of node-postgres, connected; `await using` ends it. */
async function connected(way: Way) {
  const client = new pg.Client({ ...real.connection, ...way });
  // A test that ends a session from elsewhere looks at what its query says.
  client.on('error', () => {});
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

function pipelined(way: Way, max = 1) {
  const sql = postgresJs({ ...real.connection, ...way, max, onnotice: () => {} });
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end() });
}

/** Until no session of clients is left in PostgreSQL. */
/** But for those at rest in the pool. */
const noneLeft = (): Promise<unknown> =>
  real.postgres.sqlUntilRows(
    `select 1 where not exists (select 1 from pg_stat_activity where usename = 'acme'
     and query <> 'DISCARD ALL')`,
  );

describe.each<[string, Way]>([
  ['in clear', { ssl: false }],
  ['encrypted', { ssl: TLS }],
])('%s', (_name, way) => {
  test('large rows arrive whole, and the session goes on', async () => {
    await using client = await connected(way);
    const { rows } = await client.query<{ n: number; text: string }>(
      `select n, repeat(chr(64 + n), 1000000) as text from generate_series(1, 25) n`,
    );
    const isWhole = rows.every(({ n, text }) => text === String.fromCharCode(64 + n).repeat(1e6));
    expect([rows.length, isWhole]).toEqual([25, true]);
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('large parameters arrive whole', async () => {
    await using client = await connected(way);
    const text = 'parameter '.repeat(500_000);
    const md5 = createHash('md5').update(text).digest('hex');
    const { rows } = await client.query('select md5($1) as md5, length($1) as length', [text]);
    expect(rows).toEqual([{ md5, length: text.length }]);
  });

  test('hundreds of pipelined queries are answered each with its own', async () => {
    await using sql = pipelined(way);
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    const answers = await Promise.all(
      numbers.map((n) => (n % 7 === 0 ? failing(sql, n) : sql`select ${n}::int as n`)),
    );
    expect(answers.map((rows) => rows[0]?.n)).toEqual(numbers);
  });

  test('COPY goes in and out', async () => {
    const peer = await rawPeer(way);
    peer.send(query('create temp table copied (n int, text text)'));
    await peer.messagesTo('Z');
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n}\t${'x'.repeat(n % 300)}\n`);
    const data = lines.map((line) => message('d', Buffer.from(line)));
    peer.send(query('copy copied from stdin'), ...data, message('c'));
    expect((await peer.messagesTo('Z')).map(described)).toEqual(['G', 'C', 'Z']);
    peer.send(query('copy (select * from copied order by n) to stdout'));
    const rows = (await peer.messagesTo('Z')).filter(({ type }) => type === 'd');
    expect(rows.map(({ body }) => body.toString()).join('')).toBe(lines.join(''));
    peer.socket.destroy();
  });

  test('COPY that fails half way leaves a session that works', async () => {
    const peer = await rawPeer(way);
    peer.send(query('create temp table copied (n int)'));
    await peer.messagesTo('Z');
    const data = Array.from({ length: 5_000 }, (_, n) =>
      message('d', Buffer.from(n === 2_500 ? 'none\n' : `${n}\n`)),
    );
    peer.send(query('copy copied from stdin'), ...data, message('c'));
    expect((await peer.messagesTo('Z')).map(described)).toEqual([
      'G',
      'error 22P02: invalid input syntax for type integer: "none"',
      'Z',
    ]);
    peer.send(query('select 1'));
    expect((await peer.messagesTo('Z')).map(described)).toEqual(['T', 'D', 'C', 'Z']);
    peer.socket.destroy();
  });

  test('a notification comes while the session is idle', async () => {
    await using listener = await connected(way);
    await using speaker = await connected(way);
    await listener.query('listen news');
    const heard = once(listener, 'notification');
    await speaker.query(`notify news, 'hello'`);
    const [{ channel, payload }] = await heard;
    expect({ channel, payload }).toEqual({ channel: 'news', payload: 'hello' });
  });

  test('a cursor is read step by step', async () => {
    await using sql = pipelined(way);
    const sizes: number[] = [];
    for await (const rows of sql`select generate_series(1, 25) as n`.cursor(10)) {
      sizes.push(rows.length);
    }
    expect(sizes).toEqual([10, 10, 5]);
  });

  test('a running query is cancelled, and the session goes on', async () => {
    await using sql = pipelined(way);
    const sleeping = sql`select pg_sleep(600), 'cancel me'`;
    const failed = expect(sleeping).rejects.toMatchObject({ code: '57014' });
    await running('cancel me');
    sleeping.cancel();
    await failed;
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  });

  test('prepared statements live as long as their session', async () => {
    await using client = await connected(way);
    for (const n of [1, 2, 3]) {
      const query = { name: 'plus', text: 'select $1::int + 1 as sum', values: [n] };
      expect((await client.query(query)).rows).toEqual([{ sum: n + 1 }]);
    }
    const { rows } = await client.query('select count(*)::int as n from pg_prepared_statements');
    expect(rows).toEqual([{ n: 1 }]);
  });

  test('a backend that is ended says so to its client, in its own words', async () => {
    await using client = await connected(way);
    await using other = await connected(way);
    const { rows } = await client.query('select pg_backend_pid() as pid');
    const ended = expect(client.query('select pg_sleep(600)')).rejects.toMatchObject({
      code: '57P01',
      message: 'terminating connection due to administrator command',
    });
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await ended;
  });

  test('a client that dies in the middle of a query leaves no backend behind', async () => {
    const peer = await rawPeer(way);
    peer.send(query(`select pg_sleep(600), 'left alone'`));
    await running('left alone');
    // Encrypted it just closes, as a process does that ends; in clear it resets, as one whose
    // answers come too late.
    if (way.ssl) peer.socket.destroy();
    else peer.socket.resetAndDestroy();
    await noneLeft();
  });

  test('twenty clients at once do not get each other’s rows', async () => {
    await using sql = pipelined(way, 20);
    const asked = Array.from({ length: 400 }, (_, n) => n);
    const answers = await Promise.all(
      asked.map((n) => sql`select ${n}::int as n, repeat(${String(n)}, ${n * 20}) as text`),
    );
    const right = answers.every(([row], n) => row?.text === String(n).repeat(n * 20));
    expect([answers.map(([row]) => row?.n), right]).toEqual([asked, true]);
  });
});

test('the process id a client is told is that of its backend', async () => {
  await using client = await connected({ ssl: false });
  const { rows } = await client.query('select pg_backend_pid() as pid');
  expect((client as unknown as { processID: number }).processID).toBe(rows[0]?.pid);
});

test('a change of roles is told to the gate once it is committed', async () => {
  await using client = await connected({ ssl: false });
  const told = (): number => real.gate.asked.filter((what) => what === 'rolesChanged').length;
  const before = told();
  await client.query('begin');
  await client.query('create user bob');
  expect(told()).toBe(before);
  await client.query('commit');
  expect(told()).toBe(before + 1);
  await client.query('drop user bob');
  expect(told()).toBe(before + 2);
});

test('a compute that dies takes sessions at rest with it only if their state is not known', async () => {
  await using other = await realProxy();
  const [known, pinned] = [new pg.Client(other.connection), new pg.Client(other.connection)];
  const errors: unknown[] = [];
  pinned.on('error', (error) => errors.push((error as pg.DatabaseError).code));
  for (const client of [known, pinned]) await client.connect();
  await known.query('select 1');
  await pinned.query('create temp table t (x int)');
  const ended = new Promise<void>((resolve) => pinned.once('end', resolve));
  other.postgres.signal('SIGKILL');
  await ended;
  expect(errors[0]).toBe('57P01');
  await eventually('the other is parked', async () => {
    const states = (await other.proxy.sessions.list(other.tenant)).map(({ state }) => state);
    return states.join() === 'parked';
  });
  await known.end();
});

test('what was used is counted, all of it', async () => {
  const usage: readonly UsageMinute[] = await (async () => {
    await using other = await realProxy();
    const client = new pg.Client(other.connection);
    await client.connect();
    await client.query('select 1');
    await client.query('select $1::int', [2]);
    await client.query('begin');
    await client.query('rollback');
    await expect(client.query('select 1/0')).rejects.toThrow();
    await client.query(`select repeat('x', 1000000)`);
    await client.end();
    return other.usage;
  })();
  const sum = (count: (record: UsageMinute) => number): number =>
    usage.reduce((total, record) => total + count(record), 0);
  expect({
    sessions: sum((u) => u.sessions),
    queries: sum((u) => u.queries),
    transactions: sum((u) => u.transactions),
    divisionErrors: sum((u) => u.errors['22'] ?? 0),
    latencies: sum((u) => u.latency.reduce((total, count) => total + count, 0)),
  }).toEqual({ sessions: 1, queries: 6, transactions: 5, divisionErrors: 1, latencies: 6 });
  expect(sum((u) => u.bytesOut)).toBeGreaterThan(1_000_000);
  expect(sum((u) => u.bytesOut)).toBeLessThan(1_002_000);
});

/** Fails in PostgreSQL, and answers as its neighbours do. */
const failing = (sql: postgresJs.Sql, n: number): Promise<{ n: number }[]> =>
  sql`select 1 / ${0}::int`.then(
    () => [],
    () => [{ n }],
  );

/** Until PostgreSQL runs a query that has `text` in it. */
const running = (text: string): Promise<unknown> =>
  real.postgres.sqlUntilRows(
    `select 1 from pg_stat_activity
      where state = 'active' and pid <> pg_backend_pid() and position($1 in query) > 0`,
    [text],
  );

const query = (sql: string): Buffer => message('Q', zeroTerminated(sql));

/** A client that is no library's, logged in. */
async function rawPeer({ ssl }: Way): Promise<WirePeer> {
  const { host, port, user, database, password } = real.connection;
  const socket = ssl
    ? connectTls({ host, port, ...ssl, ALPNProtocols: ['postgresql'] })
    : connectTcp({ host, port });
  await once(socket, ssl ? 'secureConnect' : 'connect');
  const peer = new WirePeer(socket);
  await peer.logIn({ password, parameters: { user, database } });
  return peer;
}
