/** What the lives of all tenants share, made of what the orchestrator is given. */
import type { Tenant } from '../domain/tenant.ts';
import type { Rules } from '../policy/rules.ts';
import { rulesFor } from '../policy/rules-tenants.ts';
import { GrowthBudget } from './cache-growth.ts';
import { FleetPrice } from './fleet-price.ts';
import { HuskKeeper } from './husk-keeper.ts';
import { LadderLog } from './ladder-log.ts';
import { Learner } from './learner.ts';
import { Shelf } from './shelf.ts';
import type { LifeWorld, WorldParts } from './world.ts';

/** The world in which tenants live: what it is made of, and what they share besides. */
export function livingWorld(parts: WorldParts): LifeWorld {
  let rules = parts.rules;
  const ladder = new LadderLog(parts);
  const learner = new Learner(parts);
  const rulesOf = (tenant: Tenant): Rules => rulesFor(rules, tenant);
  const price = new FleetPrice({ world: parts, rules: () => rules, rulesOf });
  return {
    ...parts,
    ladder,
    learner,
    growth: new GrowthBudget(parts.settings.growthMb ?? 0),
    shelf: new Shelf(parts.settings.l2Bytes),
    get rules() {
      return rules;
    },
    rulesOf,
    price,
    husks: new HuskKeeper({ world: parts, bounds: parts.settings.husks ?? null }),
    setRules: (given) => {
      rules = given;
      price.changed();
    },
  };
}
