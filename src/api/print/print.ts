/** The domain's nouns as the contract's JSON. */

import type { Status } from '../../contract/service/status.ts';
import type { SessionList } from '../../contract/tenants/session.ts';
import type {
  ConnectionString,
  Tenant,
  TenantSecret,
  Ticket,
} from '../../contract/tenants/tenant.ts';
import type {
  TenantSecret as Secret,
  ServerStatus,
  TenantView,
  Ticket as TicketIssued,
} from '../../control/control.ts';
import type { SessionView } from '../../domain/gate.ts';
import type { SuspendRefusal } from '../../domain/lifecycle.ts';
import type { TenantState } from '../../domain/tenant.ts';
import { moment, momentOrNull } from '../moment.ts';
import { levelOf, printFleetLevels } from './print-levels.ts';
import { printFleetPolicy, printOverride } from './print-policy.ts';

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
