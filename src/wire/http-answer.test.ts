import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HttpAnswer } from './http-answer.ts';
import type { Call } from './http-call.ts';
import { Descriptions } from './http-description.ts';
import { int32, message, readyForQuery, zeroTerminated } from './messages.ts';
import { int16 } from './requests.ts';

const column = (name: string, oid: number): Buffer =>
  Buffer.concat([
    ...[zeroTerminated(name), int32(0), int16(0), int32(oid), int16(8), int32(-1), int16(0)],
  ]);

const row = (...values: readonly (string | null)[]): Buffer =>
  message(
    'D',
    int16(values.length),
    ...values.flatMap((value) =>
      value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
    ),
  );

const statement = { sql: '', parameters: [], rowAsArray: false };

const ONE: Call = { batch: null, statements: [statement], isRaw: false };

const ANSWER = Buffer.concat([
  message('1'),
  message('2'),
  message('T', int16(3), column('a', 23), column('b "q"', 25), column('a', 20)),
  row('1', 'x\n"é\u0001', '9007199254740993'),
  row('2', null, null),
  message('C', zeroTerminated('INSERT 0 2')),
  readyForQuery('I'.charCodeAt(0)),
]);

const EXPECTED = {
  rows: [
    { 'b "q"': 'x\n"é\u0001', a: '9007199254740993' },
    { 'b "q"': null, a: null },
  ],
  command: 'INSERT',
  rowCount: 2,
};

test('is the same wherever its bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (lengths) => {
      const answer = new HttpAnswer(ONE, 10_000, new Descriptions());
      for (let at = 0, n = 0; at < ANSWER.length; n++) {
        const end = Math.min(ANSWER.length, at + (lengths[n % lengths.length] ?? 1));
        // What is read into is used again.
        const chunk = Buffer.alloc(64, 0xff);
        ANSWER.copy(chunk, 0, at, end);
        answer.feed(chunk, end - at);
        chunk.fill(0xee);
        at = end;
      }
      expect(answer.isReady).toBe(true);
      expect(JSON.parse(answer.json())).toMatchObject(EXPECTED);
    }),
  );
});

test('stops at more than it may take in, before that is there', () => {
  const answer = new HttpAnswer(ONE, 100, new Descriptions());
  const header = Buffer.concat([Buffer.from('D'), int32(1_000_000_000)]);
  answer.feed(header, header.length);
  answer.feed(Buffer.alloc(10), 10);
  expect(answer.stopped).toBe('tooLarge');
});

test('a batch answers for its own statements alone', () => {
  const call: Call = {
    batch: { begin: 'BEGIN', told: {} },
    statements: [statement, statement],
    isRaw: true,
  };
  const answer = new HttpAnswer(call, 10_000, new Descriptions());
  const tags = ['BEGIN', 'UPDATE 3', 'CREATE TABLE', 'COMMIT'].map((tag) =>
    message('C', zeroTerminated(tag)),
  );
  const bytes = Buffer.concat([...tags, readyForQuery('I'.charCodeAt(0))]);
  answer.feed(bytes, bytes.length);
  expect(JSON.parse(answer.json())).toEqual({
    results: [
      { fields: [], rows: [], command: 'UPDATE', rowCount: 3, rowAsArray: false },
      { fields: [], rows: [], command: 'CREATE', rowCount: null, rowAsArray: false },
    ],
  });
  expect(answer.changesSession).toBe(true);
});
