/**
 * What befalls the archive itself: bytes that change on its disk, a master key that is gone or wrong. Nobody
 * is served what is not as it was, everybody is told why, and what is good still comes back.
 */
import { existsSync } from 'node:fs';
import { open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import {
  freshDataDir,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

let dataDir: string;
let server: RealServer;

beforeAll(async () => {
  dataDir = await freshDataDir();
  server = await realServer({ dataDir });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await removeDataDir(dataDir);
});

async function query(tenant: TenantSecret, sql: string): Promise<unknown[]> {
  const session = new pg.Client(server.uri({ role: tenant.name, password: tenant.password }));
  session.on('error', () => {});
  await session.connect();
  try {
    return (await session.query(sql)).rows;
  } finally {
    await session.end();
  }
}

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it did not fail',
    (error: Error) => error.message,
  );

const isHere = ({ id }: TenantSecret): boolean => existsSync(join(dataDir, 'tenants', id));

const filesOf = async ({ id }: TenantSecret, kind: string): Promise<readonly string[]> => {
  const place = join(dataDir, 'archive', 'vaults', id, kind);
  const look = { recursive: true, withFileTypes: true } as const;
  const entries = await readdir(place, look).catch(() => []);
  return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
};

async function flipByte(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8() ^ 0x10);
    await file.write(byte, 0, 1, at);
  } finally {
    await file.close();
  }
}

/** A megabyte and a half that nothing can compress, so that it is not kept in the list itself. */
const RANDOM = `select decode(string_agg(md5(random()::text), ''), 'hex') from generate_series(1, 500) a, generate_series(1, 200) b group by a`;

/** A tenant that has 1 in a snapshot called `good`, and 2 in the archive. */
async function twoSnapshots(name: string) {
  const tenant = await server.client.tenants.create({ name });
  await query(tenant, 'create table v as select 1 as n');
  await server.client.tenants.snapshot(name, { name: 'good' });
  const before = {
    packs: await filesOf(tenant, 'packs'),
    lists: await filesOf(tenant, 'manifests'),
  };
  await query(tenant, 'update v set n = 2');
  await query(tenant, `create table filled as ${RANDOM}`);
  await server.client.tenants.archive(name);
  const [latest, good] = await server.client.tenants.snapshots(name);
  if (latest === undefined || good?.name !== 'good') throw new Error('a snapshot is missing');
  const newOnes = {
    packs: (await filesOf(tenant, 'packs')).filter((file) => !before.packs.includes(file)),
    lists: (await filesOf(tenant, 'manifests')).filter((file) => !before.lists.includes(file)),
  };
  expect(newOnes.packs.length).toBeGreaterThan(0);
  expect(newOnes.lists).toHaveLength(1);
  return { tenant, latest, good, newOnes };
}

async function damagedIsToldAndGoodComesBack({
  tenant,
  latest,
  good,
}: Awaited<ReturnType<typeof twoSnapshots>>): Promise<void> {
  const { tenants } = server.client;
  const { name } = tenant;
  const told = await messageOf(query(tenant, 'select n from v'));
  expect(told).toContain(`database "${name}" could not start (snapshot ${latest.id} is damaged`);
  expect(isHere(tenant)).toBe(false);
  expect(await readdir(join(dataDir, 'hydrating'))).toEqual([]);
  const { failure } = await tenants.get(name);
  expect(failure?.reason).toContain('is damaged');
  expect(alarmsOf(name)).not.toEqual([]);
  const damages = (await tenants.snapshots(name)).map(({ id, damage }) => [id, damage === null]);
  expect(damages).toContainEqual([latest.id, false]);
  expect(damages).toContainEqual([good.id, true]);
  expect(await messageOf(tenants.restore(name, latest.id))).toContain('is damaged');

  await tenants.restore(name, good.id);
  expect(await query(tenant, 'select n from v')).toEqual([{ n: 1 }]);
  await query(tenant, 'update v set n = 3');
  await tenants.archive(name);
  expect(await query(tenant, 'select n from v')).toEqual([{ n: 3 }]);
}

/** What the log says at level ERROR of the tenant. */
const alarmsOf = (name: string): readonly string[] =>
  server.output.split('\n').filter((line) => line.includes('"level":50') && line.includes(name));

test('a chunk with a flipped byte is not served', async () => {
  const made = await twoSnapshots('chunk');
  for (const pack of made.newOnes.packs) await flipByte(pack, (await readFile(pack)).length >> 1);
  await damagedIsToldAndGoodComesBack(made);
});

test('a list of chunks with a flipped byte is not served', async () => {
  const made = await twoSnapshots('list');
  for (const list of made.newOnes.lists) {
    await flipByte(list, (await readFile(list)).length >> 1);
  }
  await damagedIsToldAndGoodComesBack(made);
});

test('a chunk that is gone is not served', async () => {
  const made = await twoSnapshots('gone');
  for (const pack of made.newOnes.packs) await rename(pack, join(dataDir, 'scratch', 'pack'));
  await damagedIsToldAndGoodComesBack(made);
});

test('with the key gone or another no server starts, and with its own all is well', async () => {
  const tenant = await server.client.tenants.create({ name: 'sealed' });
  await query(tenant, 'create table v as select 1 as n');
  await server.client.tenants.archive('sealed');
  await server.end();
  const key = join(dataDir, 'secrets', 'archive.key');
  const own = await readFile(key, 'utf8');
  await rename(key, `${key}.away`);
  const gone = await messageOf(realServer({ dataDir }));
  expect(gone).toContain('its file is gone, and the archive is not empty');
  expect(gone).toContain('[ARCHIVE_KEY]');
  expect(existsSync(key)).toBe(false);

  await writeFile(key, 'too short\n');
  expect(await messageOf(realServer({ dataDir }))).toContain('[ARCHIVE_KEY]');

  await writeFile(key, `${Buffer.alloc(32, 7).toString('base64')}\n`);
  const other = await messageOf(realServer({ dataDir }));
  expect(other).toContain('is not the one that this tenant was archived with');
  expect(other).toContain('[ARCHIVE_KEY]');

  await writeFile(key, own);
  server = await realServer({ dataDir });
  await eventually('the tenant is served again', () =>
    query(tenant, 'select n from v').then(
      () => true,
      () => false,
    ),
  );
  expect(await query(tenant, 'select n from v')).toEqual([{ n: 1 }]);
});
