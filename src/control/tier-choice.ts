/** What a person may say of a tenant's tier and plan, and what is kept of who said it. */
import type { TenantSettings } from '../domain/catalog.ts';
import type { Decision } from '../domain/decision.ts';
import { fault } from '../domain/faults.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier, TierOverride } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';

/** A tier that the policy leaves alone until it ends, or null for never; or the choice given back. */
export type TierChoice = 'auto' | { readonly tier: Tier; readonly until: Timestamp | null };

/** The tier holds at once; the policy is told behind it. Throws `BAD_REQUEST` for an end in the past. */
export function tierSettings(
  choice: TierChoice | undefined,
  now: Timestamp,
): Pick<TenantSettings, 'tier' | 'override'> {
  if (choice === undefined) return {};
  if (choice === 'auto') return { override: null };
  const { tier, until } = choice;
  if (until !== null && until <= now) {
    throw fault('BAD_REQUEST', { why: `the tier is to end at ${textOf(until)}, which is past` });
  }
  return { tier, override: { tier, until, by: 'operator' } };
}

/** The decisions that a person has taken with `change`; none where nothing became different. */
export function decidedByPerson(
  before: Tenant,
  change: Pick<TenantSettings, 'override' | 'plan'>,
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
  return decisions;
}

function reasonOf(override: TierOverride | null): string {
  if (override === null) return 'the operator has given the choice back to the policy';
  const { by, tier, until } = override;
  return `the ${by} has set ${tier}${until === null ? '' : `, until ${textOf(until)}`}`;
}

const inputOf = ({ tier, until, by }: TierOverride) => ({ tier, until, by });

const textOf = (at: Timestamp): string => new Date(at).toISOString();
