import { expect, test } from 'vitest';
import { ChanceBins } from './chance-bins.ts';
import { parseTrace, type Trace } from './trace.ts';

const fleet = (lines: readonly string[]): Trace =>
  parseTrace(`#{"name":"fleet","span_s":86400,"epoch":0}\n${lines.join('\n')}\n`, {
    name: 'fleet',
  });

test('chances that come true leave no error, and others theirs', () => {
  const bins = new ChanceBins(fleet(['A\t10 20', 'B\t20 30']));
  for (let turn = 0; turn < 100; turn += 1) {
    bins.add(turn % 2, 0.25, turn % 4 === 0);
    bins.add(turn % 2, 0.75, turn % 2 === 0);
  }
  const { asked, error, brier, brierOfShare } = bins.errors();
  expect(asked).toBe(200);
  expect(error).toBeCloseTo((100 * 0.25) / 200);
  expect(brier).toBeCloseTo(
    (25 * 0.75 ** 2 + 75 * 0.25 ** 2 + 50 * 0.25 ** 2 + 50 * 0.75 ** 2) / 200,
  );
  expect(brierOfShare).toBeCloseTo((75 / 200) * (125 / 200));
});

test('tenants with one history are one tenant to luck', () => {
  const many = Array.from({ length: 100 }, (_, i) => `${i}\t${10 + i} 20`);
  const twins = Array.from({ length: 100 }, (_, i) => `${i}\t10 20`);
  const lucks = [many, twins].map((lines) => {
    const bins = new ChanceBins(fleet(lines));
    for (let tenant = 0; tenant < 100; tenant += 1) bins.add(tenant, 0.5, true);
    return bins.errors().byLuck;
  });
  expect(lucks[0]).toBeCloseTo(Math.sqrt(2 / Math.PI) * 0.05);
  expect(lucks[1]).toBeCloseTo(Math.sqrt(2 / Math.PI) * 0.5);
});
