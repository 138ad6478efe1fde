import { expect, test } from 'vitest';
import { utc } from '../testing/ledger-rows.ts';
import { amount } from './money.ts';
import { pricesAt, withVersion } from './price-book.ts';
import { parsePriceBook } from './price-file.ts';
import { PRICE_BOOKS, PRICE_PRESETS } from './price-presets.ts';
import { parseTariffs, TARIFFS, tariffAt } from './tariffs.ts';

const book = (json: unknown): ReturnType<typeof parsePriceBook> =>
  parsePriceBook(JSON.stringify(json));

test.each(PRICE_PRESETS)('the file that names preset %s is that preset', (preset) => {
  expect(book({ preset })).toEqual(PRICE_BOOKS[preset]);
});

test('a version has what it changes of the one before it, from its hour on', () => {
  const ours = book({
    preset: 'railway',
    name: 'ours',
    versions: [
      { sharing: 'by-tenant' },
      { from: '2027-01-01', prices: { memory: '9.50' } },
      { from: '2027-02-01T06:00Z', prices: { cpu: 18 }, tiers: { HOT: { awakeHour: '0.01' } } },
    ],
  });
  const [first, second, third] = ours.versions;
  const { versions } = PRICE_BOOKS.railway;
  expect(first).toEqual({ ...versions[0], sharing: 'by-tenant' });
  expect(second).toEqual({
    ...first,
    from: utc('2027-01-01T00:00Z'),
    prices: { ...first.prices, memory: amount('9.5') },
  });
  expect(third?.prices).toEqual({ ...second?.prices, cpu: amount('18') });
  expect(third?.tiers.HOT).toEqual({ month: 0n, awakeHour: amount('0.01') });
  expect(pricesAt(ours, utc('2026-12-31T23:59Z'))).toBe(first);
  expect(pricesAt(ours, utc('2027-02-01T05:59Z'))).toBe(second);
  expect(pricesAt(ours, utc('2027-02-01T06:00Z'))).toBe(third);
});

test('own machines are given with what they cost and how much room they have', () => {
  const ours = book({
    currency: 'EUR',
    versions: [
      {
        machines: [
          {
            month: '44.90',
            watts: 80,
            kilowattHour: '0.28',
            memoryGb: 60,
            processors: 6,
            diskGb: 0,
          },
        ],
      },
    ],
  });
  expect(ours.currency).toBe('EUR');
  expect(ours.versions[0].machines).toEqual([
    {
      ...{ name: 'machines', count: 1, month: amount('44.9'), watts: 80 },
      ...{ kilowattHour: amount('0.28'), memoryGb: 60, processors: 6, diskGb: 0 },
      weights: { memory: 60, processors: 30, disk: 10 },
    },
  ]);
});

test.each([
  ['{', 'the file is not JSON'],
  ['[]', 'the price book must be an object'],
  ['{"preset":"aws"}', 'preset must be "vision"'],
  ['{"preset":"railway","currency":"EUR"}', 'currency must be USD'],
  ['{"currency":"XXX"}', 'currency must be "USD"'],
  ['{"name":"<b>"}', 'name must be 1 to 60'],
  ['{"versions":{}}', 'versions must be a list'],
  ['{"versions":[{"price":{}}]}', 'versions[0] has no field "price"'],
  ['{"versions":[{"prices":{"memory":-1}}]}', 'versions[0].prices.memory must be an amount'],
  ['{"versions":[{"prices":{"memory":"1.0000000000001"}}]}', 'versions[0].prices.memory must'],
  ['{"versions":[{"prices":{"ram":"1"}}]}', 'versions[0].prices has no field "ram"'],
  ['{"versions":[{"tiers":{"HOT":{"month":null}}}]}', 'versions[0].tiers.HOT.month must be'],
  ['{"versions":[{"monthDays":27}]}', 'versions[0].monthDays must be a whole number'],
  ['{"versions":[{"gigabyte":1000}]}', 'versions[0].gigabyte must be'],
  ['{"versions":[{"sharing":"fairly"}]}', 'versions[0].sharing must be "by-cost"'],
  ['{"versions":[{"machines":[{}]}]}', 'versions[0].machines[0].month must be an amount'],
  ['{"versions":[{"alwaysOn":{"memoryMb":0.5}}]}', 'versions[0].alwaysOn.memoryMb must be'],
  ['{"versions":[{},{}]}', 'versions[1].from is missing'],
  ['{"versions":[{"from":"2026-01-01T00:30Z"}]}', 'versions[0].from must be a time in UTC'],
  ['{"versions":[{"from":"2026-02-30"}]}', 'versions[0].from must be a time in UTC'],
  ['{"versions":[{"from":"2027-01-01"},{"from":"2026-12-01"}]}', 'versions[1].from must be later'],
])('%s is refused, and the field is named', (text, why) => {
  expect(() => parsePriceBook(text)).toThrow(
    expect.objectContaining({ code: 'BAD_PRICES', message: expect.stringContaining(why) }),
  );
});

