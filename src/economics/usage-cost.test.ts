import { expect, test } from 'vitest';
import type { Tier } from '../domain/tier.ts';
import { NO_USE, type UseRow } from '../domain/use.ts';
import { hoursWithin, rowOf, using, utc } from '../testing/ledger-rows.ts';
import { type Amount, amount, NOTHING, sumOf, toCoins } from './money.ts';
import { monthOf } from './month.ts';
import type { Machines, PriceBook, PriceVersion } from './price-book.ts';
import { NO_PRICES, PRICE_BOOKS } from './price-presets.ts';
import {
  alwaysOnCost,
  comparedToAlwaysOn,
  costBy,
  costOf,
  costOfParts,
  type FleetHour,
  hoursOf,
  totalOf,
  utilisationOf,
} from './usage-cost.ts';

const GB = 1_000_000_000n;
const HOUR = utc('2026-11-02T09:00Z');

const book = (version: Partial<PriceVersion>): PriceBook => ({
  name: 'test',
  currency: 'USD',
  versions: [{ ...NO_PRICES, ...version }],
});

const fleet = (rows: readonly UseRow[], overhead = NO_USE): FleetHour => ({
  hour: HOUR,
  rows,
  overhead,
});

const cents = (exact: Amount): Amount => toCoins(exact, 'USD');

const tiersOf = (counts: Readonly<Record<Tier, number>>): readonly UseRow[] => {
  let n = 0;
  return Object.entries(counts).flatMap(([tier, count]) =>
    Array.from({ length: count }, () => rowOf(n++, { tier: tier as Tier, hour: HOUR })),
  );
};

/** Each hour of November costs the same, so one stands for all 720. */
const wholeMonth = (anHour: bigint): Amount => cents((anHour * 720n) as Amount);

test.each([1, 10])(
  'the fleet of the vision, %s thousand tenants, costs $685 a thousand where always on costs $20,000: 96.6 % less',
  (thousands) => {
    const counts = { COLD: 850, WARM: 100, HOT: 40, PERSISTENT: 10 };
    const rows = Object.entries(counts).map(([tier, count]) => [tier, count * thousands]);
    const cost = costOf(PRICE_BOOKS.vision, [fleet(tiersOf(Object.fromEntries(rows)))]);
    const { alwaysOn, reduction } = comparedToAlwaysOn(PRICE_BOOKS.vision, cost);
    const tiers = costBy(cost.rows, ({ tier }) => tier);
    const byTier = [...tiers].map(([tier, { total }]) => [tier, wholeMonth(total)]);
    const times = (money: string): Amount => (amount(money) * BigInt(thousands)) as Amount;
    expect(Object.fromEntries(byTier)).toEqual({
      COLD: times('85'),
      WARM: times('200'),
      HOT: times('200'),
      PERSISTENT: times('200'),
    });
    expect(wholeMonth(cost.total)).toBe(times('685'));
    expect(wholeMonth(alwaysOn)).toBe(times('20000'));
    expect(reduction).toBeCloseTo(0.96575, 6);
  },
);

test.each(['2026-02', '2026-04', '2026-07', '2028-02'])(
  'a tenant that is in its tier for all of %s costs the price of the month, however many days it has',
  (name) => {
    const month = monthOf(utc(`${name}-01`));
    const rows = hoursWithin(month.from, month.to).map((hour) => rowOf(1, { tier: 'HOT', hour }));
    const { total } = costOf(PRICE_BOOKS.vision, hoursOf(rows));
    expect(cents(total)).toBe(amount('5'));
    expect(Number(total - amount('5'))).toBeLessThan(1_000);
  },
);

test('an hour on Railway costs what its list says of memory, processor, disks and bytes sent', () => {
  const row = rowOf(1, {
    use: using({
      memory: 2n * GB * 3_600n,
      l2: GB * 1_800n,
      cpu: 1_800_000_000n,
      l3: 10n * GB * 3_600n,
      l4: 100n * GB * 3_600n,
      egress: 3n * GB,
      wakes: 5n,
    }),
  });
  const railway = book({ ...PRICE_BOOKS.railway.versions[0], minimum: NOTHING });
  const [cost] = costOf(railway, [fleet([row])]).rows;
  // Of a month of 720 hours.
  expect(cost?.parts).toEqual({
    memory: amount('0.027777777778'),
    l2: amount('0.006944444444'),
    cpu: amount('0.013888888889'),
    l3: amount('0.002083333333'),
    l4: amount('0.002083333333'),
    egress: amount('0.15'),
  });
  expect(cost?.attributed).toBe(amount('0.202777777777'));
  expect(cost?.shared).toBe(NOTHING);
});

