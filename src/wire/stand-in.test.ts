import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import {
  bind,
  copyData,
  describe as describes,
  execute,
  flush,
  functionCall,
  parse,
  query,
  sync,
} from '../testing/requests.ts';
import { failureResponse } from './error-response.ts';
import { StandIn, type StandInOptions } from './stand-in.ts';

const REFUSAL = failureResponse(fault('TENANT_ASLEEP', { tenant: 'acme', why: 'so it stays' }));

const open = (options: Partial<StandInOptions> = {}): StandIn =>
  new StandIn({
    refusal: REFUSAL,
    answersPings: true,
    prepared: () => undefined,
    onTaken: () => {},
    ...options,
  });

/** The types of the messages that are said to these. */
function saidTo(standIn: StandIn, ...messages: readonly Buffer[]): string {
  expect(standIn.take(Buffer.concat(messages))).toBe('taken');
  const said = standIn.said();
  let types = '';
  for (let at = 0; at < said.length; at += 1 + said.readUInt32BE(at + 1)) {
    types += said.toString('latin1', at, at + 1);
  }
  return types;
}

test('what is no ping is refused, and the session goes on', () => {
  const standIn = open();
  expect(saidTo(standIn, query('select * from t'), query('select 1'))).toBe('EZTDCZ');
  expect([standIn.isAtRest, standIn.hasRefused, standIn.queries]).toEqual([true, true, 2]);
});

test('a refusal in a run is said once, and the rest of the run is thrown away', () => {
  const standIn = open();
  const run = [parse('select * from t'), describes('S'), bind({}), execute()];
  expect(saidTo(standIn, ...run, sync())).toBe('EZ');
  expect(saidTo(standIn, ...run, flush())).toBe('E');
  expect(standIn.isAtRest).toBe(false);
  expect(saidTo(standIn, query('select 1'), sync())).toBe('Z');
});

test('a client that waits for answers before it ends its run has them', () => {
  const standIn = open();
  expect(saidTo(standIn, parse('select 1'), describes('S'), flush())).toBe('1tT');
  expect(standIn.isAtRest).toBe(false);
  expect(saidTo(standIn, bind({ resultFormat: 1 }), execute(), sync())).toBe('2DCZ');
  expect(standIn.isAtRest).toBe(true);
});

test.each([
  ['a statement with a name', [parse('select 1', 'mine')]],
  ['a parameter', [parse('select 1', '', [23])]],
  ['a value', [parse('select 1'), bind({ values: ['7'] })]],
  ['a portal with a name', [parse('select 1'), bind({ portal: 'mine' })]],
  ['a row at a time', [parse('select 1'), bind({}), execute('', 1)]],
  ['a portal again', [parse('select 1'), bind({}), execute(), execute()]],
  ['a statement that was never made', [bind({})]],
])('%s is not for it to answer', (_, run) => {
  const standIn = open();
  saidTo(standIn, ...run, sync());
  expect(standIn.hasRefused).toBe(true);
});

test('a statement that the session has from before is known', () => {
  const prepared = (name: string) => (name === 'S_1' ? 'select 1' : undefined);
  const again = [bind({ statement: 'S_1' }), describes('P'), execute(), sync()];
  expect(saidTo(open({ prepared }), ...again)).toBe('2TDCZ');
  expect(saidTo(open({ prepared }), bind({ statement: 'S_2' }), execute(), sync())).toBe('EZ');
});

test('a query ends the unnamed statement', () => {
  expect(saidTo(open(), parse('select 1'), sync(), query(''), bind({}), sync())).toBe('1ZIZEZ');
});

test('where pings are not answered they are refused as all else, and a lone Sync is not', () => {
  const standIn = open({ answersPings: false });
  expect(saidTo(standIn, query('select 1'), query(''), sync())).toBe('EZEZZ');
});

test('a function call is refused', () => {
  expect(saidTo(open(), functionCall(1, []))).toBe('EZ');
});

test('nothing is taken that does not end with a whole message', () => {
  const whole = query('select 1');
  const standIn = open();
  for (let cut = 1; cut < whole.length; cut++) {
    expect(standIn.take(Buffer.concat([whole, whole.subarray(0, cut)]))).toBe('cut');
  }
  expect([standIn.said().length, standIn.take(Buffer.from('Q\0\0\0\0'))]).toEqual([0, 'broken']);
});

test('what was not refused is told, and data of a COPY that never began is nothing', () => {
  const taken: string[] = [];
  const onTaken: StandInOptions['onTaken'] = (type) => taken.push(String.fromCharCode(type));
  const standIn = open({ onTaken });
  expect(saidTo(standIn, copyData('x'), query('drop table t'), query(';'), sync())).toBe('EZIZZ');
  expect(taken).toEqual(['Q', 'S']);
});
