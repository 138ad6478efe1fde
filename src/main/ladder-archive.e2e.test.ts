/**
 * The archive as its users meet it, through sessions, the command line and the SDK: what goes there comes
 * back, forks and files are tenants of their own, and what is damaged is told and not served.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import pg from 'pg';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { failureOf } from '../testing/client-calls.ts';
import { converse } from '../testing/conversation.ts';
import { runs, titled } from '../testing/installed.ts';
import {
  freshDataDir,
  type RealServer,
  realServer,
  removeDataDir,
  runCli,
} from '../testing/real-server.ts';

let server: RealServer;
const opened: pg.Client[] = [];

beforeAll(async () => {
  server = await realServer();
});

afterAll(async () => {
  await Promise.allSettled(opened.map((session) => session.end()));
  await server[Symbol.asyncDispose]();
});

/** A session that stays. */
async function sessionOf(tenant: TenantSecret, at: RealServer = server): Promise<pg.Client> {
  const { name: role, password } = tenant;
  // A fork has the database and the role of its own name.
  const session = new pg.Client(at.uri({ role, password }));
  session.on('error', () => {});
  opened.push(session);
  await session.connect();
  return session;
}

const rows = async (session: pg.Client, sql: string): Promise<unknown[]> =>
  (await session.query(sql)).rows;

const isHere = ({ id }: TenantSecret): boolean => existsSync(join(server.dataDir, 'tenants', id));

/** One command of the CLI, which must succeed; what it prints as JSON. */
async function dynabase(...args: readonly string[]) {
  const ran = await runCli([...args, '--json'], { dataDir: server.dataDir });
  expect({ args, ...ran }).toMatchObject({ code: 0 });
  return ran.stdout === '' ? null : JSON.parse(ran.stdout);
}

test('a session parked over an archive sees its data again, and has what it had', async () => {
  const tenant = await server.client.tenants.create({ name: 'parked' });
  const session = await sessionOf(tenant);
  await session.query(
    'create table notes as select n, md5(n::text) from generate_series(1, 5000) n',
  );
  await session.query(
    `set timezone to 'Asia/Tokyo'; prepare counted as select count(*)::int as n from notes`,
  );
  const byName = { name: 'one', text: 'select md5 from notes where n = $1', values: [7] };
  const before = (await session.query(byName)).rows;
  for (let round = 0; round < 2; round++) {
    expect(await dynabase('archive', 'parked')).toMatchObject({ home: 'archive', level: 'L4' });
    expect(isHere(tenant)).toBe(false);
    expect((await session.query(byName)).rows).toEqual(before);
    expect(await rows(session, 'execute counted')).toEqual([{ n: 5_000 }]);
    expect(await rows(session, 'show timezone')).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
    expect(isHere(tenant)).toBe(true);
  }
  const levels = await server.client.tenants.levels('parked');
  expect(levels.steps.map(({ kind, from }) => `${kind} ${from ?? ''}`.trim())).toEqual(
    expect.arrayContaining(['wake L4', 'archive']),
  );
});

describe(titled('psql', runs('psql', '--version'), 'postgresql-client'), {
  skip: !runs('psql', '--version'),
}, () => {
  test('does not notice that its database was in the archive', async () => {
    const tenant = await server.client.tenants.create({ name: 'typed' });
    // From a file, so that the prompt reads standard input.
    const file = join(server.dataDir, 'script.sql');
    const script = [
      'create table kept (n int); insert into kept values (1), (2);',
      'prepare total as select sum(n) from kept;',
      '\\echo rest\n\\prompt answered',
      'execute total;',
    ];
    await writeFile(file, script.join('\n'));
    const said = await converse({
      command: 'psql',
      args: ['-X', '-q', '-A', '-t', '-f', file],
      env: {
        ...{ PGHOST: '127.0.0.1', PGPORT: `${server.proxyPort}`, PGDATABASE: 'typed' },
        ...{ PGUSER: 'typed', PGPASSWORD: tenant.password },
      },
      rest: async () => {
        await server.client.tenants.archive('typed');
        expect(isHere(tenant)).toBe(false);
      },
    });
    expect(said).toEqual({ code: 0, stdout: '3', stderr: '' });
  });
});

