/**
 * What tenants and customers may use, and what they have used.
 *
 * A quota has a soft limit, which is told of once a period, and a hard one, which stops. Periods are calendar months
 * of UTC; size and sessions have none, they are what they are now. The operator sets limits, and so does the plan;
 * a customer may set lower ones of its own.
 */
import { type Fault, fault } from './faults.ts';
import type { CustomerId, TenantId } from './ids.ts';
import type { Tenant } from './tenant.ts';
import type { Plan } from './tier.ts';
import { type DurationMs, ms, type Timestamp, timestamp } from './units.ts';

/** As Neon calls them. */
export const QUOTA_NAMES = [
  'activeTimeSeconds',
  'computeTimeSeconds',
  'writtenDataBytes',
  'dataTransferBytes',
  'logicalSizeBytes',
  'sessions',
] as const;

export type QuotaName = (typeof QUOTA_NAMES)[number];

/** What may hold a tenant besides: a month's budget, or what a plan includes that never costs more. */
export const HOLD_NAMES = [...QUOTA_NAMES, 'budget', 'included'] as const;

export type HoldName = (typeof HOLD_NAMES)[number];

/** Null for none. */
export type QuotaLimit = { readonly soft: number | null; readonly hard: number | null };

export type Quota = Readonly<Partial<Record<QuotaName, QuotaLimit>>>;

/** Limits of one tenant or customer, by who has set them. */
export type QuotaBook = {
  readonly operator: Quota;
  /** Of the customer, for itself: they count where they are lower. */
  readonly own: Quota;
};

export const NO_QUOTAS: QuotaBook = { operator: {}, own: {} };

/** What was used in a month. */
export type Consumption = {
  /** A compute was awake. */
  readonly activeMs: number;
  /** The same, times its size in compute units: see `computeUnits`. */
  readonly computeMs: number;
  /** Of the write-ahead log. */
  readonly writtenBytes: number;
  /** To clients, without TLS and without login. */
  readonly transferBytes: number;
};

export const NOTHING_USED: Consumption = {
  ...{ activeMs: 0, computeMs: 0, writtenBytes: 0, transferBytes: 0 },
};

/** What there is now, besides. */
export type Extent = { readonly logicalBytes: number; readonly sessions: number };

export type Usage = Consumption & Extent;

/** How much of each quota is used, in its unit. */
export const usedOf = (usage: Usage): Readonly<Record<QuotaName, number>> => ({
  activeTimeSeconds: Math.floor(usage.activeMs / 1_000),
  computeTimeSeconds: Math.floor(usage.computeMs / 1_000),
  writtenDataBytes: usage.writtenBytes,
  dataTransferBytes: usage.transferBytes,
  logicalSizeBytes: usage.logicalBytes,
  sessions: usage.sessions,
});

const lower = (one: number | null, other: number | null): number | null => {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
};

/** The limits that hold: what the operator has set goes before what the plan has, and nothing raises either. */
export function effectiveQuota({ operator, own }: QuotaBook, ofPlan: Quota = {}): Quota {
  const limits = QUOTA_NAMES.flatMap((name) => {
    const set = operator[name] ?? ofPlan[name] ?? NO_LIMIT;
    const { soft, hard } = own[name] ?? NO_LIMIT;
    const both = { soft: lower(set.soft, soft), hard: lower(set.hard, hard) };
    return both.soft === null && both.hard === null ? [] : [[name, both] as const];
  });
  return Object.fromEntries(limits);
}

const NO_LIMIT: QuotaLimit = { soft: null, hard: null };

/** The first limit of `own` that is above what the operator or the plan allows; undefined if none is. */
export function raisedIn(own: Quota, allowed: Quota): QuotaName | undefined {
  return QUOTA_NAMES.find((name) => {
    const hard = allowed[name]?.hard ?? null;
    const wanted = own[name];
    if (hard === null || wanted === undefined) return false;
    return (wanted.hard ?? 0) > hard || (wanted.soft ?? 0) > hard;
  });
}

