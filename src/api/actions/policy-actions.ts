/** What the operations of the policy do, and how a change of a tenant is read. */
import type { BodyOf } from '../../contract/routes.ts';
import type { Control, NewPolicy } from '../../control/control.ts';
import type { TierChoice } from '../../control/tier-choice.ts';
import { fault } from '../../domain/faults.ts';
import type { TierSetter } from '../../domain/tier.ts';
import { momentOf } from '../moment.ts';
import { printDecisions, printExplained, printPolicy } from '../print/print-policy.ts';
import type { Actions } from './actions.ts';

/** Decisions on a page when the client does not say. */
const PAGE_DEFAULT = 100;

type PolicyAction = 'explainTenant' | 'listDecisions' | 'getPolicy' | 'setPolicy';

export function policyActions(control: Control): Pick<Actions, PolicyAction> {
  return {
    explainTenant: async ({ params, caller }) =>
      printExplained(await control.explainTenant(params.ref), {
        isOperator: caller.scope.kind === 'operator',
      }),
    listDecisions: async ({ params, query }) =>
      printDecisions(
        await control.listDecisions(params.ref, {
          before: query.before === undefined ? null : momentOf(query.before),
          limit: query.limit ?? PAGE_DEFAULT,
          replay: query.replay ?? false,
        }),
      ),
    getPolicy: async () => printPolicy(control.policy()),
    setPolicy: async ({ body }) => printPolicy(await control.setPolicy(newPolicyOf(body))),
  };
}

/** Throws `BAD_REQUEST` for a time of a tier that is not given or given back. */
export function tierChoiceOf(
  { tier, tierUntil }: Pick<BodyOf<'changeTenant'>, 'tier' | 'tierUntil'>,
  by: TierSetter,
): TierChoice | undefined {
  if (tier !== undefined && tier !== 'auto') {
    return { tier, until: tierUntil == null ? null : momentOf(tierUntil), by };
  }
  if (tierUntil != null) {
    throw fault('BAD_REQUEST', { why: '"tierUntil" needs a "tier" that it is the end of' });
  }
  return tier;
}

/** A preset by itself is the file that says nothing else. */
function newPolicyOf({ preset, file, dryRun = false }: BodyOf<'setPolicy'>): NewPolicy {
  if ((preset === undefined) === (file === undefined)) {
    throw fault('BAD_REQUEST', { why: 'the body needs one of the fields "preset" and "file"' });
  }
  const text = typeof file === 'string' ? file : JSON.stringify(file ?? { preset });
  return { text, dryRun };
}
