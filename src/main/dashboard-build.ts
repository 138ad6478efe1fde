/**
 * The dashboard as it is to be served: what a package has brought built, or, where the sources lie beside, built from
 * them once for all that they say.
 *
 * A build is kept under a name made of its sources and never changes: programs of one checkout that start before and
 * after an edit serve each their own. What is served was read whole before, so that nothing is missed when it is removed.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { DashboardFiles } from '../api/pages/dashboard-files.ts';
import type { Log } from '../domain/log.ts';

const ROOT = join(import.meta.dirname, '../..');

/** All that goes into it. */
const SOURCES = ['src/dashboard', 'src/sdk', 'src/contract', 'vite.config.ts', 'package-lock.json'];

const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');

/** Builds that no program has begun with for so long are removed. */
const KEPT_MS = 86_400_000;

/** Somebody may save a file while it is built: then what was built is of neither state. */
const TRIES = 3;

export type DashboardPlaces = {
  /** Of the checkout, or of the package. */
  readonly root: string;
  /** Builds from sources. */
  readonly kept: string;
  readonly build: (outDir: string) => Promise<unknown>;
};

const PLACES: DashboardPlaces = {
  root: ROOT,
  kept: join(ROOT, 'node_modules/.cache/dynabase/dashboard'),
  build: (outDir) =>
    promisify(execFile)(
      process.execPath,
      [VITE, 'build', '--logLevel', 'error', '--outDir', outDir],
      { cwd: ROOT },
    ),
};

/** Null where there is nothing to serve, and no way to make it; the log says why. */
export async function openDashboard(
  log: Log,
  progress: (step: string) => void,
  places = PLACES,
): Promise<DashboardFiles | null> {
  try {
    if (!existsSync(join(places.root, 'src/dashboard'))) return await packaged(places);
    return await ofSources(places, progress);
  } catch (error) {
    log.warn('the dashboard is not served: it could not be built or read', { error });
    return null;
  }
}

const packaged = ({ root }: DashboardPlaces): Promise<DashboardFiles> =>
  DashboardFiles.open(join(root, 'dist/dashboard'));

async function ofSources(
  places: DashboardPlaces,
  progress: (step: string) => void,
): Promise<DashboardFiles> {
  const built = join(places.kept, await hashOf(places.root));
  if (existsSync(built)) {
    const now = new Date();
    await utimes(built, now, now).catch(() => undefined);
    return await DashboardFiles.open(built);
  }
  progress('building the dashboard');
  await mkdir(places.kept, { recursive: true });
  await removeOld(places.kept);
  return await build(places, TRIES);
}

/** Beside, and then under its name as a whole: whoever else builds the same now makes the same. */
async function build(places: DashboardPlaces, tries: number): Promise<DashboardFiles> {
  const draft = await mkdtemp(join(places.kept, 'draft-'));
  try {
    const before = await hashOf(places.root);
    await places.build(draft);
    const isWhole = (await hashOf(places.root)) === before;
    if (!isWhole && tries > 1) return await build(places, tries - 1);
    const files = await DashboardFiles.open(draft);
    if (isWhole) await rename(draft, join(places.kept, before)).catch(() => undefined);
    return files;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function removeOld(kept: string): Promise<void> {
  const oldest = Date.now() - KEPT_MS;
  for (const name of await readdir(kept)) {
    const place = join(kept, name);
    const usedAt = await stat(place).then(
      ({ mtimeMs }) => mtimeMs,
      () => oldest,
    );
    if (usedAt < oldest) await rm(place, { recursive: true, force: true });
  }
}

/** Of the names and contents of all sources but tests. */
async function hashOf(root: string): Promise<string> {
  const hash = createHash('sha256');
  const all = await Promise.all(SOURCES.map((source) => filesIn(join(root, source))));
  const files = all.flat().sort();
  const contents = await Promise.all(files.map((file) => readFile(file)));
  for (const [index, file] of files.entries()) {
    const content = contents[index] ?? Buffer.alloc(0);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesIn(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const all = await readdir(path, { recursive: true, withFileTypes: true });
  return all
    .filter((one) => one.isFile() && !/\.test\.tsx?$/.test(one.name))
    .map((one) => join(one.parentPath, one.name));
}
