/** What may go wrong on the way to the archive and back. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Archive, Notes, SaveRequest, Snapshot } from '../../domain/archive.ts';
import { type FailpointName, type Failpoints, NO_FAILPOINTS } from '../../domain/failpoints.ts';
import { snapshotIdOf, type TenantId } from '../../domain/ids.ts';
import { MemoryArchive } from '../../sim/memory-archive.ts';
import { SystemClock } from '../../system/clock.ts';
import { SystemRandom } from '../../system/random.ts';
import { localDisk } from '../../testing/local-disk.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { RealArchives } from '../../testing/real-archive.ts';
import { type RealHost, type RealTenant, realHost } from '../../testing/real-host.ts';
import { asSuperuser, SUPERUSER } from '../admin.ts';
import { hydratingFiles, layoutOf, tenantFiles } from '../layout.ts';
import { openSecrets } from '../secrets.ts';

const never = new AbortController().signal;

const refOf = ({ id }: { readonly id: TenantId }, snapshot: number) => ({
  tenant: id,
  vault: id,
  snapshot: snapshotIdOf(snapshot),
});

const requestOf = (tenant: RealTenant, signal: AbortSignal) => ({
  ...refOf(tenant, 1),
  name: null,
  notes: {},
  signal,
});

type Save = (request: SaveRequest) => Promise<Snapshot>;

/** An archive in memory that saves in another way. */
function archiveThatSaves(save: Save): () => Promise<Archive> {
  const memory = new MemoryArchive(new SystemClock(), localDisk);
  const archive = new Proxy<Archive>(memory, {
    get(_, key) {
      if (key === 'save') return save;
      const member: unknown = Reflect.get(memory, key);
      return typeof member === 'function' ? member.bind(memory) : member;
    },
  });
  return () => Promise.resolve(archive);
}

/** A save that has begun and goes on for ever, until it is told to give up. */
function endlessSave(): { readonly save: Save; readonly begun: Promise<void> } {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const save: Save = async ({ source, signal }) => {
    if (source.kind === 'running') {
      for await (const entry of source.entries) {
        for await (const _ of entry.content) break;
        break;
      }
    }
    resolve();
    return await new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };
  return { save, begun };
}

