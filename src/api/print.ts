/** The domain's nouns as the contract's JSON. */
import type { SessionList } from '../contract/session.ts';
import type { Status } from '../contract/status.ts';
import type { ConnectionString, Tenant, TenantSecret, Ticket } from '../contract/tenant.ts';
import type { Usage, UsageTotal } from '../contract/usage.ts';
import type {
  TenantSecret as Secret,
  ServerStatus,
  TenantView,
  Ticket as TicketIssued,
} from '../control/control.ts';
import type { SessionView } from '../domain/gate.ts';
import type { SuspendRefusal } from '../domain/lifecycle.ts';
import type { TenantState } from '../domain/tenant.ts';
import type { Timestamp } from '../domain/units.ts';
import { LATENCY_BOUNDS_US, type UsageMinute } from '../domain/usage.ts';
import { levelOf, printFleetLevels } from './print-levels.ts';
import { printFleetPolicy, printOverride } from './print-policy.ts';

const moment = (at: Timestamp): string => new Date(at).toISOString();
const momentOrNull = (at: Timestamp | null): string | null => (at === null ? null : moment(at));

export function printTenant(view: TenantView): Tenant {
  const { tenant, live } = view;
  return {
    id: tenant.id,
    name: tenant.name,
    customer: tenant.customer,
    plan: tenant.plan,
    tier: tenant.tier,
    tierSince: moment(tenant.tierSince),
    override: printOverride(tenant.override),
    state: tenant.state.kind,
    consent: tenant.consent && { at: moment(tenant.consent.at), by: tenant.consent.by },
    stateSince: moment(tenant.stateSince),
    home: tenant.home.kind,
    level: levelOf(tenant),
    descent: live.descent,
    dirtySince: momentOrNull(tenant.dirtySince),
    createdAt: moment(tenant.createdAt),
    expiresAt: momentOrNull(tenant.expiresAt),
    allowedAddresses: [...tenant.allowedAddresses],
    suspendAfterMs: tenant.suspendAfter,
    sessionsMax: tenant.sessionsMax,
    maxPinIdleMs: tenant.maxPinIdle,
    sessions: live.sessions,
    sessionsBound: live.bound,
    heldBy: live.heldBy,
    idleSince: momentOrNull(live.idleSince),
    suspendAt: momentOrNull(live.suspendAt),
    lastSuspendRefusal: printRefusal(live.lastSuspendRefusal),
    failure: printFailure(tenant.state),
    connectionUri: view.connectionUri,
  };
}

function printFailure(state: TenantState): Tenant['failure'] {
  if (state.kind !== 'failed') return null;
  return { reason: state.reason, attempt: state.attempt, retryAt: moment(state.retryAt) };
}

const printRefusal = (refusal: SuspendRefusal | null): Tenant['lastSuspendRefusal'] =>
  refusal === null ? null : { why: refusal.why, at: moment(refusal.at) };

export const printSessions = (views: readonly SessionView[]): SessionList => ({
  sessions: views.map(
    ({ id, role, applicationName, from, visitor, state, openFor, idleFor, pin }) => ({
      ...{ id, role, applicationName, from, visitor, state },
      openForMs: Math.round(openFor),
      idleForMs: Math.round(idleFor),
      pin:
        pin === null
          ? null
          : { reason: pin.reason, statement: pin.statement, forMs: Math.round(pin.since) },
    }),
  ),
});

export const printSecret = (secret: Secret): TenantSecret => ({
  ...printTenant(secret),
  password: secret.password,
});

export const printTicket = (ticket: TicketIssued): Ticket => ({
  connectionUri: ticket.connectionUri,
  expiresAt: moment(ticket.expiresAt),
});

export const printStatus = (status: ServerStatus): Status => ({
  ...status,
  startedAt: moment(status.startedAt),
  engine: { ...status.engine },
  warnings: [...status.warnings],
  tenants: { ...status.tenants },
  homes: { ...status.homes },
  tiers: { ...status.tiers },
  policy: printFleetPolicy(status.policy),
  levels: printFleetLevels(status.levels),
  unsavedSince: momentOrNull(status.unsavedSince),
  proxy: { ...status.proxy },
});

/** The parts of a connection URI, for those who fill in forms. */
export function printConnectionString(connectionUri: string): ConnectionString {
  const url = new URL(connectionUri);
  return {
    connectionUri,
    host: url.hostname,
    port: Number(url.port || '5432'),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: decodeURIComponent(url.username),
  };
}

export type Span = { readonly from: Timestamp; readonly to: Timestamp };

export function printUsage(options: {
  readonly tenant: string;
  readonly span: Span;
  readonly minutes: readonly UsageMinute[];
  readonly next: Timestamp | null;
}): Usage {
  return {
    tenant: options.tenant,
    from: moment(options.span.from),
    to: moment(options.span.to),
    latencyBoundsUs: [...LATENCY_BOUNDS_US],
    total: options.minutes.map(printCounters).reduce(sum, NOTHING),
    minutes: options.minutes.map((m) => ({ minute: moment(m.minute), ...printCounters(m) })),
    next: momentOrNull(options.next),
  };
}

const NOTHING: UsageTotal = {
  sessions: 0,
  queries: 0,
  byRobots: 0,
  transactions: 0,
  errors: {},
  bytesIn: 0,
  bytesOut: 0,
  latency: Array.from({ length: LATENCY_BOUNDS_US.length + 1 }, () => 0),
  latencySumUs: 0,
};

const printCounters = (m: UsageMinute): UsageTotal => ({
  sessions: m.sessions,
  queries: m.queries,
  byRobots: m.byRobots,
  transactions: m.transactions,
  errors: { ...m.errors },
  bytesIn: m.bytesIn,
  bytesOut: m.bytesOut,
  latency: [...m.latency],
  latencySumUs: m.latencySumUs,
});

function sum(a: UsageTotal, b: UsageTotal): UsageTotal {
  const errors = { ...a.errors };
  for (const [state, count] of Object.entries(b.errors)) {
    errors[state] = (errors[state] ?? 0) + count;
  }
  return {
    sessions: a.sessions + b.sessions,
    queries: a.queries + b.queries,
    byRobots: a.byRobots + b.byRobots,
    transactions: a.transactions + b.transactions,
    errors,
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
    latency: a.latency.map((count, bucket) => count + (b.latency[bucket] ?? 0)),
    latencySumUs: a.latencySumUs + b.latencySumUs,
  };
}
