import { expect, test } from 'vitest';
import type { PriceBook } from '../economics/price-book.ts';
import { PRICE_BOOKS } from '../economics/price-presets.ts';
import { TARIFFS } from '../economics/tariffs.ts';
import { FleetPrice } from '../orchestrator/fleet-price.ts';
import { pricesFor } from '../policy/book-prices.ts';
import { awakeCost, LEVEL_PRICES } from '../policy/level-costs.ts';
import { PRESETS } from '../policy/rules.ts';
import { utc } from '../testing/ledger-rows.ts';
import { Orchestrated } from '../testing/orchestrated.ts';
import { policyPricesOf, priceBy } from './policy-prices.ts';

const NOW = utc('2026-11-02');
const SECONDS = 30 * 86_400;

const of = (book: PriceBook) => policyPricesOf(book, TARIFFS, NOW);

test('a cloud is paid by the byte, and what never sleeps by what the book says of it', () => {
  const { decides, paid, plans } = of(PRICE_BOOKS.railway);
  expect(decides).toBe(paid);
  const gigabytes = 2 ** 20 / 1e9;
  expect(paid.memory * SECONDS).toBeCloseTo(10 * gigabytes, 9);
  expect(paid.cache * SECONDS).toBeCloseTo(10 * gigabytes, 9);
  expect(paid.disk * SECONDS).toBeCloseTo(0.15 * gigabytes, 9);
  expect(paid.archive * SECONDS).toBeCloseTo(0.015 * gigabytes, 9);
  // 60 MB, and five thousandths of a processor.
  expect((paid.alwaysOn ?? 0) * SECONDS).toBeCloseTo(0.6 + 0.1, 6);
  expect(plans).toEqual({ free: 0, starter: 10, professional: 25, enterprise: 50 });
});

test('on a machine that is paid for, bytes cost what their room is worth', () => {
  const { paid } = of(PRICE_BOOKS['own-hardware']);
  // 50 and the power of 60 W, of which memory is 60 %, for 60 GB.
  const whole = 50 + 0.06 * 720 * 0.3;
  expect((paid.memory * SECONDS * 1e9) / 2 ** 20).toBeCloseTo((0.6 * whole) / 60, 6);
});

test('a list by tier says nothing of levels: those are chosen by our own prices, and money is told by the list', () => {
  const book = of(PRICE_BOOKS.vision);
  expect(book.decides).toBe(LEVEL_PRICES);
  const used = { metrics: { activeHoursPerDay: 1 }, seen: { returns: 30 } };
  expect(pricesFor(PRESETS.vision, book, used)).toMatchObject({
    tiers: { COLD: 0.1, WARM: 2, HOT: 5, PERSISTENT: 20 },
    areReal: true,
  });
  const metered = pricesFor(PRESETS.vision, of(PRICE_BOOKS['vision-metered']), used).tiers;
  // An hour of use and a quarter of an hour behind it each day, at five cents, and 40 MB.
  expect(metered.COLD).toBeCloseTo(30 * 1.25 * 0.05 + (40 * 2 ** 20 * 0.1) / 1e9, 3);
  expect(pricesFor(PRESETS.vision, null, used).areReal).toBe(false);
});

test('another book holds at once: terms, what is spent, and what a second is worth in its money', () => {
  const { clock, log, policyStore, catalog } = new Orchestrated();
  const rules = () => PRESETS.adaptive;
  const price = new FleetPrice({
    world: { clock, log, policyStore, catalog },
    ...{ rules, rulesOf: rules },
  });
  const tenant = { id: 'tn_1', tier: 'COLD' } as never;
  const before = price.valueOfSecond ?? 0;
  const terms = price.termsOf(tenant);
  expect(price.termsOf(tenant)).toBe(terms);
  let chosen: PriceBook | null = null;
  const listeners: (() => void)[] = [];
  const reviewed: unknown[] = [];
  priceBy({
    orchestrator: { price, setRules: (given) => void reviewed.push(given) },
    ...{ clock, rules },
    prices: {
      get chosen() {
        return chosen;
      },
      tariffs: TARIFFS,
      onChange: (listener) => {
        listeners.push(listener);
        return () => {};
      },
    },
  });
  // While nobody has chosen one, all is as it was, to the object.
  expect([price.book, price.termsOf(tenant) === terms, price.valueOfSecond]).toEqual([
    ...[null, true, before],
  ]);
  chosen = PRICE_BOOKS.railway;
  for (const listener of listeners) listener();
  const { decides } = of(PRICE_BOOKS.railway);
  const [awake] = price.termsOf(tenant)?.levels ?? [];
  expect(awake?.costPerSecond).toBe(awakeCost(rules(), 'COLD', decides));
  // It is worth as many idle seconds as before.
  expect((price.valueOfSecond ?? 0) / awakeCost(rules(), 'WARM', decides)).toBeCloseTo(
    before / awakeCost(rules(), 'WARM'),
    6,
  );
  expect(reviewed).toEqual([PRESETS.adaptive]);
});
