import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  childrenOf,
  cpuOf,
  residentOf,
  sharedOf,
  startOf,
  writtenIn,
  writtenOf,
} from './process-counters.ts';

/** Larger than any pid. */
const NOBODY = 2 ** 30;

describe.runIf(process.platform === 'linux')('counters of a process', () => {
  test('agree with what the process knows of itself', () => {
    const { pid } = process;
    const { user, system } = process.cpuUsage();
    const own = user + system;
    expect((cpuOf(pid, 'with-ended') ?? 0) / own).toBeGreaterThan(0.3);
    const resident = residentOf(pid);
    expect(resident / process.memoryUsage.rss()).toBeGreaterThan(0.5);
    expect(sharedOf(pid)).toBeLessThanOrEqual(resident * 1.5);
    const written = Number(
      /^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1],
    );
    expect(writtenOf(pid)).toBeLessThanOrEqual(written);
    expect((startOf(pid)?.ageMs ?? 0) / 1_000).toBeGreaterThan(0);
    expect(childrenOf(process.ppid)).toContain(pid);
  });

  test('of nobody are none', () => {
    expect([startOf(NOBODY), cpuOf(NOBODY, 'alone'), writtenOf(NOBODY), sharedOf(NOBODY)]).toEqual([
      ...[null, null, null, null],
    ]);
    expect([residentOf(NOBODY), childrenOf(NOBODY)]).toEqual([0, []]);
  });
});

test('writing is no more than what was handed over, however much of a file becomes dirty with it', () => {
  const io = (handedOver: string, dirtied: string) =>
    `rchar: 5\n${handedOver}syscr: 1\nread_bytes: 7\n${dirtied}cancelled_write_bytes: 9\n`;
  expect(writtenIn(io('wchar: 8192\n', 'write_bytes: 1048576\n'))).toBe(8_192);
  expect(writtenIn(io('wchar: 8192\n', 'write_bytes: 4096\n'))).toBe(4_096);
  expect(writtenIn(io('', 'write_bytes: 4096\n'))).toBe(4_096);
  expect(writtenIn(io('wchar: 8192\n', ''))).toBeNull();
});
