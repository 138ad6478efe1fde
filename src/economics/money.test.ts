import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Amount,
  allocated,
  amount,
  coinOf,
  decimalOf,
  moneyOf,
  parseDecimal,
  scaled,
  sumOf,
  toCoins,
} from './money.ts';

const amounts = fc.bigInt(-(10n ** 24n), 10n ** 24n).map((n) => n as Amount);

test('a decimal is read and written without loss', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 26n), 10n ** 26n), (n) => {
      expect(parseDecimal(decimalOf(n))).toBe(n);
    }),
  );
});

test.each([
  '',
  '.5',
  '1.',
  '1e3',
  '+1',
  '1,5',
  ' 1',
  '0.0000000000001',
  '0x10',
  '1234567890123456',
])('"%s" is no decimal', (text) => expect(parseDecimal(text)).toBeNull());

test('money is shown with the digits of its currency, and with more where it has more', () => {
  expect(moneyOf(amount('3'), 'USD')).toBe('3.00');
  expect(moneyOf(amount('-0.105'), 'USD')).toBe('-0.105');
  expect(moneyOf(amount('1200'), 'JPY')).toBe('1200');
  expect(moneyOf(amount('0.000008333333'), 'EUR')).toBe('0.000008333333');
});

test.each([
  ['0.005', '0'],
  ['0.015', '0.02'],
  ['0.025', '0.02'],
  ['0.0250001', '0.03'],
  ['-0.005', '0'],
  ['-0.015', '-0.02'],
  ['-0.0251', '-0.03'],
  ['7.994999999999', '7.99'],
])('%s is %s in cents: a tie goes to the even one', (exact, cents) => {
  expect(toCoins(amount(exact), 'USD')).toBe(amount(cents));
});

test('coins are as small as the currency has them', () => {
  expect(toCoins(amount('99.5'), 'JPY')).toBe(amount('100'));
  expect(toCoins(amount('98.5'), 'JPY')).toBe(amount('98'));
  expect(toCoins(amount('0.0125'), 'KWD')).toBe(amount('0.012'));
});

test('what is divided is off by half of the smallest part at most', () => {
  fc.assert(
    fc.property(amounts, fc.bigInt(0n, 10n ** 15n), fc.bigInt(1n, 10n ** 15n), (n, by, of) => {
      const off = scaled(n, by, of) * of - n * by;
      expect((off < 0n ? -off : off) * 2n <= of).toBe(true);
    }),
  );
});

test('parts are the whole, each within one step of its share, and equal weights within one step of each other', () => {
  const weights = fc.array(fc.bigInt(0n, 10n ** 12n), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(amounts, weights, (whole, given) => {
      const parts = allocated(whole, given);
      const sum = given.reduce((all, one) => all + one, 0n);
      expect(sumOf(parts)).toBe(whole);
      parts.forEach((part, at) => {
        const [weight, of] = sum === 0n ? [1n, BigInt(given.length)] : [given[at] ?? 0n, sum];
        const off = part * of - whole * weight;
        expect(off < of && off > -of).toBe(true);
      });
    }),
  );
});

test('a bill in cents is laid on parts in cents', () => {
  const parts = allocated(amount('10'), [1n, 1n, 1n], coinOf('USD'));
  expect(parts).toEqual([amount('3.34'), amount('3.33'), amount('3.33')]);
  const uneven = allocated(amount('0.05'), [700n, 200n, 100n], coinOf('USD'));
  expect(uneven).toEqual([amount('0.04'), amount('0.01'), amount('0')]);
});

test('a larger weight never has the smaller part', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 10n ** 20n),
      fc.array(fc.bigInt(0n, 1_000n), { minLength: 2, maxLength: 12 }),
      (whole, weights) => {
        const parts = allocated(whole as Amount, weights);
        weights.forEach((one, i) => {
          weights.forEach((other, j) => {
            if (one > other) expect((parts[i] ?? 0n) >= (parts[j] ?? 0n)).toBe(true);
          });
        });
      },
    ),
  );
});

test('of what is left over one goes to each of the largest remainders, of equal ones to the first', () => {
  const small = fc.bigInt(0n, 5n);
  const large = fc.bigInt(0n, 2n ** 80n);
  fc.assert(
    fc.property(
      fc.bigInt(0n, 10n ** 24n).map((n) => n as Amount),
      fc.oneof(fc.array(small, { minLength: 1 }), fc.array(large, { minLength: 1 })),
      (total, weights) => {
        const sum = sumOf(weights as Amount[]);
        const ours = sum === 0n ? weights.map(() => 1n) : weights;
        const by = sumOf(ours as Amount[]);
        const whole = ours.map((weight) => (total * weight) / by);
        const left = Number(total - sumOf(whole as Amount[]));
        const order = ours
          .map((weight, at) => ({ at, remainder: (total * weight) % by }))
          .toSorted((one, other) => Number(other.remainder - one.remainder) || one.at - other.at);
        const lucky = new Set(order.slice(0, left).map(({ at }) => at));
        expect(allocated(total, weights)).toEqual(
          whole.map((part, at) => (lucky.has(at) ? part + 1n : part)),
        );
      },
    ),
  );
});
