/** Which actions make sense in which state, in one table; the server says the same when it is asked. */
import type { Tenant } from '../../sdk/index.ts';

type State = Tenant['state'];

/** States in which each may be begun. */
const STATES_OF = {
  wake: ['suspended', 'failed'],
  suspend: ['running'],
  restart: ['running'],
  archive: ['suspended', 'running'],
  snapshot: ['suspended', 'running'],
  fork: ['suspended', 'running'],
  delete: ['suspended', 'running', 'failed', 'waking', 'suspending', 'archiving'],
} as const satisfies Readonly<Record<string, readonly State[]>>;

export type Deed = keyof typeof STATES_OF;

/** Why it cannot be done with the tenant as it is; null if it can. */
export function hindrance(deed: Deed, { state, home, name }: Tenant): string | null {
  const states: readonly State[] = STATES_OF[deed];
  const isOwn = deed === 'snapshot' || deed === 'fork';
  if (!states.includes(state)) {
    // Customers do these too, and are told nothing of states.
    if (isOwn)
      return `${name} ${state === 'failed' ? 'cannot start' : 'is busy'}; try again in a moment.`;
    return `${name} is ${state}; that can be done while it is ${states.join(' or ')}.`;
  }
  if (deed === 'archive' && home === 'archive') return `${name} is in the archive already.`;
  const needsData = deed === 'archive' || isOwn;
  if (needsData && home === 'none')
    return `${name} has no data before it is used for the first time.`;
  return null;
}
