/** A decision taken again: whether the rules of now, given what was looked at then, say the same. */
import type { Decision } from '../domain/decision.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Rules } from '../policy/rules.ts';
import { rulesFor } from '../policy/rules-tenants.ts';
import { replayTier } from '../policy/tier-decision.ts';

export type Replay = {
  readonly isSame: boolean;
  /** Whether the rules were others then; null if that was not recorded. */
  readonly rulesChanged: boolean | null;
  /** What they decide, and why. */
  readonly says: string;
};

/** Null for a decision that is none on a tier, and for one that a person has taken. */
export function replayOf(decision: Decision, rules: Rules, tenant: Tenant): Replay | null {
  const again = replayTier(decision, rulesFor(rules, tenant));
  if (again === null) return null;
  const { isSame, rulesChanged, tier, because } = again;
  return { isSame, rulesChanged, says: `${tier}, since ${because}` };
}
