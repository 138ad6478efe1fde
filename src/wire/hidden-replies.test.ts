import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HiddenReplies } from './hidden-replies.ts';
import { int32, message, readyForQuery, zeroTerminated } from './messages.ts';
import { int16 } from './requests.ts';

const IDLE = 0x49;
const BYTES_MAX = 1024;

const row = (...values: readonly (string | null)[]): Buffer =>
  message(
    'D',
    int16(values.length),
    ...values.flatMap((value) =>
      value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
    ),
  );

const status = (name: string, value: string): Buffer =>
  message('S', zeroTerminated(name), zeroTerminated(value));

const failure = (severity: string, sqlstate: string, told: string): Buffer =>
  message('E', Buffer.from(`SX\0V${severity}\0C${sqlstate}\0M${told}\0\0`));

const notification = message('A', int32(7), zeroTerminated('channel'), zeroTerminated('payload'));
const notice = message('N', Buffer.from('SNOTICE\0\0'));

const REPLIES: readonly Buffer[] = [
  message('1'),
  message('2'),
  row('one', null, 'ü'),
  notification,
  message('C', zeroTerminated('SELECT 1')),
  status('TimeZone', 'UTC'),
  readyForQuery(IDLE),
  failure('ERROR', '22012', 'division by zero'),
  notice,
  status('TimeZone', 'Asia/Tokyo'),
  readyForQuery(0x45),
];
const CLIENTS = Buffer.from('the answer to the client');

function consumer(keepNotices = false) {
  const passed: Buffer[] = [];
  const replies = new HiddenReplies({
    readyForQueries: 2,
    onAsync: (found) => passed.push(found),
    keepNotices,
    bytesMax: BYTES_MAX,
  });
  return { replies, passed };
}

const seen = (replies: HiddenReplies) => ({
  rows: replies.rows.map((columns) => columns.map(String)),
  parameters: [...replies.parameters],
  errors: replies.errors.map(({ response, ...rest }) => ({ ...rest, bytes: response.length })),
  status: replies.status,
});

const EXPECTED = {
  rows: [['one', '', 'ü']],
  parameters: [['TimeZone', 'Asia/Tokyo']],
  errors: [
    {
      at: 1,
      bytes: REPLIES[7]?.length,
      sqlstate: '22012',
      isFatal: false,
      message: 'division by zero',
    },
  ],
  status: 0x45,
};

describe('replies that the client must not see', () => {
  test('are taken in wherever the stream is cut, and no byte behind them', () => {
    const stream = Buffer.concat([...REPLIES, CLIENTS]);
    const hidden = stream.length - CLIENTS.length;
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (places) => {
        const cuts = [0, ...places.toSorted((one, other) => one - other), stream.length];
        const { replies, passed } = consumer();
        const left = cuts.slice(1).flatMap((end, index) => {
          const start = cuts[index] ?? 0;
          // A buffer is used again for the next read, and has other bytes around.
          const chunk = Buffer.concat([
            Buffer.from('!!'),
            stream.subarray(start, end),
            Buffer.from('!'),
          ]);
          const from = replies.feed(chunk, 2, chunk.length - 1);
          const rest = Buffer.from(chunk.subarray(from, chunk.length - 1));
          chunk.fill(0);
          return [rest];
        });
        expect(Buffer.concat(left)).toEqual(CLIENTS);
        expect([replies.isDone, hidden]).toEqual([true, hidden]);
        expect(passed).toEqual([notification]);
        expect(seen(replies)).toEqual(EXPECTED);
      }),
    );
  });

  test('let notices through if those are wanted', () => {
    const { replies, passed } = consumer(true);
    const stream = Buffer.concat(REPLIES);
    expect(replies.feed(stream, 0, stream.length)).toBe(stream.length);
    expect(passed).toEqual([notification, notice]);
  });

  test('are not done before the last ReadyForQuery, and tell a fatal error', () => {
    const { replies } = consumer();
    const stream = failure('FATAL', '57P01', 'terminating');
    replies.feed(stream, 0, stream.length);
    expect([replies.isDone, replies.status, replies.errors[0]?.isFatal]).toEqual([false, 0, true]);
  });

  test('may be as long as allowed and no longer, nor shorter than a message is', () => {
    const { replies } = consumer();
    const longest = message('D', int16(0), Buffer.alloc(BYTES_MAX - 7));
    expect(replies.feed(longest, 0, longest.length)).toBe(BYTES_MAX);
    for (const length of [BYTES_MAX, 3]) {
      const header = Buffer.concat([Buffer.from('D'), int32(length)]);
      expect(() => consumer().replies.feed(header, 0, header.length)).toThrow('answered with');
      const { replies: cut } = consumer();
      cut.feed(header, 0, 2);
      expect(() => cut.feed(header, 2, header.length)).toThrow('answered with');
    }
  });
});
