import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTrace } from './trace.ts';

const options = { name: 'given' };

test('a trace says who was busy when, and what touches is one busy time', () => {
  const text = '#{"name":"a day","span_s":90,"epoch":60}\none\t10 5x2+3 1\n\ntwo\t0+20 19 1x3\n';
  expect(parseTrace(text, options)).toEqual({
    ...{ name: 'a day', span: 90, warmup: 30, epoch: 60, step: 1 },
    tenants: [
      {
        id: 'one',
        starts: Float64Array.of(10, 15),
        ends: Float64Array.of(11, 18),
        requests: Uint32Array.of(1, 3),
      },
      {
        id: 'two',
        starts: Float64Array.of(0),
        ends: Float64Array.of(21),
        requests: Uint32Array.of(5),
      },
    ],
  });
});

test.each([
  ['s (minute bins)', 60],
  ['s (5 minute bins)', 300],
  ['hours', 3_600],
  ['s', 1],
])('the unit "%s" says that an event lasts %i s', (unit, busy) => {
  const { tenants, step } = parseTrace(`#{"unit":"${unit}"}\na\t0`, options);
  expect([step, tenants[0]?.ends[0]]).toEqual([busy, busy]);
});

test('what a person says wins over the header, and a header is no must', () => {
  const { tenants, span, warmup, name } = parseTrace('a\t1\nb\t2\nc\t3\nd\t50', {
    ...options,
    ...{ sample: 2, warmup: 5, busy: 7 },
  });
  expect([name, span, warmup, tenants.map(({ id }) => id)]).toEqual(['given', 57, 5, ['b', 'd']]);
});

test.each([
  ['', 'there is no tenant in this trace'],
  ['hello', 'line 1 is no tenant: an id, a tab and times are wanted'],
  ['#nonsense\na\t1', 'line 1 is no header: # and a JSON object are wanted'],
  ['#{"span_s":-1}\na\t1', 'line 1: span_s is not a number of at least 0'],
  ['#{}\na\t1 2\nb\t1 -2', 'line 3: "-2" is not <seconds>[x<count>][+<seconds>]'],
  ['#{}\na\t1\n\tb 3', 'line 3 is no tenant: an id, a tab and times are wanted'],
])('%j is refused', (text, message) => {
  expect(() => parseTrace(text, options)).toThrow(message);
});

test('a warm-up as long as the trace leaves nothing to score, and is refused', () => {
  const parse = () => parseTrace('#{"span_s":9}\na\t1', { ...options, warmup: 9 });
  expect(parse).toThrow('nothing would be scored');
});

test('busy times are in order and apart, and no request is lost', () => {
  const token = fc.record({ since: fc.nat(50), count: fc.nat(4), lasts: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(token, { minLength: 1 }), (tokens) => {
      const words = tokens.map(({ since, count, lasts }) => `${since}x${count}+${lasts}`);
      const [tenant] = parseTrace(`a\t${words.join(' ')}`, options).tenants;
      const times = [...(tenant?.starts ?? [])].flatMap((from, i) => [from, tenant?.ends[i] ?? 0]);
      expect(times.every((at, i) => i === 0 || at > (times[i - 1] ?? 0))).toBe(true);
      const requests = tenant?.requests.reduce((sum, count) => sum + count, 0);
      expect(requests).toBe(tokens.reduce((sum, { count }) => sum + count, 0));
    }),
  );
});
