/**
 * The data directory that all husks are copied from, made once for each engine.
 *
 * `initdb` takes half a second and leaves 31 MB. The template holds the same databases and one more,
 * the tenant's, in 28 MB: rewriting the catalogs drops their free space, and the maps of it, which
 * come back when a vacuum needs them; WAL shrinks to one segment. The tenant's role and database are
 * there under a placeholder name, so that naming them is all that a new tenant waits for.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import type { Failpoints } from '../domain/failpoints.ts';
import { fault } from '../domain/faults.ts';
import type { Random } from '../domain/random.ts';
import { seconds } from '../domain/units.ts';
import { asSuperuser, OPERATOR, SUPERUSER, UNNAMED } from './admin.ts';
import { ACCESS_RULES } from './archiving/archiving-door.ts';
import { STOP_PATIENCE } from './compute.ts';
import { chownTree, type FileOwner } from './copy-tree.ts';
import { featuresOf, versionText } from './engine-version.ts';
import { type ComputeFiles, computeFiles } from './layout.ts';
import { ownFunctions } from './levels/buffers-functions.ts';
import { withoutPaths } from './log-file.ts';
import {
  DISK_IS_FULL,
  discard,
  ensureDir,
  isErrno,
  renameDurably,
  saysFull,
  syncDir,
} from './machine/durable.ts';
import { makeLock } from './machine/lock.ts';
import type { OsCalls } from './machine/os.ts';
import { newPassword } from './secrets.ts';
import { type Setting, settingsOf } from './settings.ts';
import { type Ground, startCompute, UNLIMITED } from './start.ts';

export type TemplateParts = {
  readonly ground: Ground;
  readonly random: Random;
  readonly failpoints: Failpoints;
  /** Where templates are kept. */
  readonly templates: string;
  readonly trash: string;
  /** Whom `initdb` runs as; it wants a user that the system knows. Null: as this process. */
  readonly builder: FileOwner;
};

/** Grows when the recipe below changes, so that an old template is not taken for a new one. */
const RECIPE = 4;

/**
 * Lets every role see what its own backend keeps in memory: that is the only sign of a sequence value,
 * without which a session cannot be moved to another backend. The second statement tells `pg_dump`
 * that the right has always been there, so that no dump asks for it elsewhere.
 */
const SEE_OWN_MEMORY = [
  'grant execute on function pg_catalog.pg_get_backend_memory_contexts() to public',
  `update pg_init_privs as i set initprivs = p.proacl from pg_proc as p
   where i.classoid = 'pg_proc'::regclass and i.objoid = p.oid
   and p.oid = 'pg_get_backend_memory_contexts()'::regprocedure`,
];

const run = promisify(execFile);
const INITDB_TIMEOUT = seconds(120);
const START_TIMEOUT = seconds(120);

const SIZE = {
  sharedBuffersMb: 64,
  workMemKb: 16_384,
  maintenanceWorkMemMb: 64,
  connectionsMax: 10,
};

