import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { errorResponse } from './error-response.ts';
import * as messages from './messages.ts';

const text = (bytes: Buffer): string => bytes.toString('latin1');

test.each([
  [messages.authenticationOk(), 'R\0\0\0\x08\0\0\0\0'],
  [messages.authenticationSasl(['A', 'BC']), 'R\0\0\0\x0e\0\0\0\x0aA\0BC\0\0'],
  [messages.authenticationSaslContinue(Buffer.from('xy')), 'R\0\0\0\x0a\0\0\0\x0bxy'],
  [messages.authenticationSaslFinal(Buffer.from('v')), 'R\0\0\0\x09\0\0\0\x0cv'],
  [messages.backendKeyData(7, Buffer.from('1234')), 'K\0\0\0\x0c\0\0\0\x071234'],
  [messages.readyForQuery(0x49), 'Z\0\0\0\x05I'],
  [
    messages.negotiateProtocolVersion({ major: 3, minor: 2 }, ['_pq_.x']),
    'v\0\0\0\x13\0\x03\0\x02\0\0\0\x01_pq_.x\0',
  ],
])('message %# has the bytes of the protocol', (bytes, expected) => {
  expect(text(bytes)).toBe(expected);
});

test('a fault becomes a FATAL error with its SQLSTATE, and its hint', () => {
  expect(text(errorResponse(fault('PASSWORD_WRONG', { role: 'x' }), 'h'))).toBe(
    'E\0\0\0\x4aSFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "x"\0Hh\0\0',
  );
});

test('what is no fault is told as internal, without its words', () => {
  const told = text(errorResponse(new Error('the disk of node 7')));
  expect(told).toContain('CXX000\0Minternal error');
  expect(told).not.toContain('node 7');
});

test('a zero byte in a text ends it, and hides nothing behind it', () => {
  expect(text(errorResponse(fault('PASSWORD_WRONG', { role: 'x\0CXX000' })))).toMatch(
    /user "x\0\0$/,
  );
});
