/** Streams as PostgreSQL really sends them, cut at every place: always the same is understood. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantId } from '../domain/ids.ts';
import type { Timestamp } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { RealBackends } from '../testing/real-backend.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { int32, message, zeroTerminated } from '../wire/messages.ts';
import { Evidence } from './evidence.ts';
import { Pulse } from './pulse.ts';
import { TenantMeter } from './tenant-meter.ts';
import { Traffic } from './traffic.ts';

let server: RealPostgres;
let backends: RealBackends;

beforeAll(async () => {
  server = await realPostgres();
  backends = await RealBackends.of(server);
});

afterAll(() => server[Symbol.asyncDispose]());

/** More cuts than this are spread over the stream; each walks it whole. */
const CUTS_MAX = 4_000;

const NONE = Buffer.from([0, 0]);
const query = (sql: string): Buffer => message('Q', zeroTerminated(sql));
const parse = (sql: string): Buffer => message('P', Buffer.from([0]), zeroTerminated(sql), NONE);
const BIND = message('B', NONE, NONE, NONE, NONE);
const DESCRIBE = message('D', Buffer.from('P\0'));
const EXECUTE = message('E', Buffer.from([0]), int32(0));
const SYNC = message('S');
const TERMINATE = message('X');

const extended = (sql: string): Buffer =>
  Buffer.concat([parse(sql), BIND, DESCRIBE, EXECUTE, SYNC]);

/** What passed from a client that sent all of `asked` at once, and what came back. */
type Recorded = { readonly asked: Buffer; readonly answered: Buffer };

async function record(...messages: readonly Buffer[]): Promise<Recorded> {
  const asked = Buffer.concat([...messages, TERMINATE]);
  const { socket } = await backends.open();
  const chunks: Buffer[] = [];
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end(asked);
  socket.resume();
  await over;
  return { asked, answered: Buffer.concat(chunks) };
}

/** All that is learned of a conversation whose streams are cut at these places. */
function understood({ asked, answered }: Recorded, cuts: { asked: number; answered: number }) {
  const meter = new TenantMeter('tn_0123456789ab' as TenantId);
  let rolesChanged = 0;
  const traffic = new Traffic({
    clock: new VirtualClock(),
    meter,
    visitor: { isRobot: false, isPinging: false, pulse: new Pulse() },
    status: 0x49,
    evidence: new Evidence({ onName: () => true, onDatabase: () => {} }),
    processIds: { told: 7, actual: 7 },
    onRolesChanged: () => rolesChanged++,
  });
  for (const part of [asked.subarray(0, cuts.asked), asked.subarray(cuts.asked)]) {
    expect(traffic.fromClient(part, part.length)).toBe(true);
  }
  for (const part of [answered.subarray(0, cuts.answered), answered.subarray(cuts.answered)]) {
    expect(traffic.fromBackend(part, part.length)).toBe(true);
  }
  const { hasTerminated, isIdle, hasBackendFailed } = traffic;
  return {
    usage: meter.take(0 as Timestamp),
    rolesChanged,
    hasTerminated,
    isIdle,
    hasBackendFailed,
  };
}

test.each<[string, readonly Buffer[], object]>([
  [
    'a pipeline of simple queries, one of which fails',
    [query('select 1'), query('select 1/0'), query('select 2; select 3'), query('')],
    { queries: 4, transactions: 4, errors: { 22: 1 } },
  ],
  [
    'a pipeline of extended queries, one of which fails',
    [extended('select 1'), extended('select 1/0'), extended('no sql'), extended('select 2')],
    { queries: 4, transactions: 4, errors: { 22: 1, 42: 1 } },
  ],
  [
    'a transaction with a notice, a setting and a notification',
    [
      query('listen news'),
      query('begin'),
      query(`do $$ begin raise notice 'look'; end $$`),
      query(`set timezone = 'Asia/Tokyo'`),
      query(`notify news, 'hello'`),
      query('commit'),
    ],
    { queries: 6, transactions: 2, errors: {} },
  ],
  [
    'COPY in and out, and COPY that fails',
    [
      query('create temp table t (n int)'),
      query('copy t from stdin'),
      message('d', Buffer.from('1\n2\n')),
      message('d', Buffer.from('3\n')),
      message('c'),
      query('copy t to stdout'),
      query('copy t from stdin'),
      message('d', Buffer.from('none\n')),
      message('c'),
      query('copy t from stdin'),
      message('f', zeroTerminated('enough')),
    ],
    { queries: 5, transactions: 5, errors: { 22: 1, 57: 1 } },
  ],
  [
    'changes of roles',
    [query('create role r'), query('alter role r login'), query('drop role r')],
    { queries: 3, transactions: 3, errors: {} },
  ],
])('%s', async (_name, messages, expected) => {
  const recorded = await record(...messages);
  const whole = understood(recorded, { asked: 0, answered: 0 });
  expect(whole).toMatchObject({ usage: expected, hasTerminated: true, isIdle: true });
  for (const side of ['asked', 'answered'] as const) {
    for (let cut = 0; cut <= recorded[side].length; cut++) {
      expect(understood(recorded, { asked: 0, answered: 0, [side]: cut })).toEqual(whole);
    }
  }
});

test('rows of a megabyte among small ones', async () => {
  const recorded = await record(
    query(`select repeat('x', 1000000) from generate_series(1, 3)`),
    extended('select 1'),
    query(`select '${'y'.repeat(300_000)}'`),
  );
  const whole = understood(recorded, { asked: 0, answered: 0 });
  expect(whole).toMatchObject({ usage: { queries: 3, transactions: 3 }, isIdle: true });
  for (const side of ['asked', 'answered'] as const) {
    const step = Math.ceil(recorded[side].length / CUTS_MAX);
    for (let cut = 0; cut <= recorded[side].length; cut += step) {
      expect(understood(recorded, { asked: 0, answered: 0, [side]: cut })).toEqual(whole);
    }
  }
});

test('role changes are told as often as they are committed', async () => {
  const one = await record(query('create role r'), query('begin'), query('drop role r'));
  const other = await record(query('begin'), query('drop role r'), query('commit'));
  const told = [one, other].map((recorded) => understood(recorded, { asked: 0, answered: 0 }));
  expect(told.map(({ rolesChanged, isIdle }) => [rolesChanged, isIdle])).toEqual([
    [1, false],
    [1, true],
  ]);
});
