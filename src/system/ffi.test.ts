import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NativeCalls } from './ffi.ts';

const native = new NativeCalls();

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-ffi-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('a named pipe is its owner’s, and is never made over something else', () => {
  const path = join(dir, 'pipe');
  native.makeFifo(path);
  expect(statSync(path).isFIFO()).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(() => native.makeFifo(path)).toThrow('mkfifo failed');
});

test('a lock is held by one open file until that is closed', () => {
  const path = join(dir, 'lock');
  writeFileSync(path, '');
  const [one, other] = [openSync(path, 'r'), openSync(path, 'r')];
  expect(native.tryLock(one)).toBe(true);
  expect(native.tryLock(other)).toBe(false);
  closeSync(one);
  expect(native.tryLock(other)).toBe(true);
  closeSync(other);
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  /** The soft and the hard limit of a process, by the words of /proc. */
  function limitOf(pid: number | 'self', name: string): string[] {
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    const line = limits.split('\n').find((one) => one.startsWith(name)) ?? '';
    return line.slice(name.length).trim().split(/\s+/).slice(0, 2);
  }

  const started: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of started.splice(0)) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  });

  function sleeper(): number {
    const child = spawn('sleep', ['60']);
    started.push(child);
    return child.pid ?? 0;
  }

  test('what is started under caps has them, and this process keeps its own', () => {
    const before = limitOf('self', 'Max core file size');
    const caps = [{ resource: 'core', max: 4_096 }] as const;
    const pid = native.startCapped(caps, sleeper);
    expect(limitOf(pid, 'Max core file size')[0]).toBe('4096');
    expect(limitOf('self', 'Max core file size')).toEqual(before);
    const fail = () => {
      throw new Error('failed');
    };
    expect(() => native.startCapped(caps, fail)).toThrow('failed');
    expect(limitOf('self', 'Max core file size')).toEqual(before);
  });

  test('a cap on a running process is for good, and lifts nothing', () => {
    const pid = sleeper();
    expect(native.cap(pid, { resource: 'files', max: 100 })).toBe(true);
    expect(limitOf(pid, 'Max open files')).toEqual(['100', '100']);
    expect(native.cap(pid, { resource: 'files', max: 1_000 })).toBe(true);
    expect(limitOf(pid, 'Max open files')).toEqual(['100', '100']);
    expect(native.cap(2 ** 30, { resource: 'files', max: 100 })).toBe(false);
  });

  test('a soft cap on a running process can be raised again, up to the hard one', () => {
    const pid = sleeper();
    const hard = limitOf(pid, 'Max data size')[1];
    for (const max of [2 ** 28, 2 ** 29]) {
      expect(native.softCap(pid, { resource: 'data', max })).toBe(true);
      expect(limitOf(pid, 'Max data size')).toEqual([`${max}`, hard]);
    }
    expect(native.cap(pid, { resource: 'files', max: 100 })).toBe(true);
    expect(native.softCap(pid, { resource: 'files', max: 200 })).toBe(true);
    expect(limitOf(pid, 'Max open files')).toEqual(['100', '100']);
    expect(native.softCap(2 ** 30, { resource: 'files', max: 100 })).toBe(false);
  });

  test('a file system is written to disk on request, and a bad descriptor is told', async () => {
    const fd = openSync(dir, 'r');
    expect(await native.syncFileSystem(fd)).toBe(true);
    closeSync(fd);
    expect(await native.syncFileSystem(-1)).toBe(false);
  });
});