test('weights of nothing are refused', () => {
  const machines = {
    ...{ month: '1', memoryGb: 1, processors: 1, diskGb: 1 },
    weights: { memory: 0, processors: 0, disk: 0 },
  };
  expect(() => book({ versions: [{ machines: [machines] }] })).toThrow(/must not all be 0/);
});

test('a new version changes neither what is settled nor the order', () => {
  const { railway } = PRICE_BOOKS;
  const next = { ...railway.versions[0], from: utc('2027-01-01T00:00Z') };
  const longer = withVersion(railway, next, utc('2027-01-01T00:00Z'));
  expect(longer.versions).toEqual([...railway.versions, next]);
  expect(() => withVersion(railway, next, utc('2027-01-01T01:00Z'))).toThrow(/have been used/);
  expect(() => withVersion(longer, next, utc('2026-01-01T00:00Z'))).toThrow(/have been used/);
});

test('tariffs change with a month', () => {
  const tariffs = parseTariffs(
    JSON.stringify({
      currency: 'EUR',
      versions: [
        {
          plans: {
            starter: {
              ...{ month: '12', included: { egress: '10' }, overage: { egress: '0.09' } },
              trialDays: 14,
            },
          },
        },
        { from: '2027-01-01', plans: { starter: { month: '14' }, free: { capped: false } } },
      ],
    }),
  );
  const before = tariffAt(tariffs, 'starter', utc('2026-12-31T23:00Z'));
  expect(before).toEqual({
    ...{ month: amount('12'), included: { egress: amount('10') }, trialDays: 14, capped: false },
    overage: { egress: amount('0.09') },
  });
  expect(tariffAt(tariffs, 'starter', utc('2027-01-01T00:00Z'))).toEqual({
    ...before,
    month: amount('14'),
  });
  expect(tariffAt(tariffs, 'free', utc('2027-01-01T00:00Z')).capped).toBe(false);
  expect(parseTariffs('{}')).toEqual(TARIFFS);
});

test.each([
  ['{"versions":[{"from":"2027-01-02"}]}', 'versions[0].from must be the first day of a month'],
  ['{"versions":[{"plans":{"gold":{}}}]}', 'versions[0].plans has no field "gold"'],
  ['{"versions":[{"plans":{"free":{"capped":1}}}]}', 'versions[0].plans.free.capped must be'],
  ['{"versions":[{"plans":{"free":{"trialDays":-1}}}]}', 'free.trialDays must be a whole number'],
  ['{"versions":[{"plans":{"free":{"included":{"egress":"x"}}}}]}', 'included.egress must be'],
  ['{"versions":[{},{}]}', 'versions[1].from must be later'],
])('tariffs %s are refused, and the field is named', (text, why) => {
  expect(() => parseTariffs(text)).toThrow(
    expect.objectContaining({ code: 'BAD_PRICES', message: expect.stringContaining(why) }),
  );
});
