import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryLog } from '../testing/memory-log.ts';
import { type DashboardPlaces, openDashboard } from './dashboard-build.ts';

let root: string;
let places: DashboardPlaces;
let builds: number;
const log = new MemoryLog();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dynabase-build-'));
  builds = 0;
  for (const folder of ['dashboard', 'sdk', 'contract']) {
    await mkdir(join(root, 'src', folder), { recursive: true });
  }
  for (const file of ['vite.config.ts', 'package-lock.json']) await writeFile(join(root, file), '');
  await write('one');
  places = { root, kept: join(root, 'kept'), build: vite };
});

afterEach(() => rm(root, { recursive: true, force: true }));

const write = (text: string) => writeFile(join(root, 'src/dashboard/page.tsx'), text);

/** As the real one: a page, and a file that it loads later. */
async function vite(outDir: string): Promise<void> {
  builds++;
  await mkdir(join(outDir, 'assets'));
  await writeFile(join(outDir, 'index.html'), `build ${builds}`);
  await writeFile(join(outDir, `assets/page-${builds}.js`), `script ${builds}`);
}

const open = () => openDashboard(log, () => undefined, places);

test('it is built once for what the sources say, and a test is no source', async () => {
  expect((await open())?.page).toBe('build 1');
  await writeFile(join(root, 'src/dashboard/page.test.ts'), 'expect');
  expect((await open())?.page).toBe('build 1');
  await write('two');
  expect((await open())?.page).toBe('build 2');
  await write('one');
  expect((await open())?.page).toBe('build 1');
});

test('who serves an older one misses nothing of it, though it was removed', async () => {
  const first = await open();
  const [name] = await readdir(places.kept);
  const long = new Date(Date.now() - 2 * 86_400_000);
  await utimes(join(places.kept, name ?? ''), long, long);
  await write('two');
  await open();
  expect(await readdir(places.kept)).not.toContain(name);
  expect(first?.read('/assets/page-1.js', undefined).toString()).toBe('script 1');
});

test('two that start at once both serve it, and leave one folder', async () => {
  const both = await Promise.all([open(), open()]);
  expect(both.every((files) => files?.paths.length === 1)).toBe(true);
  expect(await readdir(places.kept)).toHaveLength(1);
});

test('what was saved while it was built is built again, under the name of what it is', async () => {
  const build = async (outDir: string): Promise<void> => {
    if (builds === 0) await write('two');
    await vite(outDir);
  };
  const files = await openDashboard(log, () => undefined, { ...places, build });
  expect([files?.page, builds]).toEqual(['build 2', 2]);
  expect((await open())?.page).toBe('build 2');
});

test('a package brings its own, and where there is none the log says so', async () => {
  await rm(join(root, 'src'), { recursive: true });
  expect(await open()).toBe(null);
  expect(log.alarming.at(-1)).toContain('the dashboard is not served');
  await mkdir(join(root, 'dist/dashboard'), { recursive: true });
  await vite(join(root, 'dist/dashboard'));
  expect((await open())?.page).toBe('build 1');
});
