import { expect, test } from 'vitest';
import { accentsOf, contrast } from './brand-colours.ts';

const rgb = (hex: string) =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as readonly [
    number,
    number,
    number,
  ];

test('any colour can be read on both grounds, and what stands on it too', () => {
  for (const colour of [
    '#ffff00',
    '#000000',
    '#ffffff',
    '#0a7d5c',
    '#ff0000',
    '#7f7f7f',
    '#1E90FF',
  ]) {
    const accents = accentsOf(colour);
    if (accents === undefined) throw new Error(colour);
    const { light, dark, lightInk, darkInk } = accents;
    expect(contrast(rgb(light), rgb('#eef0f4'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(rgb(dark), rgb('#1b1f27'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(rgb(light), rgb(lightInk))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(rgb(dark), rgb(darkInk))).toBeGreaterThanOrEqual(4.5);
  }
});

test('a colour that can be read stays as it is; what is none is refused', () => {
  expect(accentsOf('#0a5d5c')?.light).toBe('#0a5d5c');
  expect(accentsOf('red; background: url(x)')).toBeUndefined();
});
