import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { NativeCalls } from './ffi.ts';
import { descriptorSteps } from './ffi-programs.ts';

/** Longest that the kernel takes between letting its parent go on and the first step of a program. */
const SETTLED_WITHIN_MS = 10_000;

/** What the descriptors of a program are after the steps, by the names of what ours are. */
function descriptorsAfter(fds: readonly (number | null)[]): Map<number, string> {
  const open = new Map(fds.filter((fd) => fd !== null).map((fd) => [fd, `ours ${fd}`]));
  for (const step of descriptorSteps(fds)) {
    if (step.kind === 'close') open.delete(step.fd);
    else if (step.kind === 'null') open.set(step.fd, 'null');
    else open.set(step.to, open.get(step.from) ?? 'nothing');
  }
  return open;
}

test.each([
  [[null, 20, 20, 21, 22]],
  [[1, 0]],
  [[3, 2, 1, 0]],
  [[null, 4, 4, 4, 3]],
  [[0, 1, 2]],
  [[2, null, 1]],
  [[5, 0, null]],
])('descriptors %j become those of a program, in order', (fds) => {
  const open = descriptorsAfter(fds);
  expect(fds.map((_, to) => open.get(to))).toEqual(
    fds.map((fd) => (fd === null ? 'null' : `ours ${fd}`)),
  );
  // Only what was open before is there besides, and that closes by itself.
  const more = [...open.keys()].filter((fd) => fd >= fds.length);
  expect(more.filter((fd) => !fds.includes(fd))).toEqual([]);
  // A copy onto itself keeps a descriptor open, so each is copied.
  const given = descriptorSteps(fds).flatMap((step) => (step.kind === 'copy' ? [step.to] : []));
  expect(fds.every((fd, to) => fd === null || given.includes(to))).toBe(true);
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  let dir: string;
  let directory: number;
  let native: NativeCalls;
  const running: number[] = [];

  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'dynabase-programs-')));
    directory = openSync(dir, constants.O_DIRECTORY);
    native = new NativeCalls();
  });
  afterEach(() => {
    for (const pid of running.splice(0)) if (isThere(pid)) process.kill(pid, 'SIGKILL');
    closeSync(directory);
    rmSync(dir, { recursive: true });
  });

  const isThere = (pid: number): boolean =>
    statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;

  function started(path: string, args: readonly string[], fds: (number | null)[] = [null]) {
    const program = native.startProgram({ path, args, env: { ONE: 'a b' }, directory, fds });
    if (!program) throw new Error('this system cannot start programs');
    running.push(program.pid);
    return program;
  }

  /** `started`, and all that the kernel does for a new program is done: it tells of its arguments last. */
  function settled(...given: Parameters<typeof started>) {
    const program = started(...given);
    const until = performance.now() + SETTLED_WITHIN_MS;
    while (readFileSync(`/proc/${program.pid}/cmdline`, 'utf8') === '') {
      if (performance.now() > until) throw new Error('the program has no arguments');
    }
    return program;
  }

  const shell = (script: string) => started('/bin/sh', ['-c', script], [null, null, null]);

  test('a program has its arguments, environment and directory, and a session of its own', () => {
    const { pid } = settled('/bin/sleep', ['60']);
    const told = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
    expect(told('cmdline')).toBe('/bin/sleep\x0060\0');
    expect(told('environ')).toBe('ONE=a b\0');
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(dir);
    const fields = told('stat').split(') ')[1]?.split(' ') ?? [];
    expect(fields.slice(1, 4)).toEqual([`${process.pid}`, `${pid}`, `${pid}`]);
  });

  test('it has the descriptors that it is given, and no others', () => {
    const file = openSync(join(dir, 'file'), 'w');
    const { pid } = settled('/bin/sleep', ['60'], [null, file, file, directory, null]);
    closeSync(file);
    const of = (fd: string) => readlinkSync(`/proc/${pid}/fd/${fd}`);
    expect(readdirSync(`/proc/${pid}/fd`).map(of)).toEqual([
      ...['/dev/null', join(dir, 'file'), join(dir, 'file'), dir, '/dev/null'],
    ]);
  });

  test('no signal is blocked, and none ignored', () => {
    const { pid } = settled('/bin/sleep', ['60']);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mask = (name: string) => new RegExp(`^${name}:\\s*(\\w+)$`, 'm').exec(status)?.[1];
    expect([mask('SigBlk'), mask('SigIgn'), mask('SigCgt')]).toEqual(Array(3).fill('0'.repeat(16)));
  });

  test.each([
    ['exit 0', { status: 0 }],
    ['exit 3', { status: 3 }],
    ['exit 255', { status: 255 }],
    ['kill -KILL $$', { signal: 'SIGKILL' }],
    ['kill -TERM $$', { signal: 'SIGTERM' }],
  ])('of `%s` its end is told, and nothing is left of it', async (script, exit) => {
    const program = shell(script);
    expect(await program.exit).toEqual(exit);
    expect(isThere(program.pid)).toBe(false);
  });

  test('many that end at once are all reaped, without anybody waiting for them', async () => {
    const pids = Array.from({ length: 30 }, () => shell('exit 0').pid);
    await eventually('none is left', () => Promise.resolve(!pids.some(isThere)));
  });

  test('a look tells whether it has ended, and once it has, nothing listens any more', async () => {
    const before = process.listenerCount('SIGCHLD');
    const program = started('/bin/sleep', ['60']);
    expect(process.listenerCount('SIGCHLD')).toBe(before + 1);
    program.look();
    expect(isThere(program.pid)).toBe(true);
    process.kill(program.pid, 'SIGKILL');
    // Nothing else is heard while this thread is busy.
    while (isThere(program.pid)) program.look();
    expect(await program.exit).toEqual({ signal: 'SIGKILL' });
    expect(process.listenerCount('SIGCHLD')).toBe(before);
    program.look();
  });

  test('children of Node keep their ends to themselves', async () => {
    const program = started('/bin/sleep', ['60']);
    const children = Array.from({ length: 10 }, (_, status) =>
      spawn('/bin/sh', ['-c', `exit ${status}`]),
    );
    const statuses = await Promise.all(
      children.map(async (child) => (await once(child, 'exit'))[0]),
    );
    expect(statuses).toEqual(children.map((_, status) => status));
    expect(isThere(program.pid)).toBe(true);
  });

  test('a program that cannot be started is told by its code, and leaves nothing', () => {
    const before = process.listenerCount('SIGCHLD');
    const codeOf = (path: string, fds?: (number | null)[]) => {
      try {
        started(path, [], fds);
        return 'none';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    };
    expect(codeOf(join(dir, 'nothing'))).toBe('ENOENT');
    expect(codeOf(dir)).toBe('EACCES');
    expect(codeOf('/bin/true', [999_999])).toBe('EBADF');
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
    const ours = children.split(' ').filter((pid) => pid !== '' && running.includes(Number(pid)));
    expect(ours).toEqual([]);
    expect(process.listenerCount('SIGCHLD')).toBe(before);
  });

  test('what is started under caps has them', () => {
    const caps = [{ resource: 'core', max: 4_096 }] as const;
    const { pid } = native.startCapped(caps, () => started('/bin/sleep', ['60']));
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    expect(/^Max core file size\s+(\d+)/m.exec(limits)?.[1]).toBe('4096');
  });
});
