import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cageCounters } from './cage-counters.ts';

const ALL = ['memory', 'cpu', 'io'];

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-counters-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A group with these files. */
function groupOf(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(dir, name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

test('version 2: memory without what is page cache, processor time, and what was written to the disk', () => {
  const path = groupOf('v2', {
    'memory.current': '50000000\n',
    'memory.stat':
      'anon 9000000\nfile 38000000\nshmem 8000000\ninactive_anon 1\nactive_file 20000000\ninactive_file 10000000\n',
    'cpu.stat': 'usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n',
    'io.stat': '253:0 rbytes=1 wbytes=4096 rios=1 wios=1\n8:0 rbytes=9 wbytes=8192 rios=1 wios=2\n',
  });
  const groups = [{ version: 2 as const, path, resources: ALL }];
  const expected = { memoryBytes: 20_000_000, cpuUs: 1_234_567, writtenBytes: 8_192 };
  expect(cageCounters({ groups, disk: '8:0' })).toEqual(expected);
  expect(cageCounters({ groups, disk: '8:16' })).toEqual({ ...expected, writtenBytes: 0 });
  expect(cageCounters({ groups, disk: null })).toEqual({ ...expected, writtenBytes: null });
});

test('version 1: each from its tree, and nothing of writing', () => {
  const memory = groupOf('memory', {
    'memory.usage_in_bytes': '30000000\n',
    'memory.stat': 'active_file 1\ntotal_active_file 4000000\ntotal_inactive_file 6000000\n',
  });
  const cpu = groupOf('cpu', { 'cpuacct.usage': '5000999\n' });
  const groups = [
    { version: 1 as const, path: memory, resources: ['memory'] },
    { version: 1 as const, path: cpu, resources: ['cpu'] },
    { version: 1 as const, path: groupOf('blkio', {}), resources: ['io'] },
  ];
  expect(cageCounters({ groups, disk: '8:0' })).toEqual({
    ...{ memoryBytes: 20_000_000, cpuUs: 5_000, writtenBytes: null },
  });
});

test('what is not there, or no number, is not told', () => {
  const nothing = { memoryBytes: null, cpuUs: null, writtenBytes: null };
  expect(cageCounters({ groups: [], disk: '8:0' })).toEqual(nothing);
  const gone = { version: 2 as const, path: join(dir, 'gone'), resources: ALL };
  expect(cageCounters({ groups: [gone], disk: '8:0' })).toEqual(nothing);
  const path = groupOf('odd', { 'memory.current': 'max\n', 'memory.stat': '', 'cpu.stat': '' });
  expect(cageCounters({ groups: [{ ...gone, path }], disk: '8:0' })).toEqual(nothing);
});