test('a tier is changed under a session at rest, which keeps what it has', async () => {
  const tenant = await server.client.tenants.create({ name: 'tiered' });
  const session = await sessionOf(tenant);
  await session.query(`set work_mem to '3MB'; prepare one as select 1 as one`);
  const buffers = await rows(session, 'show shared_buffers');
  expect(await dynabase('set-tier', 'tiered', 'hot')).toMatchObject({ tier: 'HOT' });
  await server.client.tenants.restart('tiered');
  expect(await rows(session, 'show work_mem')).toEqual([{ work_mem: '3MB' }]);
  expect(await rows(session, 'execute one')).toEqual([{ one: 1 }]);
  expect(await rows(session, 'show shared_buffers')).not.toEqual(buffers);
  // Nobody could give a temporary table back: who has one keeps the compute that it is in.
  await session.query('create temporary table mine as select 1 as n');
  expect(await dynabase('set-tier', 'tiered', 'cold')).toMatchObject({ tier: 'COLD' });
  expect(await rows(session, 'select * from mine')).toEqual([{ n: 1 }]);
  expect(await failureOf(server.client.tenants.archive('tiered'))).toMatchObject({
    code: 'TENANT_BUSY',
  });
  expect(await rows(session, 'select * from mine')).toEqual([{ n: 1 }]);
  await session.end();
  await server.client.tenants.archive('tiered');
  expect(isHere(tenant)).toBe(false);
});

test('a fork and its origin go ways of their own', async () => {
  const origin = await server.client.tenants.create({ name: 'origin' });
  const left = await sessionOf(origin);
  await left.query('create table t as select n from generate_series(1, 3) n');
  await server.client.tenants.archive('origin');
  const { password } = await dynabase('fork', 'origin', 'copy');
  const copy = { ...origin, ...(await server.client.tenants.get('copy')), password };
  const right = await sessionOf(copy);
  await left.query('insert into t values (10)');
  await right.query('insert into t values (20), (30)');
  for (const name of ['origin', 'copy']) await server.client.tenants.archive(name);
  const total = 'select sum(n)::int as n from t';
  expect(await rows(left, total)).toEqual([{ n: 16 }]);
  expect(await rows(right, total)).toEqual([{ n: 56 }]);
  expect(await rows(right, 'select current_user as who, current_database() as where')).toEqual([
    { who: 'copy', where: 'copy' },
  ]);
  await left.end();
  // What the two share stays for the one that is left.
  await server.client.tenants.delete('origin');
  await server.client.tenants.archive('copy');
  expect(await rows(right, total)).toEqual([{ n: 56 }]);
  await expect(sessionOf({ ...copy, password: origin.password })).rejects.toThrow();
});

test('snapshots are taken, listed, restored under a session, and deleted', async () => {
  const tenant = await server.client.tenants.create({ name: 'dated' });
  const session = await sessionOf(tenant);
  await session.query('create table v as select 1 as n');
  await session.query('prepare seen as select n from v');
  const first = await dynabase('snapshots', 'create', 'dated', '--called', 'one');
  await session.query('update v set n = 2');
  await server.client.tenants.archive('dated');
  const restored = await dynabase('snapshots', 'restore', 'dated', first.id, '--yes');
  expect(restored).toMatchObject({ name: 'dated' });
  expect(await rows(session, 'execute seen')).toEqual([{ n: 1 }]);
  // Awake, with a change that no snapshot has.
  await session.query('update v set n = 3');
  await server.client.tenants.restore('dated', first.id);
  expect(await rows(session, 'execute seen')).toEqual([{ n: 1 }]);
  const list = await server.client.tenants.snapshots('dated');
  const kept = list.find(({ name }) => name === `before ${first.id}`);
  await server.client.tenants.restore('dated', kept?.id ?? 'none');
  expect(await rows(session, 'execute seen')).toEqual([{ n: 3 }]);
  await dynabase('snapshots', 'delete', 'dated', first.id, '--yes');
  const { tenants } = server.client;
  expect(await failureOf(tenants.restore('dated', first.id))).toMatchObject({
    code: 'SNAPSHOT_UNKNOWN',
  });
  expect(await rows(session, 'execute seen')).toEqual([{ n: 3 }]);
  await session.query('begin');
  expect(await failureOf(tenants.restore('dated', kept?.id ?? 'none'))).toMatchObject({
    code: 'TENANT_BUSY',
  });
  expect(await rows(session, 'execute seen')).toEqual([{ n: 3 }]);
  await session.query('commit');
});

/** A tar archive as nobody's export writes it. */
async function hostileTar(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: '../../../etc/cron.d/evil' }, '* * * * * root id');
  tar.entry({ name: 'data/base', type: 'symlink', linkname: '/etc' });
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar as AsyncIterable<Buffer>) parts.push(part);
  return zstdCompressSync(Buffer.concat(parts));
}

