import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Statement } from './http-call.ts';
import { callMessages } from './http-messages.ts';
import { int32, message, zeroTerminated } from './messages.ts';
import { int16 } from './requests.ts';

/** The same by the book. */
const expected = ({ sql, parameters }: Statement): Buffer[] => [
  message('P', zeroTerminated(''), zeroTerminated(sql), int16(0)),
  message(
    'B',
    ...[zeroTerminated(''), zeroTerminated(''), int16(0), int16(parameters.length)],
    ...parameters.flatMap((value) =>
      value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
    ),
    int16(0),
  ),
  message('D', Buffer.from('P'), zeroTerminated('')),
  message('E', zeroTerminated(''), int32(0)),
];

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 250 }),
  fc.string({ unit: 'binary-ascii', maxLength: 250 }),
);

/** No statement has one. */
const withoutZero = (sql: string): string => sql.replaceAll('\0', '');

test('is what the protocol has it, for texts of every length and script', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ sql: text.map(withoutZero), parameters: fc.array(fc.option(text)) }), {
        minLength: 1,
      }),
      (said) => {
        const statements = said.map((each) => ({ ...each, rowAsArray: true }));
        const one = callMessages({ batch: null, statements, isRaw: true });
        expect(one).toEqual(Buffer.concat([...statements.flatMap(expected), message('S')]));
      },
    ),
    { numRuns: 200 },
  );
});

test('a batch stands between its beginning and COMMIT', () => {
  const [begin, commit] = ['BEGIN READ ONLY', 'COMMIT'].map((sql) =>
    expected({ sql, parameters: [], rowAsArray: true }),
  ) as [Buffer[], Buffer[]];
  const batch = { begin: 'BEGIN READ ONLY', told: {} };
  const bytes = callMessages({ batch, statements: [], isRaw: true });
  expect(bytes).toEqual(Buffer.concat([...begin, ...commit, message('S')]));
});
