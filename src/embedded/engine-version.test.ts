import { expect, test } from 'vitest';
import { parseEngineVersion, warningsOf } from './engine-version.ts';

test.each([
  ['postgres (PostgreSQL) 18.4', { major: 18, minor: 4 }],
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', { major: 15, minor: 18 }],
  ['postgres (PostgreSQL) 19rc2', { major: 19, minor: 0 }],
  ['psql: command not found', undefined],
])('the answer "%s" is read', (answer, version) => {
  expect(parseEngineVersion(answer)).toEqual(version);
});

test('a minor with known holes is warned of, with what closes them', () => {
  expect(warningsOf({ major: 18, minor: 6 })).toEqual([expect.stringContaining('18.7 closes')]);
  expect(warningsOf({ major: 18, minor: 7 })).toEqual([]);
  expect(warningsOf({ major: 17, minor: 12 })).toEqual([]);
  expect(warningsOf({ major: 19, minor: 0 })).toEqual([]);
});

test('a major that gives owners less is warned of', () => {
  expect(warningsOf({ major: 15, minor: 20 })).toEqual([expect.stringContaining('CREATEROLE')]);
});
