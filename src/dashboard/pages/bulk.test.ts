import { expect, test } from 'vitest';
import { doToEach, reasonsOf } from './bulk.ts';

const names = Array.from({ length: 9 }, (_, at) => `t${at}`);

test('all are done to, few at once, and who fails does not stop the others', async () => {
  let atWork = 0;
  let most = 0;
  const told: number[] = [];
  const deed = async (name: string): Promise<void> => {
    most = Math.max(most, ++atWork);
    await Promise.resolve();
    atWork--;
    if (name === 't3' || name === 't5') throw new Error(`tenant "${name}" is asleep`);
  };
  const { signal } = new AbortController();
  const found = await doToEach(names, deed, { told: (done) => told.push(done), signal });
  expect(found).toEqual({
    ...{ done: 7, left: [] },
    failures: ['t3', 't5'].map((name) => ({ name, why: `tenant "${name}" is asleep` })),
  });
  expect(most).toBe(4);
  expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(reasonsOf(found.failures)).toEqual([{ why: 'tenant "…" is asleep', names: ['t3', 't5'] }]);
});

test('who stops it learns whom nothing was done to', async () => {
  const stop = new AbortController();
  const told = (done: number): void => {
    if (done === 2) stop.abort();
  };
  const { done, left } = await doToEach(names, async () => {}, { told, signal: stop.signal });
  expect(done + left.length).toBe(names.length);
  expect(left).toEqual(names.slice(done));
  expect(done).toBeLessThan(7);
});
