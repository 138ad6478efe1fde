import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { AwakeBook } from '../../control/awake/awake-book.ts';
import {
  type AwakeCause,
  type AwakeInterval,
  type AwakeStore,
  NOBODY_ASKED,
} from '../../domain/awake.ts';
import { parseTenantId, type TenantId } from '../../domain/ids.ts';
import {
  hours,
  later,
  minutes,
  ms,
  seconds,
  type Timestamp,
  timestamp,
} from '../../domain/units.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { draft } from '../../testing/drafts.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { openCatalog } from '../open-catalog.ts';
import type { PgCatalog } from '../pg-catalog.ts';

let postgres: RealPostgres;
let catalog: PgCatalog;
let store: AwakeStore;

beforeAll(async () => {
  postgres = await realPostgres();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
  store = catalog.stores.awake;
});

beforeEach(async () => {
  await postgres.sql('delete from dynabase.tenants; delete from dynabase.awake_watch');
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

const DAY = hours(24);

const WEB = { role: 'app', applicationName: 'web', from: '10.0.0.7', visitor: 'person' } as const;
const BY_WEB: AwakeCause = { kind: 'session', who: { ...WEB, statement: 'read' } };

/** The present, which the catalog forgets by; whole milliseconds, as the server counts. */
const NOW = timestamp(Date.now());

let tenants = 0;

async function tenant(): Promise<TenantId> {
  tenants += 1;
  const id = parseTenantId(`tn_${String(tenants).padStart(12, '0')}`);
  await catalog.insertTenant({ ...draft(`tenant-${tenants}`), id, vault: id });
  return id;
}

/** A minute awake, ended unless it is said otherwise. */
function interval(
  of: TenantId,
  from: Timestamp,
  change: Partial<AwakeInterval> = {},
): AwakeInterval {
  const middle = later(from, seconds(20));
  const to = later(from, minutes(1));
  return {
    ...{ tenant: of, customer: null, from, level: 'L3', wakeMs: ms(21.5), waited: 2, to },
    cause: BY_WEB,
    segments: [
      { from, to: middle, kept: { kind: 'work', who: WEB } },
      { from: middle, to, kept: { kind: 'policy', because: 'it is worth it' } },
    ],
    ended: { kind: 'idle', because: 'idle for 40 s' },
    ...change,
  };
}

const ALL = { from: timestamp(0), to: later(NOW, DAY), before: null, limit: 100 };

const fromsOf = (found: readonly AwakeInterval[]): number[] => found.map(({ from }) => from);

test('what is entered is what is read, with every kind of cause', async () => {
  const causes: readonly AwakeCause[] = [
    BY_WEB,
    { kind: 'expected', who: WEB },
    { kind: 'operator', asking: null },
    {
      kind: 'operator',
      asking: { by: { kind: 'key', name: 'ci "x"', isOperator: false }, operation: 'query' },
    },
    { kind: 'prewarm', because: 'mornings at 9' },
    { kind: 'found' },
  ];
  const id = await tenant();
  const given = causes.map((cause, at) =>
    interval(id, later(NOW, ms(-hours(at + 1))), {
      ...{ cause, level: at === 5 ? null : 'L4', wakeMs: at === 5 ? null : ms(at) },
    }),
  );
  await store.save(given, NOW);
  expect(await store.of(id, ALL)).toEqual(given);
});

test('a zero byte of a client, which PostgreSQL cannot keep, does not keep the rest out', async () => {
  const id = await tenant();
  const cause: AwakeCause = { kind: 'session', who: { ...WEB, applicationName: 'a\0b' } };
  await store.save([interval(id, NOW, { cause })], NOW);
  const [found] = await store.of(id, ALL);
  expect(found?.cause).toMatchObject({ who: { applicationName: 'ab' } });
});

test('one that lasts is replaced, one that has ended is not', async () => {
  const id = await tenant();
  const lasting = interval(id, NOW, { ended: null });
  await store.save([lasting], NOW);
  await store.save([{ ...lasting, waited: 9 }], NOW);
  expect((await store.lasting()).intervals).toEqual([{ ...lasting, waited: 9 }]);
  const ended = interval(id, NOW);
  await store.save([ended], NOW);
  await store.save([{ ...ended, waited: 77 }], NOW);
  expect(await store.of(id, ALL)).toEqual([ended]);
  expect(await store.lasting()).toEqual({ intervals: [], seenAt: NOW });
});

test('a batch is one statement; those of tenants that are gone are left out, and go with them', async () => {
  const ids = [await tenant(), await tenant(), await tenant()];
  const gone = parseTenantId('tn_zzzzzzzzzzzz');
  const batch = [...ids, gone].flatMap((id) =>
    Array.from({ length: 100 }, (_, at) => interval(id, later(NOW, ms(-at * minutes(2))))),
  );
  await store.save(batch, NOW);
  const [written] = await versions();
  expect(await versions()).toEqual([written]);
  expect(await count()).toBe(300);
  // Again, as after an answer that was lost: none is written anew.
  await store.save(batch, NOW);
  expect(await versions()).toEqual([written]);
  expect(await count()).toBe(300);
  await postgres.sql(`delete from dynabase.tenants where id = '${ids[0]}'`);
  expect(await count()).toBe(200);
});

async function count(): Promise<number> {
  const [row] = await postgres.sql('select count(*)::int as n from dynabase.awake_intervals');
  return Number(row?.n);
}

/** The transactions that wrote what there is. */
async function versions(): Promise<readonly unknown[]> {
  const rows = await postgres.sql('select distinct xmin::text from dynabase.awake_intervals');
  return rows.map(({ xmin }) => xmin);
}

test('pages follow on each other without a gap, and a span has what reaches into it', async () => {
  const id = await tenant();
  const other = await tenant();
  const froms = Array.from({ length: 25 }, (_, at) => later(NOW, ms(-at * minutes(10))));
  await store.save(
    froms.flatMap((from) => [interval(id, from), interval(other, from)]),
    NOW,
  );
  const seen: number[] = [];
  for (let before: Timestamp | null = null; ; ) {
    const page: readonly AwakeInterval[] = await store.of(id, { ...ALL, before, limit: 10 });
    seen.push(...fromsOf(page));
    const last = page.at(-1);
    if (last === undefined) break;
    before = last.from;
  }
  expect(seen).toEqual(froms);
  // It began before the span, and ended in it; what ends where the span begins is not in it.
  const third = froms[2] as Timestamp;
  const into = { ...ALL, from: later(third, seconds(30)), to: later(third, minutes(5)) };
  expect(fromsOf(await store.of(id, into))).toEqual([third]);
  const behind = { ...into, from: later(third, minutes(1)) };
  expect(fromsOf(await store.of(id, behind))).toEqual([]);
});

test('what ended more than 90 days ago is forgotten, a little with everything that is entered', async () => {
  const id = await tenant();
  const old = Array.from({ length: 10 }, (_, at) =>
    interval(id, later(NOW, ms(-91 * DAY - at * hours(1)))),
  );
  const young = interval(id, later(NOW, ms(-89 * DAY)));
  const lasting = interval(id, later(NOW, ms(-100 * DAY)), { ended: null });
  await store.save([...old, young, lasting], NOW);
  expect(await count()).toBe(12);
  const left: number[] = [];
  for (let at = 0; at < 4; at++) {
    await store.save([interval(id, later(NOW, ms(-at * hours(1))))], NOW);
    left.push((await store.of(id, { ...ALL, to: later(NOW, ms(-90 * DAY)) })).length);
  }
  // The oldest first, and the one that still lasts not at all.
  expect(left).toEqual([7, 3, 1, 1]);
  expect(fromsOf(await store.of(id, { ...ALL, to: later(NOW, ms(-90 * DAY)) }))).toEqual([
    lasting.from,
  ]);
  expect(fromsOf(await store.of(id, ALL))).toContain(young.from);
});

test('after a crash, what runs goes on with its time awake, and what does not ends where it was seen', async () => {
  const clock = new VirtualClock(NOW);
  const runs = await tenant();
  const died = await tenant();
  const unseen = await tenant();
  const first = new AwakeBook({ clock, log: new MemoryLog(), store, asked: NOBODY_ASKED });
  await first.open();
  for (const id of [runs, died]) {
    first.woke(id, { cause: BY_WEB, customer: null, level: 'L3', wakeMs: ms(20) });
  }
  await clock.advance(minutes(3));
  first.kept(runs, { kind: 'idle', by: 'rules' });
  await first.written();
  const seenAt = clock.wall();
  await clock.advance(ms(1));
  // Too late to be written before the crash.
  first.woke(unseen, { cause: BY_WEB, customer: null, level: 'L3', wakeMs: ms(20) });

  const down = new VirtualClock(later(seenAt, minutes(10)));
  const next = new AwakeBook({ clock: down, log: new MemoryLog(), store, asked: NOBODY_ASKED });
  await next.open();
  next.found(runs, null);
  next.found(unseen, null);
  next.settled();
  await next.written();

  const [ended] = await store.of(died, ALL);
  expect(ended).toMatchObject({ from: NOW, to: seenAt, ended: { kind: 'crash' } });
  const [adopted] = await store.of(runs, ALL);
  expect(adopted).toMatchObject({ from: NOW, ended: null, cause: BY_WEB });
  expect(adopted?.segments.map(({ from, kept }) => [from, kept.kind])).toEqual([
    [NOW, 'work'],
    [seenAt, 'unwatched'],
  ]);
  const [found] = await store.of(unseen, ALL);
  expect(found).toMatchObject({ from: down.wall(), cause: { kind: 'found' }, ended: null });
  expect((await store.lasting()).intervals.map(({ tenant: of }) => of).sort()).toEqual(
    [runs, unseen].sort(),
  );
});