/** The template of this engine; made if it is missing. */
export async function openTemplate(parts: TemplateParts): Promise<ComputeFiles> {
  const { templates, trash, random, failpoints, ground } = parts;
  await ensureDir(templates, 0o711);
  const files = computeFiles(join(templates, `${versionText(ground.engine.version)}-${RECIPE}`));
  if (existsSync(files.root)) return files;
  const draft = computeFiles(join(templates, `.making-${newPassword(random).slice(0, 12)}`));
  try {
    await build(parts, draft);
    await failpoints.reach('template.built');
    await renameDurably(draft.root, files.root);
  } catch (error) {
    await discard(draft.root, trash);
    // Another server was quicker; its template is as good.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
  return files;
}

/** Deletes drafts that a crash left. */
export async function sweepTemplates(templates: string, trash: string): Promise<void> {
  await ensureDir(templates, 0o711);
  for (const name of await readdir(templates)) {
    if (name.startsWith('.making-')) await discard(join(templates, name), trash);
  }
}

async function build(parts: TemplateParts, draft: ComputeFiles): Promise<void> {
  const { ground, random, builder } = parts;
  const password = newPassword(random);
  await makeComputeDirs(draft, builder, ground.os);
  await mkdir(draft.data, { mode: 0o700 });
  await chownTree(draft.data, builder);
  await writeFile(draft.firstSecret, password, { mode: 0o600, flag: 'wx' });
  await initialise(parts, draft);
  await replaceConfiguration(draft, builder);
  const compute = await startCompute(ground, {
    files: draft,
    settings: buildSettings(ground),
    giveUpAfter: START_TIMEOUT,
    limits: UNLIMITED,
  });
  try {
    await furnish(parts, { address: compute.address, password });
  } finally {
    await compute.stop(STOP_PATIENCE);
    compute.release();
  }
  await strip(draft);
  await syncTree(draft.root, ground.os);
}

/** All of a compute's directory but its data. Only `run` is its own. */
export async function makeComputeDirs(
  files: ComputeFiles,
  owner: FileOwner,
  os: OsCalls,
): Promise<void> {
  await mkdir(files.root, { mode: 0o711 });
  // The mode given to mkdir is subject to the umask.
  await chmod(files.root, 0o711);
  await mkdir(files.logDir, { mode: 0o700 });
  await mkdir(files.run, { mode: 0o700 });
  if (owner) await chown(files.run, owner.uid, owner.gid);
  makeLock(files.lock, os);
}

/** The password goes by a file that only the builder can read; arguments are seen by everyone. */
async function initialise({ ground, builder }: TemplateParts, draft: ComputeFiles): Promise<void> {
  const { initdb, version } = ground.engine;
  const { builtinLocale } = featuresOf(version);
  const passwordFile = join(draft.run, 'password');
  await writeFile(passwordFile, await readFile(draft.firstSecret), { mode: 0o600, flag: 'wx' });
  if (builder) await chown(passwordFile, builder.uid, builder.gid);
  const onLinux = process.platform === 'linux';
  const locale = builtinLocale
    ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    : ['--locale-provider=libc', '--locale=C.UTF-8'];
  const args = [
    ...['-D', onLinux ? '/proc/self/cwd' : draft.data],
    ...['-U', SUPERUSER, '-E', 'UTF8', '-A', 'scram-sha-256', '--no-sync', '--data-checksums'],
    ...['--wal-segsize=1', `--pwfile=${onLinux ? '../run/password' : passwordFile}`],
    ...locale,
  ];
  const settings = { cwd: draft.data, env: { LC_ALL: 'C' }, timeout: INITDB_TIMEOUT, ...builder };
  await run(initdb, args, settings).catch(failedInitdb);
  await rm(passwordFile);
}

/** Its words go to the log as the cause; they name paths of this machine. */
function failedInitdb(cause: unknown): never {
  const told = cause instanceof Error ? cause.message : '';
  if (saysFull(told)) throw new Error(DISK_IS_FULL, { cause });
  const line = told.split('\n').find((text) => /^initdb: error: |FATAL: {2}/.test(text));
  const why = line === undefined ? 'initdb fails' : `initdb fails (${withoutPaths(line)})`;
  throw fault('ENGINE_MISSING', { why }, { cause });
}

/** Settings come with the start. */
async function replaceConfiguration(draft: ComputeFiles, builder: FileOwner): Promise<void> {
  const contents = {
    'postgresql.conf': '',
    'pg_ident.conf': '',
    'pg_hba.conf': ACCESS_RULES,
  };
  for (const [name, content] of Object.entries(contents)) {
    const path = join(draft.data, name);
    await writeFile(path, content, { mode: 0o600 });
    if (builder) await chown(path, builder.uid, builder.gid);
  }
}

function buildSettings({ engine }: Ground): Setting[] {
  return [
    ...settingsOf({
      features: featuresOf(engine.version),
      size: SIZE,
      clusterName: 'template',
      onLinux: process.platform === 'linux',
      countsStatements: false,
    }),
    // Nothing is worth keeping until the whole tree is synced at the end.
    ['fsync', 'off'],
    ['autovacuum', 'off'],
    ['min_wal_size', '2MB'],
    ['wal_recycle', 'off'],
  ];
}

type BuildLogin = Parameters<typeof asSuperuser>[0];

async function furnish({ ground }: TemplateParts, login: BuildLogin): Promise<void> {
  const features = featuresOf(ground.engine.version);
  await asSuperuser(login, (client) =>
    runAll(client, ['alter database template0 allow_connections true']),
  );
  for (const database of ['template0', 'template1', 'postgres']) {
    const own = ownFunctions(database, ground.engine.version.major);
    await asSuperuser(
      login,
      (client) => runAll(client, [...SEE_OWN_MEMORY, ...own, 'vacuum (full, freeze)']),
      database,
    );
  }
  const inherit = features.grantOptions ? 'with inherit true, set true, admin false' : '';
  const createrole = features.narrowCreaterole ? 'createrole' : '';
  const statements = [
    'alter database template0 allow_connections false',
    'revoke connect on database template1 from public',
    `create role ${UNNAMED} nologin createdb ${createrole}`,
    `grant pg_monitor, pg_signal_backend to ${UNNAMED}`,
    `create role ${OPERATOR} login`,
    `grant ${UNNAMED} to ${OPERATOR} ${inherit}`,
    `create database ${UNNAMED} owner ${UNNAMED} template template0 strategy file_copy`,
    'checkpoint',
    'select pg_switch_wal()',
    'checkpoint',
  ];
  await asSuperuser(login, (client) => runAll(client, statements));
}

async function runAll(client: pg.Client, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.query(statement);
}

/** What the build leaves that no tenant needs. */
async function strip(draft: ComputeFiles): Promise<void> {
  await rm(draft.logDir, { recursive: true });
  await rm(draft.settings);
  await rm(join(draft.data, 'postmaster.opts'), { force: true });
  // What building it took is nobody's use: every tenant counts from zero.
  await rm(join(draft.data, 'pg_stat', 'pgstat.stat'), { force: true });
  for (const entry of await readdir(draft.data, { withFileTypes: true, recursive: true })) {
    if (entry.name === 'pg_internal.init') await rm(join(entry.parentPath, entry.name));
  }
}

/** Makes a whole tree last: by one call where there is one, else file by file. */
export async function syncTree(root: string, os: OsCalls): Promise<void> {
  const top = await open(root, 'r');
  try {
    if (await os.syncFileSystem(top.fd)) return;
  } finally {
    await top.close();
  }
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() && !entry.isDirectory()) continue;
    const file = await open(join(entry.parentPath, entry.name), 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await syncDir(root);
}
