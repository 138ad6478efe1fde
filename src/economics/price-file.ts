/**
 * A price book as JSON. A preset may be where it begins; each version then has what it changes of the one
 * before it. A first version without `from` holds since ever and stands in for the preset's own.
 *
 *   { "preset": "railway",
 *     "versions": [ { "sharing": "by-tenant" },
 *                   { "from": "2027-01-01", "prices": { "memory": "9.50" } } ] }
 *
 * docs/economics.md describes every field.
 */
import { TIERS } from '../domain/tier.ts';
import { METERS } from '../domain/use.ts';
import { CURRENCIES, type Currency } from './money.ts';
import {
  type Machines,
  type PriceBook,
  type PriceVersion,
  SHARINGS,
  type TierPrice,
} from './price-book.ts';
import { NO_PRICES, PRICE_BOOKS, PRICE_PRESETS } from './price-presets.ts';
import {
  bad,
  type Fields,
  fieldsOf,
  jsonOf,
  listOf,
  mustFollow,
  oneOf,
  onTheHour,
  price,
  someOf,
  whole,
} from './readers.ts';

const BOOK_FIELDS = ['preset', 'name', 'currency', 'versions'];

/** Throws `BAD_PRICES`, which names the field. */
export function parsePriceBook(text: string): PriceBook {
  const given = fieldsOf(jsonOf(text), 'the price book', BOOK_FIELDS);
  const preset = given.preset === undefined ? null : oneOf(given.preset, 'preset', PRICE_PRESETS);
  const base = preset === null ? null : PRICE_BOOKS[preset];
  const currency: Currency =
    given.currency === undefined
      ? (base?.currency ?? 'USD')
      : oneOf(given.currency, 'currency', CURRENCIES);
  if (base !== null && currency !== base.currency) {
    throw bad(
      'currency',
      `must be ${base.currency}, which the prices of preset "${preset}" are in`,
    );
  }
  const versions = [base?.versions[0] ?? NO_PRICES];
  listOf(given.versions ?? [], 'versions', (value, path) => {
    const before = versions.at(-1) ?? NO_PRICES;
    const { from } = fieldsOf(value, path, VERSION_FIELDS);
    const next = readVersion(before, value, path);
    if (from !== undefined) mustFollow(before.from, next.from, path);
    else if (path === 'versions[0]') versions.pop();
    else throw bad(`${path}.from`, 'is missing');
    versions.push(next);
  });
  const [first = NO_PRICES, ...rest] = versions;
  return { name: nameOf(given.name ?? preset), currency, versions: [first, ...rest] };
}

function nameOf(value: unknown): string {
  if (value === null) return 'own';
  if (typeof value === 'string' && /^[\w .-]{1,60}$/.test(value)) return value;
  throw bad('name', 'must be 1 to 60 letters, digits, spaces, dots and dashes');
}

const VERSION_FIELDS = [
  'from',
  'monthDays',
  'gigabyte',
  'prices',
  'tiers',
  'machines',
  'minimum',
  'sharing',
  'alwaysOn',
];

function readVersion(before: PriceVersion, value: unknown, path: string): PriceVersion {
  const given = fieldsOf(value, path, VERSION_FIELDS);
  return {
    from: given.from === undefined ? before.from : onTheHour(given.from, `${path}.from`),
    monthDays: monthDaysOf(given.monthDays, before.monthDays, `${path}.monthDays`),
    gigabyte: gigabyteOf(given.gigabyte, before.gigabyte, `${path}.gigabyte`),
    prices: { ...before.prices, ...someOf(given.prices ?? {}, `${path}.prices`, METERS, price) },
    tiers: tiersOf(given, before, path),
    machines:
      given.machines === undefined
        ? before.machines
        : listOf(given.machines, `${path}.machines`, machinesOf),
    minimum: given.minimum === undefined ? before.minimum : price(given.minimum, `${path}.minimum`),
    sharing:
      given.sharing === undefined
        ? before.sharing
        : oneOf(given.sharing, `${path}.sharing`, SHARINGS),
    alwaysOn: alwaysOnOf(given.alwaysOn ?? {}, before, `${path}.alwaysOn`),
  };
}

function monthDaysOf(value: unknown, before: number | null, path: string): number | null {
  if (value === undefined) return before;
  return value === null ? null : whole(28, 31)(value, path);
}

function gigabyteOf(value: unknown, before: number, path: string): number {
  if (value === undefined) return before;
  if (value === 1_000_000_000 || value === 1_073_741_824) return value;
  throw bad(path, 'must be 1000000000 or 1073741824');
}

function tiersOf(given: Fields, before: PriceVersion, path: string): PriceVersion['tiers'] {
  const at = `${path}.tiers`;
  const fields = fieldsOf(given.tiers ?? {}, at, TIERS);
  const tiers: Record<string, TierPrice> = { ...before.tiers };
  for (const tier of TIERS) {
    const changed = someOf(fields[tier] ?? {}, `${at}.${tier}`, ['month', 'awakeHour'], price);
    tiers[tier] = { ...before.tiers[tier], ...changed };
  }
  return tiers as PriceVersion['tiers'];
}

const MACHINE_FIELDS = [
  ...['name', 'count', 'month', 'watts', 'kilowattHour'],
  ...['memoryGb', 'processors', 'diskGb', 'weights'],
];

function machinesOf(value: unknown, path: string): Machines {
  const given = fieldsOf(value, path, MACHINE_FIELDS);
  const size = (name: string): number => whole(0, 1_000_000)(given[name], `${path}.${name}`);
  const weights = someOf(
    given.weights ?? {},
    `${path}.weights`,
    ['memory', 'processors', 'disk'],
    whole(0, 1_000),
  );
  const machines: Machines = {
    name: typeof given.name === 'string' ? given.name.slice(0, 60) : 'machines',
    count: whole(1, 100_000)(given.count ?? 1, `${path}.count`),
    month: price(given.month, `${path}.month`),
    watts: given.watts === undefined ? 0 : size('watts'),
    kilowattHour: price(given.kilowattHour ?? '0', `${path}.kilowattHour`),
    memoryGb: size('memoryGb'),
    processors: size('processors'),
    diskGb: size('diskGb'),
    weights: { memory: 60, processors: 30, disk: 10, ...weights },
  };
  const { memory, processors, disk } = machines.weights;
  if (memory + processors + disk === 0) throw bad(`${path}.weights`, 'must not all be 0');
  return machines;
}

function alwaysOnOf(value: unknown, before: PriceVersion, path: string): PriceVersion['alwaysOn'] {
  const given = fieldsOf(value, path, ['month', 'memoryMb', 'cpuMillis']);
  const { month, memoryMb, cpuMillis } = before.alwaysOn;
  return {
    month: given.month === undefined ? month : price(given.month, `${path}.month`),
    memoryMb:
      given.memoryMb === undefined
        ? memoryMb
        : whole(0, 16_000_000)(given.memoryMb, `${path}.memoryMb`),
    cpuMillis:
      given.cpuMillis === undefined
        ? cpuMillis
        : whole(0, 1_000_000)(given.cpuMillis, `${path}.cpuMillis`),
  };
}
