import { expect, test } from 'vitest';
import { preparedPassword } from './saslprep.ts';

const prepared = (text: string): string => preparedPassword(Buffer.from(text)).toString();

/** From RFC 4013 §3 and the edges of PostgreSQL's departures from it. */
test.each([
  ['plain ASCII is itself', 'pass word\u0007', 'pass word\u0007'],
  ['a soft hyphen goes', 'I\u00adX', 'IX'],
  ['compatibility forms become what they stand for', '\u00aa\u2168', 'aIX'],
  ['other spaces become spaces', 'a\u00a0b\u3000c', 'a b c'],
  ['letters and marks are composed', 'e\u0301', '\u00e9'],
  ['one direction, right to left, is prepared', '\u0627\u0031\u0628\u00ad', '\u0627\u0031\u0628'],
])('%s', (_, password, expected) => {
  expect(prepared(password)).toBe(expected);
});

test.each([
  ['a prohibited character', '\u00aa\u0080'],
  ['what Unicode 3.2 did not know', '\u00aa\u{1f600}'],
  ['nothing left', '\u00ad'],
  ['right to left that does not end so', '\u0627\u00aa\u0031'],
  ['both directions', '\u0627a\u00ad\u0628'],
])('%s leaves the password as it is', (_, password) => {
  expect(prepared(password)).toBe(password);
});

test('bytes that are no UTF-8 are left as they are', () => {
  const latin1 = Buffer.from('p\xe4ss\xaa', 'latin1');
  expect(preparedPassword(latin1)).toEqual(latin1);
});