test('what the control plane uses is borne by tenants: by their cost, each alike, or not at all', () => {
  const prices = { ...NO_PRICES.prices, egress: amount('1') };
  const rows = [
    rowOf(1, { use: using({ egress: 3n * GB }) }),
    rowOf(2, { use: using({ egress: GB }) }),
    rowOf(3, { seconds: 1_800n }),
  ];
  const overhead = using({ egress: 10n * GB });
  const sharedBy = (sharing: PriceVersion['sharing']) => {
    const cost = costOf(book({ prices, sharing }), [fleet(rows, overhead)]);
    expect(cost.total).toBe(amount('14'));
    expect(cost.unattributed.overhead).toBe(amount('10'));
    expect(sumOf([...cost.rows.map(totalOf), cost.unattributed.unborne])).toBe(cost.total);
    return cost.rows.map(({ shared }) => shared);
  };
  expect(sharedBy('by-cost')).toEqual([amount('7.5'), amount('2.5'), NOTHING]);
  expect(sharedBy('by-tenant')).toEqual([amount('4'), amount('4'), amount('2')]);
  expect(sharedBy('apart')).toEqual([NOTHING, NOTHING, NOTHING]);
});

test('where no tenant costs anything of its own the rest is borne by the second, and without tenants by nobody', () => {
  const machines = { ...server, month: amount('720') };
  const idle = book({ machines: [machines] });
  const { rows } = costOf(idle, [fleet([rowOf(1), rowOf(2, { seconds: 1_200n })])]);
  expect(rows.map(({ shared }) => shared)).toEqual([amount('0.75'), amount('0.25')]);
  const empty = costOf(idle, [fleet([])]);
  expect(empty.unattributed.unborne).toBe(amount('1'));
  expect(empty.total).toBe(amount('1'));
});

const server: Machines = {
  ...{ name: 'server', count: 1, month: amount('720'), watts: 0, kilowattHour: NOTHING },
  ...{ memoryGb: 10, processors: 4, diskGb: 100 },
  weights: { memory: 50, processors: 40, disk: 10 },
};

test('room on own machines costs by what is used of it, and what nobody uses is shared', () => {
  const half = rowOf(1, { use: using({ memory: 5n * GB * 3_600n }) });
  const one = rowOf(2, { use: using({ cpu: 3_600_000_000n, l3: 50n * GB * 3_600n }) });
  const cost = costOf(book({ machines: [server] }), [fleet([half, one])]);
  // A dollar an hour: half for memory, of which half is used; 40 cents for four processors; 10 for the disk.
  expect(cost.rows.map(({ parts }) => parts)).toEqual([
    { machines: amount('0.25') },
    { machines: amount('0.15') },
  ]);
  expect(cost.rows.map(({ shared }) => shared)).toEqual([amount('0.375'), amount('0.225')]);
  expect(cost.unattributed.idle).toBe(amount('0.6'));
  expect(cost.total).toBe(amount('1'));
  expect(utilisationOf(cost)).toBe(0.4);
});

test('machines of which more was used than they have cost what they cost', () => {
  const rows = [
    rowOf(1, { use: using({ memory: 30n * GB * 3_600n }) }),
    rowOf(2, { use: using({ memory: 10n * GB * 3_600n }) }),
  ];
  const cost = costOf(book({ machines: [server] }), [fleet(rows)]);
  expect(cost.rows.map(totalOf)).toEqual([amount('0.75'), amount('0.25')]);
  expect(cost.unattributed.idle).toBe(NOTHING);
  expect(utilisationOf(cost)).toBe(1);
});

test('own machines pay for their power, and the hours of a month are its price exactly', () => {
  const machines = {
    ...server,
    count: 3,
    watts: 100,
    kilowattHour: amount('0.31'),
    month: amount('49.99'),
  };
  const july = monthOf(utc('2026-07-01'));
  const hours = hoursWithin(july.from, july.to).map((hour) => ({
    hour,
    rows: [],
    overhead: NO_USE,
  }));
  // 744 hours of 300 W.
  const expected = amount('219.162');
  expect(costOf(book({ machines: [machines] }), hours).total).toBe(expected);
});

