import { ms } from '../domain/units.ts';
import { Orchestrated } from './orchestrated.ts';

/** An awake tenant with one session, whose first request is answered. */
export async function inUse() {
  const world = new Orchestrated();
  const proxy = world.proxies.make('proxy');
  const tenant = await world.tenant('acme');
  const session = proxy.open(tenant.id);
  await world.clock.advance(ms(20));
  proxy.answered(session, 'idle');
  return { world, proxy, tenant, session };
}

/** What it resolves or rejects with. */
export const outcomeOf = (work: Promise<unknown>): Promise<unknown> => work.catch((error) => error);
