import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HttpAnswer } from './http-answer.ts';
import { HttpBody } from './http-body.ts';
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
      expect(JSON.parse(answer.body.bytes.toString())).toMatchObject(EXPECTED);
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
  expect(JSON.parse(answer.body.bytes.toString())).toEqual({
    results: [
      { fields: [], rows: [], command: 'UPDATE', rowCount: 3, rowAsArray: false },
      { fields: [], rows: [], command: 'CREATE', rowCount: null, rowAsArray: false },
    ],
  });
  expect(answer.changesSession).toBe(true);
});

test('says every text, whatever is in it, in whatever amount', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary-ascii', maxLength: 300 }),
    fc.constantFrom('"', '\\', '\x7f', '\u2028'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.option(value), fc.option(value))), fc.boolean(), (all, is) => {
      const call = { ...ONE, isRaw: true, statements: [{ ...statement, rowAsArray: is }] };
      const answer = new HttpAnswer(call, 1_000_000, new Descriptions());
      const bytes = Buffer.concat([
        message('T', int16(2), column('é', 25), column('b', 23)),
        ...all.map(([first, second]) => row(first, second)),
        message('C', zeroTerminated(`SELECT ${all.length}`)),
        readyForQuery('I'.charCodeAt(0)),
      ]);
      answer.feed(bytes, bytes.length);
      const { bytes: told } = answer.body;
      expect(told.length).toBe(answer.body.length);
      expect(JSON.parse(told.toString())).toMatchObject({
        rows: is ? all : all.map(([first, second]) => ({ é: first, b: second })),
        rowCount: all.length,
        rowAsArray: is,
      });
    }),
    { numRuns: 200 },
  );
});

test('what is no UTF-8 is told as what it cannot be, in JSON that is', () => {
  const answer = new HttpAnswer({ ...ONE, isRaw: true }, 10_000, new Descriptions());
  const bytes = Buffer.concat([
    message('T', int16(1), column('a', 25)),
    message('D', int16(1), int32(2), Buffer.from([0x61, 0xff])),
    message('C', zeroTerminated('SELECT 1')),
  ]);
  answer.feed(bytes, bytes.length);
  expect(JSON.parse(answer.body.bytes.toString()).rows).toEqual([{ a: 'a\ufffd' }]);
});

test('a body goes out behind a head of any length', () => {
  for (const length of [0, 10, 400, 401, 5_000]) {
    const head = 'h'.repeat(length);
    expect(HttpBody.of('{"é":1}').behind(head).toString()).toBe(`${head}{"é":1}`);
  }
  const long = 'x'.repeat(5_000);
  expect(HttpBody.of(long).behind('head').toString()).toBe(`head${long}`);
});
