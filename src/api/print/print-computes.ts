/** What is awake, and the rules in force, as the contract's JSON. */
import type {
  Compute,
  ComputeEntry,
  ComputePage,
  PlanList,
  TierList,
} from '../../contract/tenants/compute.ts';
import type {
  ComputeDetails,
  ComputeListing,
  ComputeView,
  RulesKept,
} from '../../control/compute-desk.ts';
import type { Level } from '../../domain/levels.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { FIRST_TIER, PLANS, TIERS } from '../../domain/tier.ts';
import { moment } from '../moment.ts';

function printEntry({ tenant, live, size, limits }: ComputeView): ComputeEntry {
  return {
    tenant: tenant.id,
    name: tenant.name,
    state: tenant.state.kind,
    level: levelOf(tenant),
    tier: tenant.tier,
    plan: tenant.plan,
    since: moment(tenant.stateSince),
    size: { ...size },
    limits: { ...limits },
    sessions: live.sessions,
    sessionsBound: live.bound,
    suspendAt: live.suspendAt === null ? null : moment(live.suspendAt),
  };
}

const levelOf = ({ state, home }: Tenant): Level => {
  if (state.kind === 'running') return 'L1';
  return home.kind === 'local' ? 'L3' : 'L4';
};

export const printCompute = ({ wakes, ...view }: ComputeDetails): Compute => ({
  ...printEntry(view),
  wakes: wakes.map(({ at, ...step }) => ({ ...step, at: moment(at) })),
});

export const printComputes = ({ computes, next }: ComputeListing): ComputePage => ({
  computes: computes.map(printEntry),
  next,
});

export const printPlans = ({ plans }: RulesKept): PlanList => ({
  plans: PLANS.map((plan) => {
    const { floor, ceiling, persistentNeedsConsent, limits, sla } = plans[plan];
    return {
      ...{ plan, firstTier: FIRST_TIER[plan], floor, ceiling, persistentNeedsConsent },
      limits: { ...limits },
      sla: {
        coldStarts: sla.coldStarts,
        coldStartUnderMs: sla.coldStartUnder,
        queryP95UnderMs: sla.queryP95Under,
        uptimePercent: sla.uptimePercent,
      },
    };
  }),
});

export const printTiers = ({ tiers, archiveAfter, residency }: RulesKept): TierList => ({
  tiers: TIERS.map((tier) => ({
    tier,
    size: { ...tiers[tier].size },
    limits: { ...tiers[tier].limits },
    idleAfterMs: tiers[tier].idleAfter,
    descentMs: tiers[tier].descentTakes,
    coldest: residency.coldest[tier],
  })),
  archiveAfterMs: archiveAfter,
  residency: residency.mode,
});
