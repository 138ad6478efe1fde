/**
 * What a tenant has used, in whole base units, so that sums are exact however they are cut.
 *
 * The units that people and price lists know are made of these: a GB-month is so many bytes for so many
 * seconds.
 */
import type { CustomerId, TenantId } from './ids.ts';
import type { Plan, Tier } from './tier.ts';
import type { Timestamp } from './units.ts';

/**
 *   memory   bytes of its own in memory, by second    l2      bytes in the page cache, by second
 *   cpu      microseconds of a processor              l3      bytes on local disk, by second
 *   awake    seconds in which its compute ran         l4      bytes in the archive, by second
 *   written  bytes written to disk                    stored  bytes of its data wherever they lie, by second
 *   egress   bytes sent to the client                 wakes   from sleep, by whomever
 *
 * `stored` counts data once that lies at two levels: it is for what a customer pays, the levels for what we do.
 */
export const METERS = [
  'memory',
  'cpu',
  'awake',
  'l2',
  'l3',
  'l4',
  'stored',
  'written',
  'egress',
  'wakes',
] as const;

export type Meter = (typeof METERS)[number];

export type Use = Readonly<Record<Meter, bigint>>;

export const NO_USE: Use = {
  ...{ memory: 0n, cpu: 0n, awake: 0n, l2: 0n, l3: 0n, l4: 0n },
  ...{ stored: 0n, written: 0n, egress: 0n, wakes: 0n },
};

/** What a tenant used in one hour under one plan and in one tier: a row of the ledger. */
export type UseRow = {
  readonly tenant: TenantId;
  /** Null for a tenant of nobody. */
  readonly customer: CustomerId | null;
  readonly plan: Plan;
  readonly tier: Tier;
  /** Its beginning. */
  readonly hour: Timestamp;
  /** For how much of the hour the tenant was there so, awake or not. */
  readonly seconds: bigint;
  readonly use: Use;
};

/** Of the prices of each meter: what one of them is for. */
export const UNIT_OF: Readonly<Record<Meter, string>> = {
  memory: 'GB-month',
  cpu: 'processor-month',
  awake: 'hour',
  l2: 'GB-month',
  l3: 'GB-month',
  l4: 'GB-month',
  stored: 'GB-month',
  written: 'GB',
  egress: 'GB',
  wakes: 'wake',
};

/** How long a month is in the units, and how large a GB. */
export type Scale = { readonly monthSeconds: bigint; readonly gigabyte: bigint };

/** How many base units one unit of the meter is. */
export function baseUnits(meter: Meter, { monthSeconds, gigabyte }: Scale): bigint {
  switch (meter) {
    case 'memory':
    case 'l2':
    case 'l3':
    case 'l4':
    case 'stored':
      return gigabyte * monthSeconds;
    case 'cpu':
      return 1_000_000n * monthSeconds;
    case 'awake':
      return 3_600n;
    case 'written':
    case 'egress':
      return gigabyte;
    case 'wakes':
      return 1n;
    default:
      return meter satisfies never;
  }
}

export function addedUse(one: Use, other: Use): Use {
  const sum: Record<Meter, bigint> = { ...one };
  for (const meter of METERS) sum[meter] += other[meter];
  return sum;
}
