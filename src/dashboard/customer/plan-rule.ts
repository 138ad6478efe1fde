import { TENANT_PLANS } from '../../contract/limits.ts';
import type { Caller } from '../../sdk/index.ts';
import { mayDo } from '../server/access.ts';
import type { Plan } from './plan-words.ts';

/** What a choice of plans goes by. */
export type PlanTerms = {
  readonly caller: Caller;
  /** That of the customer; undefined until it is known. */
  readonly own: Plan | undefined;
  /** Those that the operator lets customers choose by themselves. */
  readonly open: readonly Plan[];
};

/** Why a database may not be given `plan`; null if it may. The server goes by the same rule. */
export function planRefusal(plan: Plan, { caller, own, open }: PlanTerms): string | null {
  if (caller.scope.kind === 'operator') return null;
  if (own !== undefined && TENANT_PLANS.indexOf(plan) <= TENANT_PLANS.indexOf(own)) return null;
  if (!open.includes(plan)) return 'Your provider gives that plan: ask there.';
  return mayDo(caller, 'billing')
    ? null
    : `That is more than is paid for, and not for role ${caller.role}.`;
}
