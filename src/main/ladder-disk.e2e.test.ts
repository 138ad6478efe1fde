/**
 * Disks run full: that of the tenants, that of the archive, that of the catalog. Who asks is told so,
 * who is awake goes on, nothing acknowledged is lost and nothing half done is served, and once there is
 * room all works again by itself. Needs the right to mount file systems.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { access, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isErrno } from '../embedded/machine/durable.ts';
import type { DynaBaseError, TenantSecret } from '../sdk/index.ts';
import { failureOf } from '../testing/client-calls.ts';
import { eventually } from '../testing/eventually.ts';
import { titled } from '../testing/installed.ts';
import { LedgerClient, WHOLE } from '../testing/ledger-client.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { type RealServer, realServer, removeDataDir } from '../testing/real-server.ts';

const MB = 1_048_576;

/** A file system in memory. */
class SmallDisk implements Disposable {
  readonly path: string;

  constructor(path: string, megabytes: number) {
    this.path = path;
    mkdirSync(path);
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', path];
    execFileSync('mount', options, { stdio: 'ignore' });
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Takes all room but `leave` bytes, also what was set free since. */
  fill(leave: number): void {
    for (let n = 0; this.freeBytes > leave; n++) {
      const size = Math.min(64 * MB, this.freeBytes - leave);
      if (size <= 0) return;
      try {
        writeFileSync(join(this.#fillers(), `${n}-${size}-${Date.now()}`), Buffer.alloc(size, 1));
      } catch (error) {
        // Others write here, too: they took the room that was counted, which is then filled as meant.
        if (!isErrno(error, 'ENOSPC')) throw error;
        return;
      }
    }
  }

  empty(): void {
    rmSync(this.#fillers(), { recursive: true });
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.path]);
    rmSync(this.path, { recursive: true });
  }

  #fillers(): string {
    const path = join(this.path, 'fillers');
    mkdirSync(path, { recursive: true });
    return path;
  }
}

/** Whether file systems can be mounted here. */
function mayMount(): boolean {
  const path = join(tmpdir(), `dynabase-mount-${process.pid}`);
  mkdirSync(path);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', path]);
  if (status === 0) execFileSync('umount', [path]);
  rmSync(path, { recursive: true });
  return status === 0;
}

const canMount = mayMount();

let parent: string;
let postgres: RealPostgres;
let server: RealServer;
let data: SmallDisk;
let archive: SmallDisk;
let catalog: SmallDisk;
let awake: TenantSecret;
let client: LedgerClient;
/** Sessions that the client has needed. */
let had = 1;

const uriOf = ({ name, password }: TenantSecret): string => server.uri({ role: name, password });

const clientOf = (tenant: TenantSecret): LedgerClient =>
  new LedgerClient('one', () => uriOf(tenant));

const isLocal = ({ id }: TenantSecret): Promise<boolean> =>
  access(join(data.path, 'dynabase', 'tenants', id)).then(
    () => true,
    () => false,
  );

/** What a client does that was refused: the same again, until it is served. */
const servedAgain = (what: string, work: () => Promise<unknown>): Promise<void> =>
  eventually(what, () =>
    work().then(
      () => true,
      () => false,
    ),
  );

/** Nobody who is awake has noticed anything. */
async function goesOn(): Promise<void> {
  await client.append();
  expect(await client.audit()).toEqual(WHOLE);
  expect(client.sessions).toBe(had);
}

/** A tenant with some megabytes, archived. */
async function archived(name: string): Promise<TenantSecret> {
  const tenant = await server.client.tenants.create({ name });
  const writer = clientOf(tenant);
  await writer.query(
    `create table filled as select repeat(md5(n::text), 60) as text from generate_series(1, 6000) n`,
  );
  await writer.end();
  await server.client.tenants.archive(name);
  return tenant;
}

const rowsOf = async (tenant: TenantSecret): Promise<unknown> => {
  const reader = clientOf(tenant);
  try {
    const [row] = await reader.query<{ n: number }>('select count(*)::int as n from filled');
    return row?.n;
  } finally {
    await reader.end();
  }
};

beforeAll(async () => {
  if (!canMount) return;
  parent = await mkdtemp(join(tmpdir(), 'dynabase-disks-'));
  data = new SmallDisk(join(parent, 'data'), 400);
  archive = new SmallDisk(join(parent, 'archive'), 64);
  catalog = new SmallDisk(join(parent, 'catalog'), 48);
  postgres = await realPostgres();
  const space = join(catalog.path, 'space');
  mkdirSync(space, { mode: 0o700 });
  const { uid, gid } = statSync(postgres.connection.socketDir);
  chownSync(space, uid, gid);
  execFileSync('chmod', ['755', parent]);
  await postgres.sql(`create tablespace small location '${space}'`);
  await postgres.sql('create database catalog tablespace small');
  const { socketDir, user, password } = postgres.connection;
  server = await realServer({
    dataDir: join(data.path, 'dynabase'),
    args: ['--archive-dir', join(archive.path, 'archive'), '--husks', '0'],
    env: { DATABASE_URL: `postgresql://${user}:${password}@localhost/catalog?host=${socketDir}` },
  });
  awake = await server.client.tenants.create({ name: 'awake', plan: 'enterprise' });
  client = clientOf(awake);
  await client.begin();
});

afterAll(async () => {
  if (!canMount) return;
  await client?.end();
  await server?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
  await removeDataDir(join(data.path, 'dynabase'));
  for (const disk of [data, archive, catalog]) disk[Symbol.dispose]();
  rmSync(parent, { recursive: true });
});

// One that fails leaves room to the others.
afterEach(() => {
  if (canMount) for (const disk of [data, archive, catalog]) disk.empty();
});

describe(titled('with no room', canMount, 'the right to mount'), { skip: !canMount }, () => {
  test('for tenants, none comes back and none is made, until there is', async () => {
    const cold = await archived('cold');
    const fresh = await server.client.tenants.create({ name: 'fresh' });
    data.fill(8 * MB);
    for (const tenant of [cold, fresh]) {
      const begun = clientOf(tenant).begin();
      await expect(begun).rejects.toThrow(/could not start \(.*disk is full/);
      expect(await isLocal(tenant)).toBe(false);
      const { failure } = await server.client.tenants.get(tenant.name);
      expect(failure?.reason).toMatch(/disk is full/);
    }
    expect(await readdir(join(data.path, 'dynabase', 'hydrating'))).toEqual([]);
    await goesOn();

    data.empty();
    await servedAgain('a new tenant is made', () => clientOf(fresh).begin());
    await servedAgain('a tenant comes back', () => rowsOf(cold));
    expect(await rowsOf(cold)).toBe(6_000);
    for (const name of ['cold', 'fresh']) await server.client.tenants.delete(name);
  });

  test('for tenants at all, what is not done is told, and no acknowledged row is lost', async () => {
    const { tenants } = server.client;
    const bystander = await server.client.tenants.create({ name: 'bystander' });
    const reader = clientOf(bystander);
    await reader.begin();
    data.fill(0);
    // A base backup begins by writing a little.
    const taken = await failureOf(tenants.snapshot('awake', { name: 'full' }));
    expect(taken).toMatchObject({ code: 'DISK_FULL', http: 507 });
    expect(await tenants.snapshots('awake')).toEqual([]);
    // Its log has no room at last, which ends the compute, and no other.
    const much = `select pg_logical_emit_message(false, 'much', repeat('x', 1000000))`;
    let refused = 0;
    for (let n = 0; n < 20 && refused === 0; n++) {
      await client.append().catch(() => {});
      await client.query(much).catch(() => {
        refused += 1;
      });
    }
    expect(refused).toBe(1);
    expect(await reader.audit()).toEqual(WHOLE);

    data.empty();
    await servedAgain('rows can be appended', () => client.append());
    expect(await client.audit()).toEqual(WHOLE);
    had = client.sessions;
    await tenants.snapshot('awake', { name: 'with room' });
    const [latest] = await tenants.snapshots('awake');
    expect(latest).toMatchObject({ name: 'with room', damage: null });
    await reader.end();
    await tenants.delete('bystander');
  });

  test('in the archive, nothing goes there, and what is here stays', async () => {
    const { tenants } = server.client;
    const tenant = await archived('kept');
    expect(await rowsOf(tenant)).toBe(6_000);
    const writer = clientOf(tenant);
    await writer.query(`create table more as select md5(n::text) from generate_series(1, 20000) n`);
    const before = await tenants.snapshots('kept');
    archive.fill(0);
    const refused = [
      () => tenants.archive('kept'),
      () => tenants.snapshot('kept', { name: 'one' }),
      () => tenants.fork('kept', { name: 'fork' }),
    ];
    for (const ask of refused) {
      expect(await failureOf(ask())).toMatchObject({ code: 'DISK_FULL', http: 507 });
      expect(await isLocal(tenant)).toBe(true);
    }
    expect(await tenants.snapshots('kept')).toEqual(before);
    expect(await failureOf(tenants.get('fork'))).toMatchObject({ code: 'TENANT_UNKNOWN' });
    expect(await rowsOf(tenant)).toBe(6_000);
    await goesOn();

    archive.empty();
    const fork = await tenants.fork('kept', { name: 'fork' });
    expect(await rowsOf(fork)).toBe(6_000);
    await writer.end();
    await tenants.archive('kept');
    expect(await isLocal(tenant)).toBe(false);
    expect(await rowsOf(tenant)).toBe(6_000);
    for (const name of ['kept', 'fork']) await tenants.delete(name);
  });

  test('in the catalog, nobody is made or woken, and who is awake goes on', async () => {
    const { tenants } = server.client;
    const asleep = await archived('asleep');
    catalog.fill(0);
    let made = 0;
    let told: DynaBaseError | undefined;
    for (; made < 2_000 && told === undefined; made++) {
      const name = `many-${made}`;
      await tenants.create({ name }).catch((error: DynaBaseError) => {
        told = error;
      });
    }
    expect(told).toMatchObject({ code: 'DISK_FULL', http: 507 });
    const woken = await rowsOf(asleep).catch((error: Error) => error);
    if (woken instanceof Error) expect(woken.message).toMatch(/disk is full/);
    else expect(woken).toBe(6_000);
    await goesOn();

    catalog.empty();
    await servedAgain('a tenant is woken', () => rowsOf(asleep));
    expect(await rowsOf(asleep)).toBe(6_000);
    await tenants.create({ name: 'one-more' });
    const names: string[] = [];
    for await (const { name } of tenants.list()) names.push(name);
    // The last was refused, and is not there.
    expect(names.length).toBe(3 + made - 1);
  });
});
