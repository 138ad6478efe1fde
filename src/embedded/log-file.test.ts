import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endOfLog, lastFailure, openLog, rotateLog, withoutPaths } from './log-file.ts';

let dir: string;
let log: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-log-'));
  log = join(dir, 'postgres.log');
});
afterEach(() => rmSync(dir, { recursive: true }));

test('the reason of a failure is the last line that names one', () => {
  writeFileSync(
    log,
    [
      '2026-11-22 10:00:00.000 UTC [1] LOG:  starting PostgreSQL',
      '2026-11-22 10:00:00.001 UTC [1] FATAL:  first',
      '2026-11-22 10:00:00.002 UTC [1] PANIC:  could not locate a valid checkpoint record',
      '2026-11-22 10:00:00.003 UTC [1] LOG:  database system is shut down',
      '',
    ].join('\n'),
  );
  expect(lastFailure(log, 0)).toBe('could not locate a valid checkpoint record');
});

test('what an earlier run said is no reason for this one', () => {
  writeFileSync(log, '2026 UTC [1] FATAL:  old\n');
  expect(lastFailure(log, statSync(log).size)).toBeNull();
  expect(lastFailure(join(dir, 'absent'), 0)).toBeNull();
});

test('a failure before PostgreSQL has its log is told too', () => {
  writeFileSync(log, 'postgres: could not find the database system\nExpected to find it in ...\n');
  expect(lastFailure(log, 0)).toBe('could not find the database system');
});

test('a full disk is called that, whatever PostgreSQL was about to write', () => {
  writeFileSync(
    log,
    'FATAL:  could not write lock file "../run/x.lock": No space left on device\n',
  );
  expect(lastFailure(log, 0)).toBe('the disk is full');
});

test.each([
  [
    'could not locate a valid checkpoint record at 0/1D5A028',
    'could not locate a valid checkpoint record at 0/1D5A028',
  ],
  [
    'could not open file "/var/lib/x/base/1/2": No such file',
    'could not open file a file: No such file',
  ],
  ['could not create lock file "../run/.s.PGSQL.5432.lock"', 'could not create lock file a file'],
  ['data directory /srv/data has wrong ownership', 'data directory a file has wrong ownership'],
  ['password authentication failed for user "x"', 'password authentication failed for user "x"'],
])('no place on this machine is told: %s', (message, told) => {
  expect(withoutPaths(message)).toBe(told);
});

test('a long log is cut while it is being written, and writers go on', async () => {
  const fd = openLog(log);
  writeSync(fd, 'a'.repeat(1_000));
  await rotateLog(log, 1_000);
  expect(endOfLog(fd)).toBe(1_000);
  writeSync(fd, 'b');
  await rotateLog(log, 1_000);
  writeSync(fd, 'after');
  expect(readFileSync(log, 'utf8')).toBe('after');
  expect(readFileSync(`${log}.1`, 'utf8')).toBe(`${'a'.repeat(999)}b`);
});

test('of a log that grew far beyond its bound, only the end is kept', async () => {
  writeFileSync(log, `${'a'.repeat(100_000)}end`);
  await rotateLog(log, 1_000);
  expect(statSync(log).size).toBe(0);
  expect(readFileSync(`${log}.1`, 'utf8')).toBe(`${'a'.repeat(997)}end`);
});
