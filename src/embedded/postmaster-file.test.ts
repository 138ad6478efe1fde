import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parsePostmasterFile, readPostmasterFile } from './postmaster-file.ts';

const WHOLE = [
  '4711',
  '/proc/self/cwd',
  '1795395619',
  '5432',
  '../run',
  '',
  '  1234567         3',
  'ready   ',
  '',
].join('\n');

let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'dynabase-pid-'));
});
afterEach(() => rmSync(data, { recursive: true }));

test('pid and status are read', () => {
  expect(parsePostmasterFile(WHOLE)).toEqual({ pid: 4711, status: 'ready' });
});

test('a file cut anywhere never says ready too early', () => {
  for (let end = 0; end < WHOLE.indexOf('ready') + 'ready'.length; end++) {
    expect(parsePostmasterFile(WHOLE.slice(0, end))?.status).toBeUndefined();
  }
});

test('a standalone backend is no postmaster', () => {
  expect(parsePostmasterFile(`-${WHOLE}`)).toBeUndefined();
});

test('neither a link nor a pipe in its place is followed', () => {
  expect(readPostmasterFile(data)).toBeUndefined();
  writeFileSync(join(data, 'elsewhere'), WHOLE);
  symlinkSync(join(data, 'elsewhere'), join(data, 'postmaster.pid'));
  expect(readPostmasterFile(data)).toBeUndefined();
  rmSync(join(data, 'postmaster.pid'));
  execFileSync('mkfifo', [join(data, 'postmaster.pid')]);
  expect(readPostmasterFile(data)).toBeUndefined();
});
