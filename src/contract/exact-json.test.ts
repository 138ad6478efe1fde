import { expect, test } from 'vitest';
import { exactJson } from './exact-json.ts';

test.each([
  '9007199254740993',
  '{"id":9007199254740993,"n":[-12345678901234567890,1]}',
  '[0.12345678901234567890]',
  '[1e400,1E5,-2.5e-7]',
  '[1.50,2.0,-0]',
  '{"a":"1, 2e5","b":{"c":[true,null,"x"]}}',
])('%s is written again as it was read', (text) => {
  expect(JSON.stringify(exactJson(text))).toBe(text);
});

test('what JavaScript can hold is a number', () => {
  expect(exactJson('{"a": [1, 2.5, -3], "b": 9007199254740991}')).toEqual({
    a: [1, 2.5, -3],
    b: 9_007_199_254_740_991,
  });
});

test('what is nested too deep to be gone through stays text', () => {
  const deep = `${'['.repeat(50_000)}12345678901234567890${']'.repeat(50_000)}`;
  expect(exactJson(deep)).toBe(deep);
});
