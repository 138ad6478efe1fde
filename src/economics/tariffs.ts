/**
 * What customers pay: the price of each plan, what is included in it, and what more costs.
 *
 * A tariff is for one tenant and a calendar month. Its versions begin with a month, so that a month has one
 * price, and a change never touches a month that has begun.
 */
import { PLANS, type Plan } from '../domain/tier.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';
import { METERS, type Meter } from '../domain/use.ts';
import { type Amount, amount, CURRENCIES, type Currency } from './money.ts';
import {
  bad,
  decimal,
  type Fields,
  fieldsOf,
  firstOfMonth,
  jsonOf,
  listOf,
  mustFollow,
  oneOf,
  price,
  someOf,
  versionAt,
  whole,
} from './readers.ts';

export type Tariff = {
  readonly month: Amount;
  /** A month, in the units of `UNIT_OF`, with twelve decimals as an amount has them. */
  readonly included: Readonly<Partial<Record<Meter, bigint>>>;
  /** For one more unit. What has no price here costs nothing more: see `capped`. */
  readonly overage: Readonly<Partial<Record<Meter, Amount>>>;
  /** A new tenant of the plan pays nothing for so long. */
  readonly trialDays: number;
  /** Whether use ends where what is included does, instead of costing more. */
  readonly capped: boolean;
};

export type TariffVersion = {
  /** The beginning of a month. */
  readonly from: Timestamp;
  readonly plans: Readonly<Record<Plan, Tariff>>;
};

export type TariffBook = {
  readonly currency: Currency;
  readonly versions: readonly [TariffVersion, ...TariffVersion[]];
};

export const tariffAt = (book: TariffBook, plan: Plan, at: Timestamp): Tariff =>
  versionAt(book.versions, at).plans[plan];

const flat = (month: string): Tariff => ({
  month: amount(month),
  included: {},
  overage: {},
  trialDays: 0,
  capped: false,
});

/** Source: VISION.md, "Margin Analysis". Nobody is billed for what a free plan did not stop. */
export const TARIFFS: TariffBook = {
  currency: 'USD',
  versions: [
    {
      from: timestamp(0),
      plans: {
        free: { ...flat('0'), capped: true },
        starter: flat('10'),
        professional: flat('25'),
        enterprise: flat('50'),
      },
    },
  ],
};

/**
 * Tariffs as JSON; each version has what it changes of the one before it, the first of `TARIFFS`:
 *
 *   { "currency": "EUR",
 *     "versions": [ { "plans": { "starter": { "month": "12", "included": { "egress": "10" },
 *                                             "overage": { "egress": "0.09" }, "trialDays": 14 } } },
 *                   { "from": "2027-01-01", "plans": { "starter": { "month": "14" } } } ] }
 *
 * Throws `BAD_PRICES`, which names the field.
 */
export function parseTariffs(text: string): TariffBook {
  const given = fieldsOf(jsonOf(text), 'the tariffs', ['currency', 'versions']);
  const currency =
    given.currency === undefined ? TARIFFS.currency : oneOf(given.currency, 'currency', CURRENCIES);
  const versions: TariffVersion[] = [];
  listOf(given.versions ?? [], 'versions', (value, path) => {
    const before = versions.at(-1) ?? TARIFFS.versions[0];
    const next = readVersion(before, value, path);
    const hasFrom = next.from > before.from;
    if (versions.length > 0) mustFollow(before.from, next.from, path);
    // A first one with a beginning comes after the prices of this program.
    else if (hasFrom) versions.push(before);
    versions.push(next);
  });
  const [first = TARIFFS.versions[0], ...rest] = versions;
  return { currency, versions: [first, ...rest] };
}

function readVersion(before: TariffVersion, value: unknown, path: string): TariffVersion {
  const given = fieldsOf(value, path, ['from', 'plans']);
  const from = given.from === undefined ? before.from : firstOfMonth(given.from, `${path}.from`);
  const fields = fieldsOf(given.plans ?? {}, `${path}.plans`, PLANS);
  const plans: Record<string, Tariff> = { ...before.plans };
  for (const plan of PLANS) {
    plans[plan] = readTariff(before.plans[plan], fields[plan] ?? {}, `${path}.plans.${plan}`);
  }
  return { from, plans: plans as TariffVersion['plans'] };
}

const TARIFF_FIELDS = ['month', 'included', 'overage', 'trialDays', 'capped'];

function readTariff(before: Tariff, value: unknown, path: string): Tariff {
  const given = fieldsOf(value, path, TARIFF_FIELDS);
  const included = someOf(given.included ?? {}, `${path}.included`, METERS, decimal);
  const overage = someOf(given.overage ?? {}, `${path}.overage`, METERS, price);
  return {
    month: given.month === undefined ? before.month : price(given.month, `${path}.month`),
    included: { ...before.included, ...included },
    overage: { ...before.overage, ...overage },
    trialDays:
      given.trialDays === undefined
        ? before.trialDays
        : whole(0, 3_650)(given.trialDays, `${path}.trialDays`),
    capped: cappedOf(given, before, path),
  };
}

function cappedOf(given: Fields, before: Tariff, path: string): boolean {
  if (given.capped === undefined) return before.capped;
  if (typeof given.capped === 'boolean') return given.capped;
  throw bad(`${path}.capped`, 'must be true or false');
}
