import { useQuery } from '@tanstack/react-query';
import { useCaller } from '../shell/who.ts';
import { useBrand } from './brand.tsx';
import { planRefusal } from './plan-rule.ts';
import type { Plan } from './plan-words.ts';
import { customerQuery } from './queries.ts';

/** Why a plan may not be chosen for a database; null if it may. */
export function usePlanRefusal(): (plan: Plan) => string | null {
  const caller = useCaller();
  const customer = useQuery({ ...customerQuery, enabled: caller.scope.kind === 'customer' });
  const { plans: open } = useBrand();
  return (plan) => planRefusal(plan, { caller, own: customer.data?.plan, open });
}
