/** Who looks at the page, and what they may do. */
import { getRouteApi } from '@tanstack/react-router';
import type { Caller } from '../../sdk/index.ts';
import { type Guarded, refusal } from '../server/access.ts';

const frame = getRouteApi('/frame');

export const useCaller = (): Caller => frame.useRouteContext().caller;

/** Says of an operation why this caller may not do it; null if they may. */
export function useRefusal(): (operation: Guarded) => string | null {
  const caller = useCaller();
  return (operation) => refusal(caller, operation);
}
