/** Settings of a tenant as they are typed, and what of them is another than it was. */
import type { Tenant, TenantChange } from '../../sdk/index.ts';

export type Draft = {
  readonly plan: Tenant['plan'];
  readonly suspendAfterS: string;
  readonly maxPinIdleS: string;
  readonly sessionsMax: string;
  readonly addresses: string;
  /** Empty for the operator itself. */
  readonly customer: string;
  /** As a field of a form has it, in the viewer's zone. */
  readonly expiresAt: string;
  readonly consent: boolean;
};

const S_MS = 1_000;

export const draftOf = (tenant: Tenant): Draft => ({
  plan: tenant.plan,
  suspendAfterS: textOf(tenant.suspendAfterMs, S_MS),
  maxPinIdleS: textOf(tenant.maxPinIdleMs, S_MS),
  sessionsMax: textOf(tenant.sessionsMax, 1),
  addresses: tenant.allowedAddresses.join(' '),
  customer: tenant.customer ?? '',
  expiresAt: tenant.expiresAt === null ? '' : localTime(new Date(tenant.expiresAt)),
  consent: tenant.consent !== null,
});

const textOf = (value: number | null, unit: number): string =>
  value === null ? '' : String(value / unit);

const numberOf = (text: string, unit: number): number | null =>
  text.trim() === '' ? null : Math.round(Number(text) * unit);

/** `2026-11-23T14:05`, without a zone. */
function localTime(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

const CHANGES: { readonly [F in keyof Draft]: (draft: Draft) => TenantChange } = {
  plan: ({ plan }) => ({ plan }),
  suspendAfterS: ({ suspendAfterS }) => ({ suspendAfterMs: numberOf(suspendAfterS, S_MS) }),
  maxPinIdleS: ({ maxPinIdleS }) => ({ maxPinIdleMs: numberOf(maxPinIdleS, S_MS) }),
  sessionsMax: ({ sessionsMax }) => ({ sessionsMax: numberOf(sessionsMax, 1) }),
  addresses: ({ addresses }) => ({
    allowedAddresses: addresses.split(/[\s,]+/).filter((one) => one !== ''),
  }),
  customer: ({ customer }) => ({ customer: customer === '' ? null : customer }),
  expiresAt: ({ expiresAt }) => ({
    expiresAt: expiresAt === '' ? null : new Date(expiresAt).toISOString(),
  }),
  consent: ({ consent }) => ({ consent }),
};

/** Only what is another now: what somebody else has changed meanwhile stays theirs. */
export function changeOf(before: Draft, after: Draft): TenantChange {
  const changed = (Object.keys(CHANGES) as (keyof Draft)[]).filter(
    (field) => before[field] !== after[field],
  );
  return Object.assign({}, ...changed.map((field) => CHANGES[field](after))) as TenantChange;
}