/** Quotas that a new month takes back. */
export const isMonthly = (name: HoldName): boolean =>
  name !== 'logicalSizeBytes' && name !== 'sessions';

/** What a hard limit has stopped. */
export type QuotaHold = {
  readonly quota: HoldName;
  readonly limit: number;
  /** Whose limit it is. */
  readonly of: 'tenant' | 'customer';
  /** When it may be tried again; null for once there is less. */
  readonly until: Timestamp | null;
};

/** What is told to who comes to a tenant that is held. */
export const quotaFault = (tenant: string, { quota, limit, of, until }: QuotaHold): Fault =>
  fault('QUOTA_EXCEEDED', {
    ...{ tenant, quota, limit, of },
    until: until === null ? null : new Date(until).toISOString(),
  });

/** Limits passed, hard ones before soft ones. */
export type Passed = {
  readonly quota: QuotaName;
  readonly grade: 'soft' | 'hard';
  readonly limit: number;
  readonly used: number;
};

/** A soft limit is passed by what is above it, a hard one is reached: what it grants is all there is. */
export function passed(quota: Quota, usage: Usage): readonly Passed[] {
  const used = usedOf(usage);
  const all = QUOTA_NAMES.flatMap((name): Passed[] => {
    const { soft, hard } = quota[name] ?? NO_LIMIT;
    const is = { quota: name, used: used[name] };
    if (hard !== null && used[name] >= hard) return [{ ...is, grade: 'hard', limit: hard }];
    if (soft !== null && used[name] >= soft) return [{ ...is, grade: 'soft', limit: soft }];
    return [];
  });
  return all.toSorted((one, other) => one.grade.localeCompare(other.grade));
}

/** Above its hard limit by this factor a tenant's data is not only read-only, but stopped. */
export const SIZE_STOP_FACTOR = 1.1;

/**
 * Compute units of a size class, as Neon counts them: one for each 4 GB of memory that it may have. What is not
 * bounded counts as one.
 */
export const computeUnits = (memoryMb: number | null): number =>
  memoryMb === null ? 1 : memoryMb / 4_096;

