/** The ledger's rules against the one who made them: any conversation, with a real PostgreSQL. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Instant } from '../domain/units.ts';
import { RealBackends } from '../testing/real-backend.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import {
  ANSWER,
  ANSWER_LENGTH_MAX,
  FrameWalker,
  peeks,
  REQUEST,
  REQUEST_LENGTH_MAX,
  STATUS,
} from '../wire/frames.ts';
import { int32, message, zeroTerminated } from '../wire/messages.ts';
import { RequestLedger } from './ledger.ts';

const NONE = Buffer.from([0, 0]);

/** By name, messages a client may send at any time, wise or not. */
const STEPS: Readonly<Record<string, Buffer>> = {
  query: message('Q', zeroTerminated('select 1')),
  queryFails: message('Q', zeroTerminated('select 1/0')),
  empty: message('Q', zeroTerminated('')),
  begin: message('Q', zeroTerminated('begin')),
  rollback: message('Q', zeroTerminated('rollback')),
  copy: message('Q', zeroTerminated('copy pg_temp.t from stdin')),
  twoCopies: message('Q', zeroTerminated('copy pg_temp.t from stdin; copy pg_temp.t from stdin')),
  copyOut: message('Q', zeroTerminated('copy pg_temp.t to stdout')),
  parse: message('P', NONE.subarray(1), zeroTerminated('select 1'), NONE),
  parseCopy: message('P', NONE.subarray(1), zeroTerminated('copy pg_temp.t from stdin'), NONE),
  parseFails: message('P', NONE.subarray(1), zeroTerminated('no sql'), NONE),
  bind: message('B', NONE, NONE, NONE, NONE),
  describeStatement: message('D', Buffer.from('S\0')),
  describePortal: message('D', Buffer.from('P\0')),
  execute: message('E', NONE.subarray(1), int32(0)),
  close: message('C', Buffer.from('S\0')),
  flush: message('H'),
  sync: message('S'),
  data: message('d', Buffer.from('1\n')),
  badData: message('d', Buffer.from('no number\n')),
  copyDone: message('c'),
  copyFail: message('f', zeroTerminated('enough')),
};

/** Leaves COPY and the skipping after an error, and then says that it got so far. */
const LAST = Buffer.concat([
  message('c'),
  message('S'),
  message('Q', zeroTerminated("select 'the end'")),
]);
const LAST_SEEN = Buffer.from('the end');

const RUNS = 400;

let server: RealPostgres;
let backends: RealBackends;

beforeAll(async () => {
  server = await realPostgres();
  backends = await RealBackends.of(server);
});

afterAll(() => server[Symbol.asyncDispose]());

/** All that PostgreSQL answers to `stream`, which is sent in one piece, until it closes. */
async function answersTo(stream: Buffer): Promise<Buffer> {
  const { socket } = await backends.open();
  const chunks: Buffer[] = [];
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end(stream);
  socket.resume();
  await over;
  return Buffer.concat(chunks);
}

function ask(ledger: RequestLedger, stream: Buffer): void {
  const walker = new FrameWalker({
    peeks: peeks(Object.fromEntries(Object.values(REQUEST).map((type) => [type, 0]))),
    lengthMax: REQUEST_LENGTH_MAX,
    listener: { frame: (type) => ledger.asked(type, 0 as Instant) },
  });
  walker.walk(stream, stream.length);
}

function answer(ledger: RequestLedger, stream: Buffer): void {
  const walker = new FrameWalker({
    peeks: peeks(Object.fromEntries(Object.values(ANSWER).map((type) => [type, 1]))),
    lengthMax: ANSWER_LENGTH_MAX,
    listener: {
      frame: (type, bytes, start) => {
        if (type !== ANSWER.readyForQuery) ledger.answered(type);
        else {
          expect(ledger.isIdle).toBe(false);
          ledger.ready(bytes[start] ?? 0);
        }
      },
    },
  });
  walker.walk(stream, stream.length);
}

test('whatever a client sends ahead, the ledger is at rest exactly when PostgreSQL is', async () => {
  const setUp = message('Q', zeroTerminated('create temp table t (n int)'));
  const outcomes = { atRest: 0, unsure: 0, cutShort: 0 };
  const conversation = fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 12 });
  const property = fc.asyncProperty(conversation, async (names) => {
    const steps = names.map((name) => STEPS[name] ?? Buffer.alloc(0));
    const stream = Buffer.concat([setUp, ...steps, LAST]);
    const answers = await answersTo(stream);
    const ledger = new RequestLedger(STATUS.idle);
    ask(ledger, stream);
    answer(ledger, answers);
    if (!answers.includes(LAST_SEEN)) {
      outcomes.cutShort++;
      return;
    }
    if (!ledger.isSure) {
      outcomes.unsure++;
      return;
    }
    const { outstanding, isBusy } = ledger;
    expect({ outstanding, isBusy }).toEqual({ outstanding: 0, isBusy: false });
    expect(ledger.isIdle).toBe(ledger.status === STATUS.idle);
    outcomes.atRest++;
  });
  await fc.assert(property, { seed: 7, numRuns: RUNS });
  // A property that never got to its point would hold as well.
  expect(outcomes.atRest).toBeGreaterThan(RUNS / 4);
  expect(outcomes.unsure).toBeLessThan(RUNS / 10);
}, 60_000);
