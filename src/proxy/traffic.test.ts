import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TenantId } from '../domain/ids.ts';
import { ms, type Timestamp } from '../domain/units.ts';
import { LATENCY_BOUNDS_US, QUERY_CLASSES } from '../domain/usage.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { errorResponse } from '../wire/error-response.ts';
import { STATUS } from '../wire/frames.ts';
import { message, readyForQuery, zeroTerminated } from '../wire/messages.ts';
import { Evidence } from './evidence.ts';
import { Pulse } from './pulse.ts';
import { TenantMeter } from './tenant-meter.ts';
import { Traffic } from './traffic.ts';

const TENANT = 'tn_0123456789ab' as TenantId;
const MINUTE = 0 as Timestamp;

const query = (sql = 'select 1'): Buffer => message('Q', zeroTerminated(sql));
const complete = (tag: string): Buffer => message('C', zeroTerminated(tag));
const row = (bytes: number): Buffer => message('D', Buffer.alloc(bytes, 0x5a));
const ready = (status: keyof typeof STATUS = 'idle'): Buffer => readyForQuery(STATUS[status]);
const failure = (severity: string, sqlstate: string): Buffer =>
  message('E', Buffer.from(`SFEHLER\0V${severity}\0C${sqlstate}\0Mtext\0\0`));

class World {
  readonly clock = new VirtualClock();
  readonly meter = new TenantMeter(TENANT);
  rolesChanged = 0;
  readonly traffic = new Traffic({
    clock: this.clock,
    meter: this.meter,
    visitor: { isRobot: false, isPinging: false, pulse: new Pulse() },
    status: STATUS.idle,
    evidence: new Evidence({ onName: () => true, onDatabase: () => {} }),
    processIds: { told: 7, actual: 7 },
    onRolesChanged: () => this.rolesChanged++,
  });

  asked(...messages: readonly Buffer[]): boolean {
    const bytes = Buffer.concat(messages);
    return this.traffic.fromClient(bytes, bytes.length);
  }

  answered(...messages: readonly Buffer[]): boolean {
    const bytes = Buffer.concat(messages);
    return this.traffic.fromBackend(bytes, bytes.length);
  }

  /** What was counted, without what is zero; the latency as bounds of the buckets hit. */
  counted(): Readonly<Record<string, unknown>> {
    const record = this.meter.take(MINUTE);
    if (record === null) return {};
    const { tenant: _tenant, minute: _minute, latency, errors, classes, ...counts } = record;
    const bounds = latency.flatMap((count, bucket) =>
      Array<number>(count).fill(LATENCY_BOUNDS_US[bucket] ?? Number.POSITIVE_INFINITY),
    );
    const kinds = Object.fromEntries(QUERY_CLASSES.map((kind, place) => [kind, classes[place]]));
    const all = { ...counts, ...kinds, latency: bounds.join(), errors: JSON.stringify(errors) };
    return Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== 0 && value !== '' && value !== '{}'),
    );
  }
}

describe('usage of a session', () => {
  test('a simple query is one query, one transaction and one latency', async () => {
    const world = new World();
    const [asked, answered] = [query(), Buffer.concat([row(10), complete('SELECT 1'), ready()])];
    world.asked(asked);
    await world.clock.advance(ms(2));
    world.answered(answered);
    expect(world.counted()).toEqual({
      queries: 1,
      read: 1,
      transactions: 1,
      bytesIn: asked.length,
      bytesOut: answered.length,
      latency: '2500',
      latencySumUs: 2_000,
    });
  });

  test('a transaction block is one transaction, however many statements it has', () => {
    const world = new World();
    world.asked(query('begin'), query(), query('commit'));
    world.answered(complete('BEGIN'), ready('inTransaction'));
    world.answered(complete('SELECT 1'), ready('inTransaction'));
    world.answered(complete('COMMIT'), ready());
    expect(world.counted()).toMatchObject({ queries: 3, transactions: 1, latency: '100,100,100' });
  });

  test('a transaction that failed and was rolled back is one transaction and its errors', () => {
    const world = new World();
    world.asked(query('begin'), query(), query(), query('rollback'));
    world.answered(complete('BEGIN'), ready('inTransaction'));
    world.answered(failure('ERROR', '22012'), ready('failed'));
    world.answered(failure('ERROR', '25P02'), ready('failed'));
    world.answered(complete('ROLLBACK'), ready());
    expect(world.counted()).toMatchObject({ transactions: 1, errors: '{"22":1,"25":1}' });
  });

  test('each executed portal is a query, and a lone Sync is no transaction', () => {
    const world = new World();
    const execute = message('E', Buffer.from([0, 0, 0, 0, 0]));
    world.asked(message('P'), message('B'), execute, message('B'), execute, message('S'));
    world.asked(message('S'));
    world.answered(message('1'), message('2'), complete('SELECT 1'), message('2'));
    world.answered(complete('SELECT 1'), ready(), ready());
    expect(world.counted()).toMatchObject({ queries: 2, transactions: 1, latency: '100,100' });
  });

  test('pipelined requests are timed each from its own first byte', async () => {
    const world = new World();
    for (const _ of [1, 2, 3]) {
      world.asked(query());
      await world.clock.advance(ms(1));
    }
    for (const _ of [1, 2, 3]) {
      await world.clock.advance(ms(10));
      world.answered(complete('SELECT 1'), ready());
    }
    expect(world.counted()).toMatchObject({ latency: '14000,25000,35000', latencySumUs: 66_000 });
  });

  test('an extended query is timed from its Parse, not its Sync', async () => {
    const world = new World();
    world.asked(message('P'), message('B'), message('E'));
    await world.clock.advance(ms(7));
    world.asked(message('S'));
    world.answered(message('1'), message('2'), complete('SELECT 1'), ready());
    expect(world.counted()).toMatchObject({ latency: '7000', latencySumUs: 7_000 });
  });

  test('rows count as bytes before their query has ended', () => {
    const world = new World();
    world.asked(query());
    world.answered(row(1_000_000));
    expect(world.counted()).toMatchObject({ bytesOut: 1_000_005 });
    expect(world.counted()).toEqual({});
  });

  test('an error without a SQLSTATE is counted as internal', () => {
    const world = new World();
    world.asked(query());
    world.answered(message('E', Buffer.from('SERROR\0\0')), ready());
    expect(world.counted()).toMatchObject({ errors: '{"XX":1}' });
  });

  test('an error class that PostgreSQL cannot have made is counted as unknown', () => {
    const world = new World();
    for (const sqlstate of ['a\u{1f4a3}', '\u0001\u0002000', '4', '__proto__']) {
      world.asked(query());
      world.answered(failure('ERROR', sqlstate), ready());
    }
    expect(world.counted()).toMatchObject({ errors: '{"XX":4}' });
  });
});

