/**
 * Puts the engine where every compute can reach it.
 *
 * As root each compute has a user id of its own, and that must be able to walk to the programs. In a
 * clone under /root it is not; then the engine is copied once to a place that is open to all.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fault } from '../domain/faults.ts';
import type { Log } from '../domain/log.ts';
import { featuresOf, versionText } from './engine-version.ts';
import type { Layout } from './layout.ts';
import { isErrno, renameDurably } from './machine/durable.ts';
import { isRoot } from './machine/users.ts';
import type { Engine } from './resolver.ts';

const CACHE = '/var/cache/dynabase';
const STAMP = '.complete';
const OPEN_TO_ALL = 0o755;

/** The engine itself, or a copy of it that every user id can run. */
export async function reachableEngine(engine: Engine, layout: Layout, log: Log): Promise<Engine> {
  if (!isRoot()) return engine;
  const bin = dirname(await realpath(engine.postgres));
  if (await isOpenToAll(bin)) return engine;
  const source = dirname(bin);
  const stamp = await stampOf(source);
  const name = `${versionText(engine.version)}-${stamp.slice(0, 12)}`;
  const home = (await isOpenToAll(layout.dataDir)) ? join(layout.dataDir, 'engine') : CACHE;
  const target = join(home, name);
  if (!(await isComplete(target, stamp))) {
    log.info('copying PostgreSQL to where every tenant can run it', { target });
    await copyEngine({ source, target, stamp });
  }
  const programs = join(target, basename(bin));
  return { ...engine, postgres: join(programs, 'postgres'), initdb: join(programs, 'initdb') };
}

/** Throws `DATA_DIR_UNUSABLE` if this engine could not work in `dataDir` under another user id. */
export async function mustWorkIn(engine: Engine, dataDir: string): Promise<void> {
  if (!isRoot() || featuresOf(engine.version).staysInPlace || (await isOpenToAll(dataDir))) return;
  const why =
    `as root, PostgreSQL ${engine.version.major} needs a path that every user may walk; ` +
    'use PostgreSQL 16 or newer, or a data directory elsewhere';
  throw fault('DATA_DIR_UNUSABLE', { why });
}

/** Whether any user may walk to `path`. */
async function isOpenToAll(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & constants.S_IXOTH) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** Changes with any file's name, size or time, and with the place it was copied from. */
async function stampOf(source: string): Promise<string> {
  const hash = createHash('sha256').update(source);
  for (const path of (await readdir(source, { recursive: true })).sort()) {
    const { size, mtimeMs, mode } = await stat(join(source, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\0${mode}\n`);
  }
  return hash.digest('hex');
}

async function isComplete(target: string, stamp: string): Promise<boolean> {
  try {
    const { uid } = await stat(target);
    return uid === 0 && (await readFile(join(target, STAMP), 'utf8')) === stamp;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

type Copy = { readonly source: string; readonly target: string; readonly stamp: string };

async function copyEngine({ source, target, stamp }: Copy): Promise<void> {
  const parent = dirname(target);
  await mkdir(parent, { recursive: true, mode: OPEN_TO_ALL });
  await chmod(parent, OPEN_TO_ALL);
  const draft = `${target}.${process.pid}.new`;
  await rm(draft, { recursive: true, force: true });
  try {
    await copyOpen(source, draft);
    await writeFile(join(draft, STAMP), stamp);
    await rm(target, { recursive: true, force: true });
    await renameDurably(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another server has just put the same there.
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

async function copyOpen(source: string, target: string): Promise<void> {
  await mkdir(target);
  await chmod(target, OPEN_TO_ALL);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name);
    const to = join(target, entry.name);
    if (entry.isDirectory()) await copyOpen(from, to);
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else {
      await copyFile(from, to, constants.COPYFILE_FICLONE);
      const { mode } = await stat(from);
      await chmod(to, (mode & 0o100) === 0 ? 0o644 : OPEN_TO_ALL);
    }
  }
}
