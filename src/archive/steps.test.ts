import { expect, test } from 'vitest';
import { atOnce, each, inTurns, type Steps } from './steps.ts';

test('others have their turn after a thousand rows, however they are spread', async () => {
  const seen: number[] = [];
  const steps = (): Steps<void> =>
    each(
      [400, 600, 1, 5_000, 1],
      (rows) => {
        seen.push(rows);
      },
      (rows) => rows,
    );
  let turns = 0;
  const watch = setImmediate(function again() {
    turns++;
    setImmediate(again).unref();
  });
  await inTurns(steps());
  clearImmediate(watch);
  expect({ seen, turns }).toEqual({ seen: [400, 600, 1, 5_000, 1], turns: 2 });
});

test('all at once is the same, and so is a failure half-way', async () => {
  const double = function* (to: number): Steps<number[]> {
    const doubled: number[] = [];
    yield* each(Array(to).keys(), (n) => {
      if (n === 2_500) throw new Error('bad row');
      doubled.push(n * 2);
    });
    return doubled;
  };
  expect(atOnce(double(2_100))).toEqual(await inTurns(double(2_100)));
  expect(() => atOnce(double(3_000))).toThrow('bad row');
  await expect(inTurns(double(3_000))).rejects.toThrow('bad row');
});
