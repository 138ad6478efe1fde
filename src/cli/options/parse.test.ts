import { describe, expect, test } from 'vitest';
import {
  boolean,
  choice,
  duration,
  durationText,
  host,
  integer,
  momentFrom,
  path,
  port,
  uidRange,
  url,
} from './parse.ts';

const place = { baseDir: '/base', homeDir: '/home/me' };

describe('a moment', () => {
  const parse = momentFrom(Date.UTC(2030, 0, 1));

  test.each([
    ['2h', '2030-01-01T02:00:00.000Z'],
    ['7d', '2030-01-08T00:00:00.000Z'],
    ['2030-12-31', '2030-12-31T00:00:00.000Z'],
    ['2030-12-31T18:00', '2030-12-31T18:00:00.000Z'],
    ['2030-12-31T18:00:30Z', '2030-12-31T18:00:30.000Z'],
    ['2030-12-31T18:00+02:00', '2030-12-31T16:00:00.000Z'],
  ])('%s is %s', (text, moment) => {
    expect(parse(text, place)).toBe(moment);
  });

  test.each(['tomorrow', '2030-13-01', '31.12.2030', '2030-12-31 18:00', '5', '4000d', '0h'])(
    '%s is none',
    (text) => {
      expect(() => parse(text, place)).toThrow();
    },
  );
});

describe('duration', () => {
  const parse = duration({ min: 1_000, max: 86_400_000 });

  test.each([
    ['1500ms', 1_500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['1h', 3_600_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
    ['10 s', 10_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parse(text, place)).toBe(ms);
  });

  test.each(['', '15', '15min', '-1s', '1h30m', '1e3s', 'forever'])('%j is not one', (text) => {
    expect(() => parse(text, place)).toThrow('is not a length of time such as 1500ms, 30s');
  });

  test.each(['999ms', '2d'])('%s is out of bounds', (text) => {
    expect(() => parse(text, place)).toThrow(`"${text}" is not between 1s and 1d`);
  });

  test.each([
    [1_500, '1500ms'],
    [900_000, '15m'],
    [5_400_000, '90m'],
    [86_400_000, '1d'],
  ])('%i ms is written %s, and read back', (ms, text) => {
    expect(durationText(ms)).toBe(text);
    expect(duration({ min: 0, max: ms })(text, place)).toBe(ms);
  });
});

test('a path may begin at home, at the base, or at the root', () => {
  expect(['~', '~/a', 'a', './a/../b', '/a', '~a'].map((text) => path(text, place))).toEqual([
    '/home/me',
    '/home/me/a',
    '/base/a',
    '/base/b',
    '/a',
    '/base/~a',
  ]);
  expect(() => path(' ', place)).toThrow('must not be empty');
});

test('a port is a number from 0 to 65535', () => {
  expect(['0', '6432', '65535'].map((text) => port(text, place))).toEqual([0, 6432, 65_535]);
  for (const text of ['65536', '-1', '80a', '', '1.5']) {
    expect(() => port(text, place)).toThrow(`"${text}" is not a port from 0 to 65535`);
  }
});

test('a number keeps to its range', () => {
  const parse = integer({ min: 1, max: 10 });
  expect(parse('10', place)).toBe(10);
  for (const text of ['0', '11', 'x', '1.5', '1e1']) {
    expect(() => parse(text, place)).toThrow(`"${text}" is not a whole number from 1 to 10`);
  }
});

test('a switch takes the usual words', () => {
  expect(['1', 'true', 'YES', 'on'].map((text) => boolean(text, place))).toEqual(
    Array(4).fill(true),
  );
  expect(['0', 'false', 'No', 'off'].map((text) => boolean(text, place))).toEqual(
    Array(4).fill(false),
  );
  expect(() => boolean('maybe', place)).toThrow('"maybe" is neither true nor false');
});

test('a choice names what there is to choose from', () => {
  expect(choice(['a', 'b'])('b', place)).toBe('b');
  expect(() => choice(['a', 'b'])('c', place)).toThrow('"c" is not one of a, b');
});

test('a host is a name or an address, and no URL', () => {
  expect(['localhost', '0.0.0.0', '::', '[::1]'].map((text) => host(text, place))).toEqual([
    'localhost',
    '0.0.0.0',
    '::',
    '::1',
  ]);
  for (const text of ['', 'a b', 'http://a', 'localhost:80', 'a/b']) {
    expect(() => host(text, place)).toThrow('is not a host name or address');
  }
});

test('a range of user ids goes up and leaves root out', () => {
  expect(uidRange('200000-299999', place)).toEqual({ first: 200_000, last: 299_999 });
  for (const text of ['5', '0-5', '9-3', '1-4294967295', 'a-b']) {
    expect(() => uidRange(text, place)).toThrow('is not a range of user ids');
  }
});

test('a URL that is refused is not repeated, since it may hold a password', () => {
  const parse = url(['postgres:']);
  expect(parse('postgres://u:p@h/d', place)).toBe('postgres://u:p@h/d');
  expect(() => parse('mysql://u:hunter2@h/d', place)).toThrow(
    /^is not a URL that begins with postgres:\/\/$/,
  );
});