describe('what else is learned', () => {
  test.each(['CREATE ROLE', 'ALTER ROLE', 'DROP ROLE'])('%s counts once it is over', (tag) => {
    const world = new World();
    world.asked(query());
    world.answered(complete(tag));
    expect(world.rolesChanged).toBe(0);
    world.answered(ready());
    expect(world.rolesChanged).toBe(1);
  });

  test('several role changes in one transaction are told once, at its end', () => {
    const world = new World();
    world.asked(query(), query(), query(), query());
    world.answered(complete('BEGIN'), ready('inTransaction'));
    world.answered(complete('CREATE ROLE'), ready('inTransaction'));
    world.answered(complete('ALTER ROLE'), ready('inTransaction'));
    expect(world.rolesChanged).toBe(0);
    world.answered(complete('COMMIT'), ready());
    expect(world.rolesChanged).toBe(1);
  });

  test.each(['CREATE TABLE', 'ALTER TABLE', 'DROP ROLES', 'CREATE ROLES', 'GRANT ROLE', 'COMMIT'])(
    '%s changes no role',
    (tag) => {
      const world = new World();
      world.asked(query());
      world.answered(complete(tag), ready());
      expect(world.rolesChanged).toBe(0);
    },
  );

  test.each([
    ['FATAL', true],
    ['PANIC', true],
    ['ERROR', false],
  ])('after an answer of severity %s the backend has said goodbye: %s', (severity, is) => {
    const world = new World();
    world.answered(failure(severity, '57P01'));
    expect(world.traffic.hasBackendFailed).toBe(is);
  });

  test('our own last words count as a goodbye too', () => {
    const world = new World();
    world.answered(errorResponse(new Error('any')));
    expect(world.traffic.hasBackendFailed).toBe(true);
  });

  test('Terminate is heard, whatever came with it', () => {
    const world = new World();
    world.asked(query(), message('X'));
    expect(world.traffic.hasTerminated).toBe(true);
  });

  test('a session with half a message in either direction is not idle', () => {
    const half = query().subarray(0, 7);
    const asking = new World();
    asking.asked(half);
    const noticing = new World();
    noticing.answered(message('N', Buffer.alloc(50)).subarray(0, 20));
    const between = { isIdle: true, isBetweenAnswers: true, isWithinRequest: false };
    expect(new World().traffic).toMatchObject(between);
    expect(asking.traffic).toMatchObject({ ...between, isIdle: false, isWithinRequest: true });
    expect(noticing.traffic).toMatchObject({ ...between, isIdle: false, isBetweenAnswers: false });
  });

  test('an impossible length is a breach, from either side', () => {
    expect(new World().asked(Buffer.from('Q\0\0\0\x03xxxx'))).toBe(false);
    expect(new World().asked(Buffer.from('Q\x7f\xff\xff\xffxxxx'))).toBe(false);
    expect(new World().answered(Buffer.from('D\xff\xff\xff\xff', 'latin1'))).toBe(false);
  });

  test('the clock is read once a chunk, and not at all for rows', () => {
    const world = new World();
    let reads = 0;
    const now = world.clock.now.bind(world.clock);
    world.clock.now = () => {
      reads++;
      return now();
    };
    world.asked(query(), query(), query());
    expect(reads).toBe(1);
    world.answered(row(10), row(10));
    world.asked(message('d', Buffer.alloc(10)));
    expect(reads).toBe(1);
    world.answered(complete('SELECT 1'), ready(), complete('SELECT 1'), ready());
    expect(reads).toBe(2);
  });

  test('noise in both directions never throws', () => {
    const noise = fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 200 })));
    const check = fc.property(noise, (chunks) => {
      const world = new World();
      for (const [isAsked, bytes] of chunks) {
        if (isAsked) world.traffic.fromClient(bytes, bytes.length);
        else world.traffic.fromBackend(bytes, bytes.length);
      }
    });
    fc.assert(check, { seed: 3, numRuns: 300 });
  });

  test('plausible noise, with lengths that hold, never throws either', () => {
    const letters = fc.constantFrom(...'QPBDECFSHXpdcfZTCAEGHW123nstIKRN');
    const body = fc.uint8Array({ maxLength: 30 });
    const messages = fc.array(fc.tuple(fc.boolean(), letters, body), { maxLength: 60 });
    const check = fc.property(messages, (sent) => {
      const world = new World();
      for (const [isAsked, letter, bytes] of sent) {
        const one = message(letter, bytes);
        expect(isAsked ? world.asked(one) : world.answered(one)).toBe(true);
      }
    });
    fc.assert(check, { seed: 4, numRuns: 500 });
  });
});
