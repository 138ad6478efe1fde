import fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  Asking,
  AwakeCause,
  AwakeEndKind,
  AwakeInterval,
  AwakeStore,
  KeptAwake,
} from '../../domain/awake.ts';
import { parseTenantId } from '../../domain/ids.ts';
import type { UseMinute } from '../../domain/metering.ts';
import { hours, later, minutes, ms, seconds, timestamp } from '../../domain/units.ts';
import { NO_USE } from '../../domain/use.ts';
import { type Amount, sumOf } from '../../economics/money.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { MemoryAwakeStore } from '../../testing/memory-awake.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { AwakeBook } from './awake-book.ts';
import { awakeShares, byReason, type PricedMinute } from './awake-costs.ts';
import { SEGMENTS_MAX } from './awake-tale.ts';

const TENANT = parseTenantId('tn_000000000001');
const WEB = { role: 'app', applicationName: 'web', from: '10.0.0.7', visitor: 'person' } as const;
const BY_WEB: AwakeCause = { kind: 'session', who: WEB };
const START = { cause: BY_WEB, customer: null, level: 'L3', wakeMs: ms(20) } as const;

const KEPT: readonly KeptAwake[] = [
  { kind: 'work', who: WEB },
  { kind: 'work', who: null },
  { kind: 'pin', pin: 'open transaction', who: WEB },
  { kind: 'idle', by: 'rules' },
  { kind: 'policy', because: 'somebody is likely to come' },
  { kind: 'floor' },
  { kind: 'upkeep' },
];

/** A server; `kill` ends it: it writes no more. */
function world(store = new MemoryAwakeStore(), clock = new VirtualClock()) {
  let isDead = false;
  const mine: AwakeStore = {
    lasting: () => store.lasting(),
    of: (tenant, query) => store.of(tenant, query),
    save: async (intervals, seenAt) => {
      if (isDead) throw new Error('dead');
      await store.save(intervals, seenAt);
    },
  };
  const kill = () => {
    isDead = true;
  };
  const asked: { asking: Asking | null } = { asking: null };
  const book = new AwakeBook({ clock, log: new MemoryLog(), store: mine, asked });
  return { store, clock, book, kill, asked };
}

/** Each ends where the next begins; the sum of what was too many is as long as it is. */
function expectCovered({ from, to, segments }: AwakeInterval): void {
  let at = from;
  for (const segment of segments) {
    expect(segment.from).toBe(at);
    expect(segment.to).toBeGreaterThanOrEqual(segment.from);
    at = segment.to;
    if (segment.kept.kind !== 'several') continue;
    const parts = Object.values(segment.kept.ms).reduce((sum, part) => sum + part, 0);
    expect(parts).toBe(segment.to - segment.from);
  }
  expect(at).toBe(to);
  expect(segments.length).toBeLessThanOrEqual(SEGMENTS_MAX);
}

type Step =
  | { readonly kind: 'wake' | 'crash' | 'detach' | 'gone' }
  | { readonly kind: 'kept'; readonly kept: KeptAwake }
  | { readonly kind: 'end'; readonly end: AwakeEndKind };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'wake' } as const) },
  {
    weight: 12,
    arbitrary: fc.constantFrom(...KEPT).map((kept) => ({ kind: 'kept', kept }) as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<AwakeEndKind>('idle', 'operator', 'quota', 'crash')
      .map((end) => ({ kind: 'end', end }) as const),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ kind: 'crash' }, { kind: 'detach' }, { kind: 'gone' }),
  },
);

const history = fc.array(fc.record({ step, wait: fc.integer({ min: 0, max: 400_000 }) }), {
  minLength: 1,
  maxLength: 150,
});

/** Plays it; what a server that dies had not written is lost. Also says when the tenant was really awake. */
async function played(steps: readonly { step: Step; wait: number }[]) {
  const { store, clock } = world();
  let { book, kill } = world(store, clock);
  let isAwake = false;
  for (const { step, wait } of steps) {
    await clock.advance(ms(wait));
    switch (step.kind) {
      case 'wake':
        book.woke(TENANT, START);
        isAwake = true;
        break;
      case 'kept':
        book.kept(TENANT, step.kept);
        break;
      case 'end':
        book.ended(TENANT, { kind: step.end, because: 'x' });
        isAwake = false;
        break;
      default: {
        if (step.kind === 'detach') await book.close();
        kill();
        await clock.advance(seconds(wait % 200));
        ({ book, kill } = world(store, clock));
        await book.open();
        if (isAwake && step.kind !== 'gone') book.found(TENANT, null);
        else isAwake = false;
        book.settled();
      }
    }
  }
  book.ended(TENANT, { kind: 'idle', because: 'x' });
  await book.written();
  const found = [...store.rows.values()].sort((one, other) => one.from - other.from);
  return { intervals: found, end: clock.wall() };
}

/** A minute of the ledger for each in which an interval was: what it cost is any number. */
function ledgerOf(intervals: readonly AwakeInterval[]): readonly PricedMinute[] {
  const at = new Set<number>();
  for (const { from, to } of intervals) {
    const first = Math.floor(from / 60_000) * 60_000;
    for (let minute = first; minute < Math.max(to, from + 1); minute += 60_000) at.add(minute);
  }
  return [...at].map((minute, place) => ({
    minute: timestamp(minute),
    cost: BigInt((place * 7_919 + 13) % 1_009) as Amount,
    use: { ...NO_USE, memory: BigInt(place * 31 + 7), cpu: 3n, awake: 60n },
  }));
}