test('a minimum counts where less was used, for as much of the month as is looked at', () => {
  const prices = { ...NO_PRICES.prices, egress: amount('0.01') };
  const version = { prices, minimum: amount('720') };
  const little = fleet([rowOf(1, { use: using({ egress: 20n * GB }) })]);
  const cost = costOf(book(version), [little]);
  expect(cost.unattributed.minimum).toBe(amount('0.8'));
  expect(cost.rows.map(totalOf)).toEqual([amount('1')]);
  const much = fleet([rowOf(1, { use: using({ egress: 200n * GB }) })]);
  expect(costOf(book(version), [much]).total).toBe(amount('2'));
});

test('a new price holds from its hour on and changes nothing that was', () => {
  const version = { ...NO_PRICES, prices: { ...NO_PRICES.prices, wakes: amount('1') } };
  const dearer = {
    ...version,
    from: utc('2026-11-02T10:00Z'),
    prices: { ...version.prices, wakes: amount('2') },
  };
  const hours = [9, 10, 11].map((at) => ({
    hour: utc(`2026-11-02T${String(at).padStart(2, '0')}:00Z`),
    rows: [
      rowOf(1, {
        hour: utc(`2026-11-02T${String(at).padStart(2, '0')}:00Z`),
        use: using({ wakes: 1n }),
      }),
    ],
    overhead: NO_USE,
  }));
  const before = costOf(book(version), hours);
  const after = costOf({ ...book(version), versions: [version, dearer] }, hours);
  expect(before.rows.map(totalOf)).toEqual([amount('1'), amount('1'), amount('1')]);
  expect(after.rows.map(totalOf)).toEqual([amount('1'), amount('2'), amount('2')]);
});

test('a tenant that is always on has its memory for all of the hour and its files on the disk', () => {
  const railway = book({ ...PRICE_BOOKS.railway.versions[0], minimum: NOTHING });
  const asleep = rowOf(1, { use: using({ stored: GB * 3_600n, l4: GB * 3_600n }) });
  const { alwaysOn, cost } = comparedToAlwaysOn(railway, costOf(railway, [fleet([asleep])]));
  // 60 MB, 0.005 of a processor and 1 GB of disk, in one of 720 hours.
  expect(alwaysOn).toBe(amount('0.001180555555'));
  expect(cost).toBe(amount('0.000020833333'));
});

test('the minutes of an hour are its cost exactly, by what was used in them', () => {
  const uses = [using({ memory: 60n * GB }), NO_USE, using({ memory: 30n * GB, wakes: 1n })];
  const row = rowOf(1, { use: using({ memory: 90n * GB, wakes: 1n }), seconds: 180n });
  const cost = costOf(PRICE_BOOKS.railway, [fleet([row])]).rows[0];
  if (cost === undefined) throw new Error('a row costs');
  const parts = uses.map((use) => ({ use, seconds: 60n }));
  const minutes = costOfParts(PRICE_BOOKS.railway, cost, parts);
  expect(sumOf(minutes)).toBe(totalOf(cost));
  expect(minutes[1]).toBe(NOTHING);
  expect(Number(minutes[0]) / Number(minutes[2])).toBeCloseTo(2, 6);
});

test('a compute that never sleeps holds all of the time what it held while it ran', () => {
  const railway = PRICE_BOOKS.railway;
  const whole = { ...NO_USE, memory: 500_000_000n * 3_600n, awake: 3_600n };
  const quarter = { ...NO_USE, memory: 500_000_000n * 900n, awake: 900n };
  expect(alwaysOnCost(railway, [rowOf(1, { use: quarter })])).toBe(
    alwaysOnCost(railway, [rowOf(1, { use: whole })]),
  );
  // A small one holds what any idle one does.
  const small = { ...NO_USE, memory: 7_000_000n * 900n, awake: 900n };
  expect(alwaysOnCost(railway, [rowOf(1, { use: small })])).toBe(
    alwaysOnCost(railway, [rowOf(1, { use: NO_USE })]),
  );
});
