import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryLog } from '../testing/memory-log.ts';
import { mustWorkIn, reachableEngine } from './engine-home.ts';
import { layoutOf } from './layout.ts';
import { isRoot } from './machine/users.ts';
import type { Engine } from './resolver.ts';

const NOBODY = 65_534;

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-engine-'));
  chmodSync(dir, 0o711);
});
afterEach(() => rmSync(dir, { recursive: true }));

/** An engine that says hello, in a directory of the given mode. */
function engineIn(mode: number): Engine {
  const home = join(dir, 'closed', 'native');
  mkdirSync(join(home, 'bin'), { recursive: true });
  mkdirSync(join(home, 'lib'));
  for (const name of ['postgres', 'initdb']) {
    writeFileSync(join(home, 'bin', name), '#!/bin/sh\necho hello\n', { mode: 0o700 });
  }
  writeFileSync(join(home, 'lib', 'libx.so.1.2'), 'x');
  symlinkSync('libx.so.1.2', join(home, 'lib', 'libx.so.1'));
  chmodSync(join(dir, 'closed'), mode);
  const bin = join(home, 'bin');
  const version = { major: 18, minor: 4 };
  return {
    postgres: join(bin, 'postgres'),
    initdb: join(bin, 'initdb'),
    version,
    countsStatements: false,
    warnings: [],
  };
}

/** A data directory that everyone may walk through. */
function dataDir(): string {
  const path = join(dir, 'data');
  mkdirSync(path);
  chmodSync(path, 0o711);
  return path;
}

const runAsNobody = (program: string): string =>
  execFileSync(program, { uid: NOBODY, gid: NOBODY, cwd: '/' }).toString();

describe.runIf(isRoot())('as root', () => {
  test('an engine that tenants cannot reach is copied to where they can, once', async () => {
    const engine = engineIn(0o700);
    const log = new MemoryLog();
    const layout = layoutOf(dataDir());
    const reachable = await reachableEngine(engine, layout, log);
    expect(reachable.postgres.startsWith(join(layout.dataDir, 'engine', '18.4-'))).toBe(true);
    expect(runAsNobody(reachable.postgres)).toBe('hello\n');
    const library = join(dirname(dirname(reachable.postgres)), 'lib', 'libx.so.1');
    expect(readlinkSync(library)).toBe('libx.so.1.2');
    expect(await reachableEngine(engine, layout, log)).toEqual(reachable);
    expect(log.lines.map(({ message }) => message)).toEqual([
      'copying PostgreSQL to where every tenant can run it',
    ]);
  });

  test('a copy that is not complete, or of another engine, is not taken', async () => {
    const engine = engineIn(0o700);
    const layout = layoutOf(dataDir());
    const log = new MemoryLog();
    const first = await reachableEngine(engine, layout, log);
    rmSync(join(dirname(dirname(first.postgres)), '.complete'));
    expect(await reachableEngine(engine, layout, log)).toEqual(first);
    writeFileSync(engine.postgres, '#!/bin/sh\necho changed\n');
    const changed = await reachableEngine(engine, layout, log);
    expect(runAsNobody(changed.postgres)).toBe('changed\n');
    expect(log.lines.length).toBe(3);
  });

  test('an engine that everyone can reach stays where it is', async () => {
    const engine = engineIn(0o755);
    expect(await reachableEngine(engine, layoutOf(dataDir()), new MemoryLog())).toBe(engine);
  });

  test('an engine that cannot work behind closed doors refuses them in plain words', async () => {
    const old = { ...engineIn(0o755), version: { major: 15, minor: 20 } };
    const closed = join(dir, 'private');
    mkdirSync(closed, { mode: 0o700 });
    await expect(mustWorkIn(old, closed)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
    await expect(mustWorkIn(old, dataDir())).resolves.toBeUndefined();
    await expect(mustWorkIn(newer(old), closed)).resolves.toBeUndefined();
  });
});

const newer = (engine: Engine): Engine => ({ ...engine, version: { major: 18, minor: 4 } });

test('as an ordinary user an engine stays where it is', async ({ skip }) => {
  if (isRoot()) skip('needs an ordinary user');
  const engine = engineIn(0o700);
  expect(await reachableEngine(engine, layoutOf(dataDir()), new MemoryLog())).toBe(engine);
});
