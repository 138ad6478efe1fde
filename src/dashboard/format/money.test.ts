import { expect, test } from 'vitest';
import { money } from './money.ts';

test('money has two decimals, and below a cent the digits that matter', () => {
  const amounts = ['1234.5', '0.004630555556', '0', '-2.999', null];
  expect(amounts.map((amount) => money(amount, 'USD'))).toEqual([
    ...['$1,234.50', '$0.0046', '$0.00', '-$3.00', '–'],
  ]);
});

test('what is less than anybody compares is told as that', () => {
  expect(['0.00000043', '-0.00000043', '0.0002'].map((one) => money(one, 'USD'))).toEqual([
    ...['< $0.0001', '> -$0.0001', '$0.0002'],
  ]);
});
