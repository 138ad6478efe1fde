/** What the lives of all tenants share, made of what the orchestrator is given. */
import { NOBODY_ASKED, UNWATCHED } from '../domain/awake.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Rules } from '../policy/rules.ts';
import { rulesFor } from '../policy/rules-tenants.ts';
import { GrowthBudget } from './cache-growth.ts';
import { FleetPrice } from './fleet-price.ts';
import { HuskKeeper } from './husk-keeper.ts';
import { LadderLog } from './ladder-log.ts';
import { Learner } from './learner.ts';
import { giveUpPageCache } from './moves.ts';
import { Shelf } from './shelf.ts';
import type { LifeWorld, WorldParts } from './world.ts';

const BYTES_OF_MB = 1_048_576;

/** The world in which tenants live: what it is made of, and what they share besides. */
export function livingWorld(parts: WorldParts): LifeWorld {
  let rules = parts.rules;
  const ladder = new LadderLog(parts);
  const learner = new Learner(parts);
  const l2BytesOf = ({ l2BudgetMb }: Rules): number =>
    l2BudgetMb === null ? parts.settings.l2Bytes : l2BudgetMb * BYTES_OF_MB;
  const shelf = new Shelf(l2BytesOf(rules));
  const rulesOf = (tenant: Tenant): Rules => rulesFor(rules, tenant);
  const price = new FleetPrice({ world: parts, rules: () => rules, rulesOf });
  return {
    ...parts,
    awake: parts.awake ?? UNWATCHED,
    asked: parts.asked ?? NOBODY_ASKED,
    ladder,
    learner,
    growth: new GrowthBudget(parts.settings.growthMb ?? 0),
    shelf,
    get rules() {
      return rules;
    },
    rulesOf,
    price,
    husks: new HuskKeeper({ world: parts, bounds: parts.settings.husks ?? null }),
    setRules: (given) => {
      rules = given;
      price.changed();
      giveUpPageCache({ ...parts, ladder }, shelf.resize(l2BytesOf(rules), parts.clock.now()));
    },
  };
}
