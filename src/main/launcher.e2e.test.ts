/** `bin/dynabase.js` under the Node of this machine, whichever that is. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);

const ROOT = resolve(import.meta.dirname, '../..');

/** Below this the launcher hands over. */
const NODE_MAJOR_MIN = 24;

/** A Node on the path that is too old to run TypeScript, if the machine has one. */
async function olderNode(): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(directory, 'node');
    const said = await run(node, ['--version']).catch(() => undefined);
    const major = Number.parseInt(said?.stdout.slice(1) ?? '', 10);
    if (major < NODE_MAJOR_MIN) return node;
  }
  return undefined;
}

const older = await olderNode();

/** The launcher before a program that tells its signals. */
let place: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'dynabase-launcher-'));
  await mkdir(join(place, 'src/main'), { recursive: true });
  await cp(join(ROOT, 'bin'), join(place, 'bin'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  await writeFile(join(place, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(place, 'src/main/dynabase.ts'),
    `const told: string = 'SIGTERM';
     process.on(told, () => { console.log(told, ...process.argv.slice(2)); process.exit(7); });
     console.log(process.version);
     setInterval(() => {}, 1_000);`,
  );
});

afterAll(() => rm(place, { recursive: true, force: true }));

test('the version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const { stdout } = await run(process.execPath, [join(ROOT, 'bin/dynabase.js'), '--version']);
  expect(stdout).toBe(`${version}\n`);
});

test.each([
  ['this Node', process.execPath],
  ...(older === undefined ? [] : [['an older Node', older]]),
])('started by %s, it runs under one that is new enough, and ends as it ends', async (_, node) => {
  const child = spawn(node ?? '', [join(place, 'bin/dynabase.js'), 'up', '--x'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const version = String((await lines.next()).value);
  expect(Number.parseInt(version.slice(1), 10)).toBeGreaterThanOrEqual(NODE_MAJOR_MIN);
  child.kill('SIGTERM');
  expect((await lines.next()).value).toBe('SIGTERM up --x');
  expect(await exited).toEqual([7, null]);
});
