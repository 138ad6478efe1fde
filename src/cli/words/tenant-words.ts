/** Tenants as a person reads them. */
import type { TenantPolicy } from '../../contract/policy/policy.ts';
import type { Session } from '../../contract/tenants/session.ts';
import type { Tenant, TenantSecret } from '../../contract/tenants/tenant.ts';
import { durationText } from '../options/parse.ts';
import { factsText, tableText } from './layout.ts';
import { explainedFacts } from './policy-words.ts';
import { countsText, pinFacts } from './session-words.ts';
import type { Style } from './style.ts';
import { agoWords, inWords } from './words.ts';

export function tenantsText(tenants: readonly Tenant[], now: number, style: Style): string {
  if (tenants.length === 0) return 'no tenants; make one with: dynabase tenants create NAME';
  const columns = [
    { head: 'NAME' },
    { head: 'STATE' },
    { head: 'SINCE' },
    { head: 'LEVEL' },
    { head: 'TIER' },
    { head: 'PLAN' },
    { head: 'SESSIONS', align: 'right' },
    { head: 'SUSPENDS' },
  ] as const;
  const rows = tenants.map((t) => [
    t.name,
    stateText(t, style),
    agoWords(t.stateSince, now),
    t.level,
    t.tier,
    t.plan,
    String(t.sessions),
    t.suspendAt === null ? '-' : inWords(t.suspendAt, now),
  ]);
  return tableText(columns, rows, style);
}

/** A tenant, and its sessions and the policy's view of it where they have been asked for. */
export type Shown = {
  readonly tenant: Tenant;
  readonly sessions?: readonly Session[];
  readonly policy?: TenantPolicy;
};

export function tenantText(shown: Shown, now: number, style: Style): string {
  const { tenant, sessions = [], policy } = shown;
  const { descent, dirtySince, failure, heldBy, lastSuspendRefusal: refusal } = tenant;
  return factsText(
    [
      ['name', style.bold(tenant.name)],
      ['id', tenant.id],
      ['state', `${stateText(tenant, style)}, since ${agoWords(tenant.stateSince, now)}`],
      ...(failure === null
        ? []
        : [
            ['failure', `${failure.reason} (attempt ${failure.attempt})`] as const,
            ['next try', inWords(failure.retryAt, now)] as const,
          ]),
      ['level', levelText(tenant)],
      ...(descent === null ? [] : [['descent', descent] as const]),
      ...(dirtySince === null ? [] : [['unsaved', unsavedText(dirtySince, now)] as const]),
      ...(policy === undefined
        ? [['tier', tenant.tier] as const]
        : explainedFacts(policy, now, style)),
      ['plan', tenant.plan],
      ...(tenant.consent === null ? [] : [['consent', consentText(tenant.consent, now)] as const]),
      ['sessions', sessionsText(tenant, sessions)],
      ...pinFacts(sessions),
      ...(heldBy === null ? [] : [['held awake', heldBy] as const]),
      ['suspends', suspendsText(tenant, now)],
      ...(refusal === null
        ? []
        : [['not suspended', `${refusal.why}, ${agoWords(refusal.at, now)}`] as const]),
      ...(tenant.maxPinIdleMs === null ? [] : [['pinned idle', pinIdleText(tenant)] as const]),
      ['created', tenant.createdAt],
      ['connection', tenant.connectionUri],
    ],
    style,
  );
}

const consentText = ({ at, by }: NonNullable<Tenant['consent']>, now: number): string =>
  `to less than PERSISTENT, told by the ${by} ${agoWords(at, now)}`;

export function secretText(tenant: TenantSecret, done: string, style: Style): string {
  return [
    `${style.green(done)} ${style.bold(tenant.name)} (${tenant.id}, plan ${tenant.plan}, tier ${tenant.tier})`,
    '',
    `  ${tenant.connectionUri}`,
    '',
    'The password is shown only now. Connect with any PostgreSQL client, or with:',
    `  dynabase sql ${tenant.name}`,
  ].join('\n');
}

export function stateText({ state }: Pick<Tenant, 'state'>, style: Style): string {
  switch (state) {
    case 'running':
      return style.green(state);
    case 'failed':
      return style.red(state);
    case 'suspended':
      return style.dim(state);
    case 'creating':
    case 'waking':
    case 'suspending':
    case 'archiving':
    case 'deleting':
      return style.yellow(state);
    default:
      return state satisfies never;
  }
}

/** `L3, on this machine`. */
export function levelText({ level, home }: Pick<Tenant, 'level' | 'home'>): string {
  if (level === 'L1') return `${level}, awake`;
  switch (home) {
    case 'none':
      return `${level}, not made yet`;
    case 'local':
      return `${level}, on this machine`;
    case 'archive':
      return `${level}, in the archive`;
    default:
      return home satisfies never;
  }
}

const unsavedText = (since: string, now: number): string =>
  `changes since ${agoWords(since, now)} are in no snapshot`;

function sessionsText({ sessions, sessionsMax, sessionsBound }: Tenant, known: readonly Session[]) {
  const bound = sessions === 0 ? '0' : `${sessions} (${sessionsBound} bound)`;
  const counts = known.length === 0 ? bound : countsText(known);
  return sessionsMax === null ? counts : `${counts} of at most ${sessionsMax}`;
}

const pinIdleText = ({ maxPinIdleMs }: Tenant): string =>
  maxPinIdleMs ? `ended after ${durationText(maxPinIdleMs)}` : 'never ended';

function suspendsText({ suspendAfterMs, suspendAt }: Tenant, now: number): string {
  const rule =
    suspendAfterMs === null
      ? 'when idle, as the server is set'
      : `when idle for ${durationText(suspendAfterMs)}`;
  return suspendAt === null ? rule : `${rule}; ${inWords(suspendAt, now)} if nobody asks anything`;
}
