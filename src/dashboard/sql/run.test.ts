import { expect, test } from 'vitest';
import { DynaBaseError, type Query } from '../../sdk/index.ts';
import { runChosen } from './run.ts';

const one = {
  ...{ columns: [], rows: [[1]], rowCount: 1, command: 'SELECT', truncated: false },
  ...{ notices: [], noticesLeftOut: 0 },
};

const chosen = (text: string, from = 0) => ({ text, from, to: from + text.length });

const failure = (position?: number) =>
  new DynaBaseError({
    ...{ code: 'QUERY_FAILED', message: 'no such column', sqlstate: '42703', http: 400 },
    ...{ retry: 'never', database: position === undefined ? undefined : { position } },
  } as ConstructorParameters<typeof DynaBaseError>[0]);

test('what may write goes together, what only reads one by one until one fails', async () => {
  const asked: Query[] = [];
  const ask = async (query: Query) => {
    asked.push(query);
    if (query.sql.includes('bad')) throw failure(8);
    return { ...one, ms: 2, wakeMs: 5 };
  };
  await runChosen(chosen('select 1; select 2'), false, ask);
  expect(asked.map(({ sql }) => sql)).toEqual(['select 1; select 2']);
  asked.length = 0;
  const run = await runChosen(chosen('select 1; select bad; select 3', 10), true, ask);
  expect(asked.map(({ sql }) => sql)).toEqual(['select 1', 'select bad']);
  expect(run).toMatchObject({ ms: 2, wakeMs: 5 });
  expect(run.outcomes.map(({ kind }) => kind)).toEqual(['answered', 'failed']);
  expect(run.outcomes[1]).toMatchObject({ at: { from: 27, to: 30 } });
});

test('of several statements each has its own result', async () => {
  const results = [one, { ...one, command: 'INSERT', rows: [] }];
  const run = await runChosen(chosen('a; b'), false, async () => ({
    ...{ ...one, results, ms: 1, wakeMs: 0 },
  }));
  expect(run.outcomes.map((each) => each.kind === 'answered' && each.command)).toEqual([
    ...['SELECT', 'INSERT'],
  ]);
});

test('a failure without a place marks nothing; one at the end marks the last character', async () => {
  const fail = (position?: number) => async () => {
    throw failure(position);
  };
  expect((await runChosen(chosen('select'), false, fail())).outcomes[0]).toMatchObject({
    at: null,
  });
  expect((await runChosen(chosen('select ('), false, fail(9))).outcomes[0]).toMatchObject({
    at: { from: 7, to: 8 },
  });
});