test('whatever happens, an interval is covered by its reasons, and its cost is that of its minutes', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const { intervals } = await played(steps);
      for (const interval of intervals) {
        expectCovered(interval);
        expect(interval.ended).not.toBeNull();
      }
      intervals.slice(1).forEach(({ from }, at) => {
        expect(from).toBeGreaterThanOrEqual(intervals[at]?.to ?? 0);
      });
      const ledger = ledgerOf(intervals);
      const { shares, unexplained } = awakeShares(intervals, ledger);
      const whole = sumOf(ledger.map(({ cost }) => cost));
      expect(unexplained).toBe(0n);
      expect(sumOf(shares.map(({ cost }) => cost))).toBe(whole);
      for (const { cost, costs } of shares) expect(sumOf(costs)).toBe(cost);
      const reasons = [...byReason(shares).values()];
      expect(sumOf(reasons.map(({ cost }) => cost))).toBe(whole);
      const awake = intervals.reduce((sum, { from, to }) => sum + to - from, 0);
      expect(reasons.reduce((sum, reason) => sum + reason.ms, 0)).toBe(awake);
      const memory = (all: readonly { use: UseMinute['use'] }[]) =>
        all.reduce((sum, { use }) => sum + use.memory, 0n);
      expect(memory(shares)).toBe(memory(ledger));
    }),
    { numRuns: 60 },
  );
});

function never(): AwakeInterval {
  const nothing = { level: null, wakeMs: null, waited: 0, segments: [], ended: null };
  const from = timestamp(0);
  return { ...nothing, tenant: TENANT, customer: null, cause: BY_WEB, from, to: from };
}

test('a brief rest between two times of work is work, a longer one is not', async () => {
  const { book, clock } = world();
  book.woke(TENANT, START);
  const from = clock.wall();
  for (const rest of [5, 59, 61]) {
    await clock.advance(seconds(10));
    book.kept(TENANT, { kind: 'idle', by: 'rules' });
    await clock.advance(seconds(rest));
    book.kept(TENANT, { kind: 'work', who: null });
  }
  const { segments } = book.now(TENANT) ?? never();
  expect(segments.map(({ from: at, kept }) => [(at - from) / 1_000, kept.kind])).toEqual([
    [0, 'work'],
    [94, 'idle'],
    [155, 'work'],
  ]);
});

test('the class of the first statement, and who waited, are told of the wake', () => {
  const { book } = world();
  book.woke(TENANT, START);
  book.told(TENANT, { waited: 3 });
  book.told(TENANT, { left: { ...WEB, role: 'other', statement: 'ddl' } });
  book.told(TENANT, { left: { ...WEB, statement: 'read' } });
  book.told(TENANT, { holder: { who: { ...WEB, statement: 'write' }, pin: null } });
  const { cause, waited } = book.now(TENANT) ?? never();
  expect(cause).toEqual({ kind: 'session', who: { ...WEB, statement: 'read' } });
  expect(waited).toBe(3);
});

test('who was expected and comes is who woke it; who does not come stays expected', () => {
  const { book } = world();
  book.woke(TENANT, { ...START, cause: { kind: 'expected', who: WEB } });
  book.told(TENANT, { left: { ...WEB, role: 'other', statement: 'read' } });
  expect(book.now(TENANT)?.cause.kind).toBe('expected');
  book.told(TENANT, { holder: { who: WEB, pin: null } });
  expect(book.now(TENANT)?.cause).toEqual({ kind: 'session', who: { ...WEB, statement: null } });
  book.told(TENANT, { holder: { who: { ...WEB, statement: 'write' }, pin: null } });
  expect(book.now(TENANT)?.cause).toEqual({ kind: 'session', who: { ...WEB, statement: 'write' } });
});

test('what an operator ends is told with who asked, what ends by itself is not', async () => {
  const { book, store, asked } = world();
  const by = { kind: 'key', name: 'ci', isOperator: false } as const;
  asked.asking = { by, operation: 'suspendTenant' };
  for (const kind of ['operator', 'idle'] as const) {
    book.woke(TENANT, START);
    book.ended(TENANT, { kind, because: 'x' });
    await book.written();
    const [row] = store.rows.values();
    expect(row?.ended).toEqual({
      ...{ kind, because: 'x' },
      ...(kind === 'operator' ? { asking: asked.asking } : {}),
    });
    store.rows.clear();
  }
});

test('who is quietly awake is written once, and a crash leaves what was seen in the last minute', async () => {
  const { book, clock, store, kill } = world();
  let saved = 0;
  const save = store.save.bind(store);
  store.save = async (intervals, seenAt) => {
    saved += intervals.length;
    await save(intervals, seenAt);
  };
  book.woke(TENANT, START);
  const from = clock.wall();
  await clock.advance(hours(5));
  expect(saved).toBe(1);
  kill();
  await clock.advance(minutes(10));

  const next = world(store, clock).book;
  await next.open();
  next.settled();
  await next.written();
  const [row] = [...store.rows.values()];
  expect(row?.ended?.kind).toBe('crash');
  expect(row?.to).toBeGreaterThan(later(from, ms(hours(5) - minutes(1) - 2_000)));
  expect(row?.to).toBeLessThanOrEqual(later(from, hours(5)));
});

test('a catalog that is away loses nothing: it is written when it is back', async () => {
  const { book, clock, store } = world();
  store.failure = new Error('away');
  book.woke(TENANT, START);
  await clock.advance(seconds(30));
  book.ended(TENANT, { kind: 'idle', because: 'idle for 30 s' });
  await clock.advance(minutes(5));
  expect(store.rows.size).toBe(0);
  store.failure = null;
  await clock.advance(minutes(2));
  expect([...store.rows.values()].map(({ ended }) => ended?.kind)).toEqual(['idle']);
  expect(clock.pending).toBe(0);
});
