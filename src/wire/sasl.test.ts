import { expect, test } from 'vitest';
import { message } from './messages.ts';
import { LOGIN_MESSAGE_BYTES_MAX, readPasswordMessage, readSaslInitialResponse } from './sasl.ts';

test('a password message is read when its last byte has come', () => {
  const bytes = message('p', Buffer.from('proof'));
  for (let cut = 0; cut < bytes.length; cut++) {
    expect(readPasswordMessage(bytes.subarray(0, cut))).toBeUndefined();
  }
  const answer = { body: Buffer.from('proof'), length: bytes.length };
  expect(readPasswordMessage(Buffer.concat([bytes, Buffer.from('Q')]))).toEqual(answer);
});

test.each([
  ['another message', message('Q', Buffer.from('select 1\0')), 'a password was expected'],
  ['one that is too long', message('p', Buffer.alloc(LOGIN_MESSAGE_BYTES_MAX + 1)), 'bytes'],
  ['one of impossible length', Buffer.from('p\0\0\0\x03'), 'bytes'],
])('refuses %s', (_, bytes, why) => {
  expect(() => readPasswordMessage(bytes)).toThrow(why);
});

test('a SASL initial response is a mechanism and its data', () => {
  const body = Buffer.from('SCRAM-SHA-256\0\0\0\0\x04n,,x', 'latin1');
  expect(readSaslInitialResponse(body)).toEqual({
    mechanism: 'SCRAM-SHA-256',
    data: Buffer.from('n,,x'),
  });
});

test.each([
  ['', 'nothing'],
  ['SCRAM', 'no end of the name'],
  ['SCRAM\0\0\0', 'half a length'],
  ['SCRAM\0\0\0\0\x05n,,x', 'too little data'],
  ['SCRAM\0\0\0\0\x03n,,x', 'too much data'],
  ['SCRAM\0\xff\xff\xff\xff', 'no data at all'],
])('"%s" is refused: %s', (body) => {
  expect(() => readSaslInitialResponse(Buffer.from(body, 'latin1'))).toThrow('malformed');
});