const partsOf = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
};

test('an exported file is a tenant of another server, and no other file is', async () => {
  const tenant = await server.client.tenants.create({ name: 'moved' });
  const session = await sessionOf(tenant);
  await session.query(
    `create table t as select n, repeat(md5(n::text), 9) as text from generate_series(1, 9000) n`,
  );
  const summed =
    'select count(*)::int as n, md5(string_agg(text, n::text order by n)) as sum from t';
  const before = await rows(session, summed);
  const parts: Uint8Array[] = [];
  for await (const part of await server.client.tenants.export('moved')) parts.push(part);
  const file = Buffer.concat(parts);
  // An export leaves nothing of itself.
  expect((await server.client.tenants.snapshots('moved')).map(({ name }) => name)).not.toContain(
    'export under way',
  );

  await using other = await realServer();
  const { tenants } = other.client;
  const made = await tenants.import({ name: 'arrived' }, partsOf(file));
  const there = await sessionOf(made, other);
  expect(await rows(there, summed)).toEqual(before);
  await there.query('insert into t values (0, null)');
  await tenants.archive('arrived');
  expect(await rows(there, 'select count(*)::int as n from t')).toEqual([{ n: 9_001 }]);
  const old = { ...made, name: 'moved', password: tenant.password };
  await expect(sessionOf(old, other)).rejects.toThrow();

  const flipped = Buffer.from(file);
  flipped.writeUInt8(flipped.readUInt8(file.length >> 1) ^ 1, file.length >> 1);
  const hostile = {
    ...{ empty: Buffer.alloc(0), foreign: Buffer.from('PGDMP but not ours '.repeat(99)), flipped },
    ...{ cut: file.subarray(0, file.length >> 1), unended: file.subarray(0, -1) },
    ...{ tar: await hostileTar() },
  };
  const vaults = await readdir(join(other.dataDir, 'archive', 'vaults'));
  for (const [name, bytes] of Object.entries(hostile)) {
    const told = await tenants.import({ name }, partsOf(bytes)).catch((error: unknown) => error);
    expect({ name, told }).toMatchObject({ name, told: { code: 'BAD_IMPORT' } });
    expect(await failureOf(tenants.get(name))).toMatchObject({ code: 'TENANT_UNKNOWN' });
  }
  expect(await readdir(join(other.dataDir, 'archive', 'vaults'))).toEqual(vaults);
  await there.end();
});

const HOME = '/usr/lib/postgresql';
const OWN_MAJOR = 18;

/** The newest pg_dump that is installed. It refuses servers that are newer than itself. */
const dumper = (existsSync(HOME) ? readdirSync(HOME) : [])
  .map((major) => ({ major: Number(major), binDir: join(HOME, major, 'bin') }))
  .filter(({ binDir }) => existsSync(join(binDir, 'pg_dump')) && existsSync(join(binDir, 'initdb')))
  .toSorted((a, b) => b.major - a.major)[0];

describe(titled('pg_dump', dumper !== undefined, 'postgresql'), {
  skip: dumper === undefined,
}, () => {
  test('of a tenant in the archive is that of one that is here', async () => {
    const { major = 0, binDir = '' } = dumper ?? {};
    const dataDir = await freshDataDir();
    // As root, an older PostgreSQL must be able to walk to its files.
    await chmod(dataDir, 0o711);
    try {
      const args = major >= OWN_MAJOR ? [] : ['--postgres-bin-dir', binDir];
      await using own = await realServer({ dataDir, args });
      const tenant = await own.client.tenants.create({ name: 'dumped' });
      const session = await sessionOf(tenant, own);
      await session.query(
        'create table t as select n, md5(n::text) from generate_series(1, 500) n; create index on t (n); create view v as select max(n) from t',
      );
      const uri = own.uri({ role: 'dumped', password: tenant.password });
      const dump = async (): Promise<string> => {
        const { stdout } = await promisify(execFile)(join(binDir, 'pg_dump'), [uri]);
        return stdout.replace(/^\\(un)?restrict .*$/gm, '');
      };
      const before = await dump();
      expect(before).toContain('CREATE VIEW public.v');
      await own.client.tenants.archive('dumped');
      expect(existsSync(join(dataDir, 'tenants', tenant.id))).toBe(false);
      expect(await dump()).toBe(before);
    } finally {
      await removeDataDir(dataDir);
    }
  });
});
