import { expect, test } from 'vitest';
import { sankeyLayout } from './sankey-layout.ts';

const SIZE = { height: 100, gap: 10 };

test('bands are as thick as they are often, and leave and come one below the other', () => {
  const flows = [
    { from: 'COLD', to: 'WARM', times: 2 },
    { from: 'COLD', to: 'HOT', times: 1 },
    { from: 'WARM', to: 'COLD', times: 3 },
    { from: 'COLD', to: 'WARM', times: 3 },
  ];
  const { left, right, bands } = sankeyLayout(['HOT', 'WARM', 'COLD'], flows, SIZE);
  expect(left.map(({ name }) => name)).toEqual(['WARM', 'COLD']);
  expect(right.map(({ name }) => name)).toEqual(['HOT', 'WARM', 'COLD']);
  const unit = 80 / 9;
  expect(bands.find(({ to }) => to === 'WARM')?.thickness).toBeCloseTo(5 * unit);
  const ofCold = bands.filter(({ from }) => from === 'COLD');
  const [first, second] = ofCold;
  expect(second?.y0).toBeCloseTo((first?.y0 ?? 0) + (first?.thickness ?? 0));
  for (const side of [left, right]) {
    const top = side[0]?.y ?? -1;
    const last = side.at(-1);
    expect(top).toBeGreaterThanOrEqual(0);
    expect((last?.y ?? 0) + (last?.height ?? 0)).toBeCloseTo(100 - top);
  }
});

test('of nothing there is nothing to draw', () => {
  expect(sankeyLayout(['HOT'], [], SIZE)).toEqual({ left: [], right: [], bands: [] });
});
