/** What a person may say of a tenant's tier and plan, and what is kept of who said it. */
import type { TenantSettings } from '../domain/catalog.ts';
import type { Decision } from '../domain/decision.ts';
import { fault } from '../domain/faults.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Consent, Plan, Tier, TierOverride, TierSetter } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import type { TenantChange } from './control.ts';

/** A tier that the policy leaves alone until it ends, or null for never; or the choice given back. */
export type TierChoice =
  | 'auto'
  | {
      readonly tier: Tier;
      readonly until: Timestamp | null;
      /** The operator if not given. */
      readonly by?: TierSetter;
    };

/**
 * What a person's change of a tenant comes to. A tier holds at once; the policy is told behind it. Throws
 * `BAD_REQUEST` for an end in the past.
 */
export function settingsBy(before: Tenant, change: TenantChange, now: Timestamp): TenantSettings {
  const { tier, consent, ...rest } = change;
  const plan = rest.plan ?? before.plan;
  return {
    ...rest,
    ...tierSettings(tier, now),
    ...consentSettings(before, { consent, plan }, now),
  };
}

function tierSettings(
  choice: TierChoice | undefined,
  now: Timestamp,
): Pick<TenantSettings, 'tier' | 'override'> {
  if (choice === undefined) return {};
  if (choice === 'auto') return { override: null };
  const { tier, until, by = 'operator' } = choice;
  if (until !== null && until <= now) {
    throw fault('BAD_REQUEST', { why: `the tier is to end at ${textOf(until)}, which is past` });
  }
  return { tier, override: { tier, until, by } };
}

/**
 * That the customer agrees to less than the PERSISTENT that is paid for, or null to take that back. It ends with the
 * plan that was agreed to; who agrees again has agreed since the first time.
 */
function consentSettings(
  before: Tenant,
  { consent: by, plan }: { readonly consent: TierSetter | null | undefined; readonly plan: Plan },
  now: Timestamp,
): Pick<TenantSettings, 'consent'> {
  const known = plan === before.plan ? before.consent : null;
  const consent = by === undefined ? known : by && (known ?? { at: now, by });
  return consent === before.consent ? {} : { consent };
}

/** The decisions that a person has taken with `change`; none where nothing became different. */
export function decidedByPerson(
  before: Tenant,
  change: Pick<TenantSettings, 'override' | 'consent' | 'plan'>,
  at: Timestamp,
): readonly Decision[] {
  const { override, plan } = change;
  const decisions: Decision[] = [];
  if (override !== undefined && !(override === null && before.override === null)) {
    const to = override?.tier ?? before.tier;
    const inputs = { override: override && inputOf(override) };
    decisions.push({
      at,
      kind: 'tier',
      from: before.tier,
      to,
      because: reasonOf(override),
      inputs,
    });
  }
  if (plan !== undefined && plan !== before.plan) {
    const because = 'the operator has changed the plan';
    decisions.push({ at, kind: 'policy', from: before.plan, to: plan, because, inputs: {} });
  }
  if (change.consent !== undefined) decisions.push(consentDecision(before, change.consent, at));
  return decisions;
}

function consentDecision(before: Tenant, consent: Consent | null, at: Timestamp): Decision {
  const has = consent === null ? 'no longer agrees' : 'agrees';
  const by = consent?.by === 'customer' ? '' : ', says the operator';
  return {
    ...{ at, kind: 'policy', from: before.consent && CONSENTS, to: consent && CONSENTS },
    because: `the customer ${has} to less than the PERSISTENT that is paid for${by}`,
    inputs: { plan: before.plan, by: consent?.by ?? null },
  };
}

const CONSENTS = 'consent';

function reasonOf(override: TierOverride | null): string {
  if (override === null) return 'the operator has given the choice back to the policy';
  const { by, tier, until } = override;
  return `the ${by} has set ${tier}${until === null ? '' : `, until ${textOf(until)}`}`;
}

const inputOf = ({ tier, until, by }: TierOverride) => ({ tier, until, by });

const textOf = (at: Timestamp): string => new Date(at).toISOString();
