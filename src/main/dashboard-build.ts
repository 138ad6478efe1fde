/**
 * The dashboard as it is to be served: what a package has brought built, or, where the sources lie beside, built from
 * them if that was never done or they have changed since.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DashboardFiles } from '../api/dashboard-files.ts';
import type { Log } from '../domain/log.ts';

const ROOT = join(import.meta.dirname, '../..');

/** All that goes into it. */
const SOURCES = ['src/dashboard', 'src/sdk', 'src/contract', 'vite.config.ts', 'package-lock.json'];

const BUILT = join(ROOT, 'dist/dashboard');

const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');

/** Null where there is nothing to serve, and no way to make it; the log says why. */
export async function openDashboard(
  log: Log,
  progress: (step: string) => void,
): Promise<DashboardFiles | null> {
  try {
    if (await isStale()) {
      progress('building the dashboard');
      await build();
    }
    return await DashboardFiles.open(BUILT);
  } catch (error) {
    log.warn('the dashboard is not served: it could not be built or read', { error });
    return null;
  }
}

async function isStale(): Promise<boolean> {
  if (!existsSync(join(ROOT, 'src/dashboard'))) return false;
  const built = await changedAt(join(BUILT, 'index.html'));
  const changed = await Promise.all(SOURCES.map((source) => latestIn(join(ROOT, source))));
  return Math.max(...changed) > built;
}

/** Beside, and then into its place as a whole: another server that starts now finds all of it or the one before. */
async function build(): Promise<void> {
  await mkdir(join(ROOT, 'dist'), { recursive: true });
  const draft = await mkdtemp(join(ROOT, 'dist/.dashboard-'));
  try {
    const args = [VITE, 'build', '--logLevel', 'error', '--outDir', draft];
    await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    await rm(BUILT, { recursive: true, force: true });
    await rename(draft, BUILT);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function latestIn(path: string): Promise<number> {
  const entry = await stat(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  const all = await readdir(path, { recursive: true, withFileTypes: true });
  const files = all.filter((one) => one.isFile() && !/\.test\.tsx?$/.test(one.name));
  const times = files.map((one) => changedAt(join(one.parentPath, one.name)));
  return Math.max(0, ...(await Promise.all(times)));
}

const changedAt = async (path: string): Promise<number> =>
  await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