test('whoever comes while a stopped tenant is archived gets in at once', async () => {
  const { save, begun } = endlessSave();
  await using world = await realHost({ archive: archiveThatSaves(save) });
  const tenant = await world.running('wanted');
  await world.host.stop(tenant.id);
  const somebody = new AbortController();
  const saving = world.host.archive(tenant.id, requestOf(tenant, somebody.signal));
  const outcome = saving.catch((error: unknown) => error);
  await begun;
  const starting = world.start(tenant.id);
  const came = new Error('a client came');
  somebody.abort(came);
  expect(await outcome).toBe(came);
  await starting;
  expect(await world.sql(tenant, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a server that stops gives up what it archives', async () => {
  const { save, begun } = endlessSave();
  await using world = await realHost({ archive: archiveThatSaves(save) });
  const tenant = await world.created('left');
  const outcome = world.host
    .archive(tenant.id, requestOf(tenant, never))
    .catch((error: unknown) => String(error));
  await begun;
  await world.engine.close();
  expect(await outcome).toBe('Error: the server is stopping');
});

test('what is kept beside the data is no secret', async () => {
  const kept: Notes[] = [];
  const save: Save = ({ notes }) => {
    kept.push(notes);
    return Promise.reject(new Error('seen'));
  };
  await using world = await realHost({ archive: archiveThatSaves(save) });
  const tenant = await world.created('open');
  const { hotList, firstSecret } = tenantFiles(layoutOf(world.dataDir), tenant.id);
  expect(existsSync(firstSecret)).toBe(true);
  const look = () => world.host.archive(tenant.id, requestOf(tenant, never)).catch(() => {});
  await look();
  await world.start(tenant.id);
  await world.host.settle(tenant.id, tenant);
  await world.host.stop(tenant.id);
  writeFileSync(hotList, 'hot');
  await look();
  const secrets = expect.stringMatching(/^[\w-]{22}$/);
  expect(kept).toEqual([
    { unsettled: 'yes', secrets },
    { 'hot-list': 'hot', secrets },
  ]);
});

test('a file that cannot be read is told without its path', async () => {
  const failed = Object.assign(new Error("EIO: i/o error, read '/srv/secret/base/5/1259'"), {
    code: 'EIO',
    syscall: 'read',
  });
  await using world = await realHost({ archive: archiveThatSaves(() => Promise.reject(failed)) });
  const tenant = await world.created('unread');
  const told = world.host.archive(tenant.id, requestOf(tenant, never));
  await expect(told).rejects.toThrow(/^its files cannot be used: EIO$/);
});

test('an aborted request for an archive does not even look', async () => {
  await using world = await realHost();
  const tenant = await world.created('unasked');
  const gone = AbortSignal.abort(new Error('not wanted'));
  await expect(world.host.archive(tenant.id, requestOf(tenant, gone))).rejects.toThrow(
    'not wanted',
  );
});

test('a compute whose backup nobody reads can be stopped, and the backup fails', async () => {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const { promise: stopped, resolve: goOn } = Promise.withResolvers<void>();
  const save: Save = async ({ source }) => {
    if (source.kind !== 'running') throw new Error('the compute does not run');
    for await (const entry of source.entries) {
      for await (const _ of entry.content);
      if (entry.path === 'backup_label') {
        resolve();
        await stopped;
      }
    }
    throw new Error('the backup has an end');
  };
  await using world = await realHost({ archive: archiveThatSaves(save) });
  const tenant = await world.running('leaving');
  const saving = world.host.archive(tenant.id, requestOf(tenant, never));
  const outcome = saving.catch((error: unknown) => String(error));
  await begun;
  await world.host.stop(tenant.id);
  goOn();
  expect(await outcome).not.toContain('the backup has an end');
  await world.start(tenant.id);
});

test('a backup that takes long has all of the log that was written meanwhile', async () => {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const { promise: written, resolve: goOn } = Promise.withResolvers<void>();
  const paths: string[] = [];
  const save: Save = async ({ source }) => {
    if (source.kind !== 'running') throw new Error('the compute does not run');
    for await (const { path } of source.entries) {
      paths.push(path);
      if (path === 'backup_label') {
        resolve();
        await written;
      }
    }
    throw new Error('the backup has an end');
  };
  await using world = await realHost({ archive: archiveThatSaves(save) });
  const tenant = await world.running('busy');
  const saving = world.host.archive(tenant.id, requestOf(tenant, never));
  const outcome = saving.catch((error: unknown) => String(error));
  await begun;
  const password = (await secretsOf(world)).password(tenant.id, SUPERUSER);
  const { address } = await world.start(tenant.id);
  const segments = await asSuperuser({ address, password }, async (client) => {
    for (let round = 0; round < 4; round++) {
      await client.query('create schema written');
      await client.query('drop schema written');
      await client.query('select pg_switch_wal()');
      await client.query('checkpoint');
    }
    return (await client.query("select name from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'"))
      .rows;
  });
  goOn();
  expect(await outcome).toBe('Error: the backup has an end');
  const sent = paths.filter((path) => /^pg_wal\/[0-9A-F]{24}$/.test(path));
  expect(sent.length).toBeGreaterThanOrEqual(4);
  expect(segments.length).toBeGreaterThanOrEqual(sent.length);
});

const secretsOf = (world: RealHost) =>
  openSecrets(layoutOf(world.dataDir).masterKey, new SystemRandom());

/** Throws at `point`, the first two times; before that, `look` is called. */
function failingTwice(point: FailpointName, look: () => void = () => {}): Failpoints {
  let hits = 0;
  return {
    reach(at) {
      if (at !== point || ++hits > 2) return Promise.resolve();
      look();
      return Promise.reject(new Error(`failpoint ${at}`));
    },
  };
}

test.each(['hydrate.claimed', 'hydrate.loaded', 'hydrate.placed'] as const)(
  'a hydrate that fails at %s, twice, is done by the next, and leaves nothing else',
  async (point) => {
    await using world = await realHost({ failpoints: failingTwice(point) });
    const tenant = await shelved(world, 'repeated');
    for (const hit of [1, 2]) {
      const hydrated = world.host.hydrate(tenant.id, refOf(tenant, 1), never);
      if (point === 'hydrate.placed' && hit === 2) await hydrated;
      else await expect(hydrated).rejects.toThrow(point);
      expect(readdirSync(layoutOf(world.dataDir).hydrating)).toEqual([]);
    }
    await world.host.hydrate(tenant.id, refOf(tenant, 1), never);
    await world.start(tenant.id);
    expect(await world.sql(tenant, 'table kept')).toEqual([{ n: 1 }]);
  },
);

test.each(['hydrate.claimed', 'hydrate.loaded'] as const)(
  'what a crash at %s leaves is in nobody’s way, and is removed at the next start',
  async (point) => {
    const aside = () => join(world.dataDir, 'aside');
    const draft = () => hydratingFiles(layoutOf(world.dataDir), tenant.id).root;
    // A crash takes nothing away, and lets go of the lock.
    const crash = () => renameSync(draft(), aside());
    await using world = await realHost({ failpoints: failingTwice(point, crash) });
    const tenant = await shelved(world, 'crashed');
    for (const next of ['a hydrate', 'a start']) {
      const hydrated = world.host.hydrate(tenant.id, refOf(tenant, 1), never);
      await expect(hydrated).rejects.toThrow(point);
      renameSync(aside(), draft());
      expect(await world.host.observe(tenant.id)).toEqual({ kind: 'absent' });
      if (next === 'a start') await world.open();
    }
    expect(existsSync(draft())).toBe(false);
    await world.host.hydrate(tenant.id, refOf(tenant, 1), never);
    await world.start(tenant.id);
    expect(await world.sql(tenant, 'table kept')).toEqual([{ n: 1 }]);
  },
);

/** A tenant with a row, of which nothing is left here. */
async function shelved(world: RealHost, name: string): Promise<RealTenant> {
  const tenant = await world.running(name);
  await world.sql(tenant, 'create table kept as select 1 as n');
  await world.host.stop(tenant.id);
  await world.host.archive(tenant.id, requestOf(tenant, never));
  await world.host.remove(tenant.id);
  return tenant;
}

test('a hydrate that somebody calls off leaves nothing', async () => {
  const calledOff = new AbortController();
  const failpoints: Failpoints = {
    reach(at) {
      if (at === 'hydrate.loaded') calledOff.abort(new Error('called off'));
      return Promise.resolve();
    },
  };
  await using world = await realHost({ failpoints });
  const tenant = await shelved(world, 'unwanted');
  const hydrated = world.host.hydrate(tenant.id, refOf(tenant, 1), calledOff.signal);
  await expect(hydrated).rejects.toThrow('called off');
  expect(world.placed()).toEqual([]);
  expect(readdirSync(layoutOf(world.dataDir).hydrating)).toEqual([]);
});

test('a tenant whose removal follows a crash of its hydrate leaves nothing', async () => {
  await using world = await realHost();
  const tenant = await shelved(world, 'unmade');
  const { root } = hydratingFiles(layoutOf(world.dataDir), tenant.id);
  mkdirSync(root);
  await world.host.remove(tenant.id);
  expect(existsSync(root)).toBe(false);
});

/** A file system of this size in memory, or undefined where none can be mounted. */
function smallDisk(megabytes: number): (Disposable & { readonly path: string }) | undefined {
  const path = mkdtempSync(join(tmpdir(), 'dynabase-full-'));
  try {
    const size = `size=${megabytes}m`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    [Symbol.dispose]: () => {
      execFileSync('umount', [path]);
      rmSync(path, { recursive: true });
    },
  };
}

const NO_MOUNT = 'a file system in memory cannot be mounted here';

test('a full disk is a fault, and what is missing comes when there is room again', async ({
  skip,
}) => {
  using disk = smallDisk(120);
  if (!disk) return skip(NO_MOUNT);
  await using world = await realHost({ parent: disk.path, husks: 0 });
  const tenant = await world.running('large');
  const rows = `select repeat('x', 2000) from generate_series(1, 1e4)`;
  await world.sql(tenant, `create table kept as ${rows}`);
  await world.host.stop(tenant.id);
  await world.host.archive(tenant.id, requestOf(tenant, never));
  await world.host.remove(tenant.id);
  const filler = join(disk.path, 'filler');
  const { freeBytes, totalBytes } = world.host.diskRoom();
  expect(totalBytes).toBe(120 * 1024 * 1024);
  writeFileSync(filler, Buffer.alloc(freeBytes - 36 * 1024 * 1024));
  const hydrated = world.host.hydrate(tenant.id, refOf(tenant, 1), never);
  await expect(hydrated).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(world.placed()).toEqual([]);
  rmSync(filler);
  await world.host.hydrate(tenant.id, refOf(tenant, 1), never);
  await world.start(tenant.id);
  expect(await world.sql(tenant, 'select count(*)::int as n from kept')).toEqual([{ n: 10_000 }]);
});

test('a full archive is a fault, and the tenant stays as it is', async ({ skip }) => {
  using disk = smallDisk(2);
  if (!disk) return skip(NO_MOUNT);
  const parts = { log: new MemoryLog(), failpoints: NO_FAILPOINTS };
  await using archives = new RealArchives({ ...parts, path: join(disk.path, 'archive') });
  await using world = await realHost({ archive: archives.open });
  const tenant = await world.running('large');
  const rows = 'select gen_random_uuid() as n, gen_random_uuid() as m from generate_series(1, 1e5)';
  await world.sql(tenant, `create table kept as ${rows}`);
  await world.host.stop(tenant.id);
  const saved = world.host.archive(tenant.id, requestOf(tenant, never));
  await expect(saved).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(await world.engine.archive.list(refOf(tenant, 1))).toEqual([]);
  await world.start(tenant.id);
  expect(await world.sql(tenant, 'select count(*)::int as n from kept')).toEqual([{ n: 100_000 }]);
});