/** The first moment of the month, in UTC. */
export function monthStart(at: Timestamp): Timestamp {
  const date = new Date(at);
  return timestamp(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
}

/** The first moment of the month after. */
export function nextMonth(at: Timestamp): Timestamp {
  const date = new Date(at);
  return timestamp(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
}

/** Pieces of [from, to), none of which is in two months. */
export function byMonth(
  from: Timestamp,
  to: Timestamp,
): readonly { readonly month: Timestamp; readonly length: DurationMs }[] {
  const pieces = [];
  for (let at = from; at < to; at = nextMonth(at)) {
    const month = monthStart(at);
    const start = Math.max(at, month);
    pieces.push({ month, length: ms(Math.min(to, nextMonth(at)) - start) });
  }
  return pieces;
}

/** What is counted of a tenant since it was last written, and what was last seen of it. */
export type MeterChange = {
  readonly tenant: TenantId;
  readonly month: Timestamp;
  readonly activeMs: number;
  readonly computeMs: number;
  readonly writtenBytes: number;
};

/** What was last seen of a tenant; sizes that are not given stay. */
export type MeterSeen = {
  readonly tenant: TenantId;
  /** Position of the write-ahead log. */
  readonly walPosition?: number;
  readonly logicalBytes?: number;
  /** Until when its being awake is counted; null while it sleeps. */
  readonly countedUntil: Timestamp | null;
};

/** A tenant as its quotas look at it. */
export type Account = Pick<Tenant, 'id' | 'name' | 'tier' | 'plan' | 'customer'> & {
  readonly quota: QuotaBook;
  /** Of the customer; null without one. */
  readonly customerQuota: QuotaBook | null;
  readonly used: Consumption;
  readonly logicalBytes: number;
  readonly walPosition: number | null;
  readonly countedUntil: Timestamp | null;
};

/** A limit that was passed, until when that is so. */
export type Mark = {
  readonly owner: QuotaOwner;
  readonly quota: HoldName;
  readonly grade: 'soft' | 'hard';
  readonly limit: number;
  readonly until: Timestamp;
  /** How often in a row it was stopped for its size; 0 while it is read-only. */
  readonly stops: number;
};

export type QuotaOwner =
  | { readonly kind: 'tenant'; readonly id: TenantId }
  | { readonly kind: 'customer'; readonly id: CustomerId };

export interface QuotaStore {
  /** Adds what was counted, all or none; the same `batch` is counted once. */
  count(changes: readonly MeterChange[], seen: readonly MeterSeen[], batch: string): Promise<void>;
  /** Those of `tenants` that there are, with what they used in `month`. */
  accounts(tenants: readonly TenantId[], month: Timestamp): Promise<readonly Account[]>;
  consumption(
    tenant: TenantId,
    month: Timestamp,
  ): Promise<Consumption & { readonly logicalBytes: number }>;
  /** The sum of its tenants. */
  ofCustomer(
    customer: CustomerId,
    month: Timestamp,
  ): Promise<Consumption & { readonly logicalBytes: number }>;
  tenantsOf(customer: CustomerId): Promise<readonly TenantId[]>;
  tenantQuota(tenant: TenantId): Promise<QuotaBook>;
  setTenantQuota(tenant: TenantId, quota: QuotaBook): Promise<void>;
  customerQuota(customer: CustomerId): Promise<QuotaBook>;
  setCustomerQuota(customer: CustomerId, quota: QuotaBook): Promise<void>;
  planQuotas(): Promise<Readonly<Partial<Record<Plan, Quota>>>>;
  setPlanQuotas(quotas: Readonly<Partial<Record<Plan, Quota>>>): Promise<void>;
  /** Of customers that have a list of addresses. */
  customerAddresses(): Promise<
    readonly { readonly id: CustomerId; readonly allowed: readonly string[] }[]
  >;
  setCustomerAddresses(customer: CustomerId, allowed: readonly string[]): Promise<void>;
  /** Of tenants and customers that have such a limit of their own. */
  sessionLimits(): Promise<readonly { readonly owner: QuotaOwner; readonly quota: QuotaBook }[]>;
  /** Those that count, or did until a day ago. */
  marks(): Promise<readonly Mark[]>;
  setMark(mark: Mark): Promise<void>;
  removeMark(mark: Pick<Mark, 'owner' | 'quota' | 'grade'>): Promise<void>;
}

/** What limits let a tenant do now; answered from memory. */
export interface Allowance {
  /** Why it may not be awake; null if it may. */
  holdOf(tenant: Pick<Tenant, 'id' | 'customer'>): QuotaHold | null;
  /** Why no further session may come; null if one may. */
  refusalOf(tenant: Pick<Tenant, 'id' | 'plan' | 'customer'>): QuotaHold | null;
  /** Sessions that it may have at once; null for as many as it may anyway. */
  sessionsMaxOf(tenant: Pick<Tenant, 'id' | 'plan'>): number | null;
  /** Lists of addresses that its clients must be in, besides its own. */
  addressesOf(tenant: Pick<Tenant, 'customer'>): readonly (readonly string[])[];
}

/** Nobody has a limit. */
export const NO_LIMITS: Allowance = {
  holdOf: () => null,
  refusalOf: () => null,
  sessionsMaxOf: () => null,
  addressesOf: () => [],
};

/** What is seen of the data of a tenant, awake or asleep. */
export type GaugeReading = {
  /** The position in its write-ahead log, in bytes; null without files here. */
  readonly walPosition: number | null;
  /** Of all its databases; null if only a running compute could say. */
  readonly logicalBytes: number | null;
};

export interface Gauges {
  read(tenant: TenantId): Promise<GaugeReading>;
  /** Has sessions begin their transactions read-only, or not; also those that are open. Stays so over restarts. */
  setReadOnly(tenant: TenantId, isReadOnly: boolean): Promise<void>;
}
