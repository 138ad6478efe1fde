import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveEngine } from './resolver.ts';

const SUFFIX = process.platform === 'darwin' ? 'dylib' : 'so';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dynabase-resolver-'));
  await mkdir(join(home, 'bin'));
  for (const program of ['postgres', 'initdb']) {
    const path = join(home, 'bin', program);
    await writeFile(path, '#!/bin/sh\necho "postgres (PostgreSQL) 18.4"\n');
    await chmod(path, 0o755);
  }
});

afterEach(() => rm(home, { recursive: true }));

async function put(place: string, ...modules: readonly string[]): Promise<void> {
  await mkdir(join(home, place), { recursive: true });
  for (const name of modules) await writeFile(join(home, place, `${name}.${SUFFIX}`), '');
}

const countsStatements = async (): Promise<boolean> =>
  (await resolveEngine(join(home, 'bin'))).countsStatements;

test.each(['lib/postgresql', 'lib', 'lib64/pgsql'])('modules are found in %s', async (place) => {
  await put(place, 'plpgsql', 'pg_stat_statements');
  expect(await countsStatements()).toBe(true);
});

test('what no compute could load is not asked for', async () => {
  expect(await countsStatements()).toBe(false);
  await put('lib', 'pg_stat_statements');
  expect(await countsStatements()).toBe(false);
  await put('lib/postgresql', 'plpgsql');
  expect(await countsStatements()).toBe(false);
});
