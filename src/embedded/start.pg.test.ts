/** Starts that come to nothing, with programs that are no PostgreSQL, in both ways of starting one. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ms, seconds } from '../domain/units.ts';
import { SystemClock } from '../system/clock.ts';
import { eventually } from '../testing/eventually.ts';
import { WAYS_TO_START } from '../testing/ways-to-start.ts';
import { STOP_PATIENCE } from './compute.ts';
import type { FileOwner } from './copy-tree.ts';
import { type ComputeFiles, computeFiles } from './layout.ts';
import { openLauncher } from './machine/launcher.ts';
import { isLocked } from './machine/lock.ts';
import type { OsCalls } from './machine/os.ts';
import { findProcess } from './machine/processes.ts';
import { isRoot } from './machine/users.ts';
import { startCompute, UNLIMITED } from './start.ts';
import { makeComputeDirs } from './template.ts';

const OWNER: FileOwner = isRoot() ? { uid: 70_001, gid: 70_002 } : null;
/** Of a test that would fail by it. */
const NEVER = seconds(3_600);
const VERSION = { major: 18, minor: 4 };

/** What a postmaster says of itself when it is ready, and what it then waits for. */
const READY = `printf '%s\\n' $$ "$PWD" 1 5432 run '' '' ready > postmaster.pid`;
const WAIT = 'while :; do sleep 60 & wait $!; done';

let os: OsCalls;
let dir: string;
let files: ComputeFiles;
const pids: number[] = [];

const isThere = (pid: number): boolean =>
  statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;

async function started(script: string | null, giveUpAfter = NEVER) {
  const postgres = join(dir, 'postgres');
  if (script !== null) {
    writeFileSync(postgres, `#!/bin/sh\n${script}\n`);
    chmodSync(postgres, 0o755);
  }
  const engine = {
    postgres,
    initdb: 'none',
    version: VERSION,
    countsStatements: false,
    warnings: [],
  };
  const ground = {
    ...{ engine, os, clock: new SystemClock(), logBytesMax: 1_000_000 },
    launcher: await openLauncher(os),
  };
  const onSpawned = (pid: number) => pids.push(pid);
  const limits = { ...UNLIMITED, memoryMb: 1_024 };
  return startCompute(ground, { files, settings: [], giveUpAfter, limits, onSpawned });
}

/** Nothing runs, nothing waits to be reaped, and the next start finds the lock free. */
const expectNothingLeft = () => {
  expect(pids.filter(isThere)).toEqual([]);
  expect(isLocked(files.lock, os)).toBe(false);
};

describe.runIf(process.platform === 'linux').each(Object.entries(WAYS_TO_START))(
  '%s',
  (_, calls) => {
    beforeEach(async () => {
      os = calls;
      dir = mkdtempSync(join(tmpdir(), 'dynabase-start-'));
      chmodSync(dir, 0o711);
      files = computeFiles(join(dir, 'tenant'));
      await makeComputeDirs(files, OWNER, os);
      mkdirSync(files.data, { mode: 0o700 });
      writeFileSync(join(files.data, 'PG_VERSION'), `${VERSION.major}\n`);
      if (OWNER) chownSync(files.data, OWNER.uid, OWNER.gid);
    });
    afterEach(() => {
      pids.length = 0;
      rmSync(dir, { recursive: true });
    });

    test('a program that is missing fails the start at once', async () => {
      await expect(started(null)).rejects.toThrow(
        /^the server process (could not be started: ENOENT|ended with status 127)$/,
      );
      expectNothingLeft();
    });

    test.each([
      ['exit 3', 'the server process ended with status 3'],
      ['kill -KILL $$', 'the server process ended with SIGKILL'],
      ['echo "postgres: could not do it"; exit 1', 'could not do it'],
    ])('one that does `%s` fails the start at once, with the reason', async (script, reason) => {
      await expect(started(script)).rejects.toThrow(reason);
      expectNothingLeft();
    });

    test('one that leaves a process behind does too, and that is ended', async () => {
      const script = 'sleep 3600 & echo $! > left; exit 4';
      await expect(started(script)).rejects.toThrow('the server process ended with status 4');
      expectNothingLeft();
    });

    test('one that is not ready in time is ended', async () => {
      await expect(started(WAIT, ms(200))).rejects.toThrow('it was not ready within 200 ms');
      expectNothingLeft();
    });

    test('one that runs is told from one that was killed, and is reaped', async () => {
      const compute = await started(`${READY}\n${WAIT}`);
      expect(findProcess(compute.pid)?.pid).toBe(compute.pid);
      process.kill(compute.pid, 'SIGKILL');
      expect(await compute.ended).toBe('the server process ended with SIGKILL');
      await compute.stop(STOP_PATIENCE);
      compute.release();
      expectNothingLeft();
    });

    test('one that nobody watches any more is reaped all the same', async () => {
      const compute = await started(`${READY}\nsleep 0.2`);
      compute.release();
      await eventually('it is gone', () => Promise.resolve(!isThere(compute.pid)));
    });

    test('where no signal tells of its end, the lock does', async () => {
      const listeners = process.listeners('SIGCHLD');
      const compute = await started(`${READY}\nexec sleep 3600`);
      const added = process.listeners('SIGCHLD').filter((one) => !listeners.includes(one));
      for (const listener of added) process.off('SIGCHLD', listener);
      process.kill(compute.pid, 'SIGKILL');
      expect(await compute.ended).toBe('the server process ended with SIGKILL');
      compute.release();
      expectNothingLeft();
    });
  },
);
