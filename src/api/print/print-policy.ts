/** The policy as the contract's JSON. */
import type {
  DecisionPage,
  FleetPolicy,
  Policy,
  Prewarms,
  TenantPolicy,
} from '../../contract/policy/policy.ts';
import type { Tenant } from '../../contract/tenants/tenant.ts';
import type { DecisionListing, PolicyInForce, TenantExplained } from '../../control/control.ts';
import type { PrewarmRecord, TenantMetrics } from '../../domain/policy-view.ts';
import type { TierOverride } from '../../domain/tier.ts';
import { moment, momentOrNull } from '../moment.ts';

export const printOverride = (override: TierOverride | null): Tenant['override'] =>
  override && { tier: override.tier, until: momentOrNull(override.until), by: override.by };

/** What it costs us is the operator's matter alone. */
export function printExplained(
  { view: { tenant }, policy }: TenantExplained,
  { isOperator }: { readonly isOperator: boolean },
): TenantPolicy {
  const { tier, residency, nextWindow, metrics, prewarms, anomalies } = policy;
  const advice = isOperator ? policy.advice : policy.adviceToCustomer;
  return {
    tenant: tenant.id,
    name: tenant.name,
    tier: {
      tier: tenant.tier,
      since: moment(tenant.tierSince),
      because: tier.because,
      override: printOverride(tenant.override),
      next: tier.next && { ...tier.next },
    },
    residency: {
      level: residency.level,
      until: momentOrNull(residency.until),
      awakeAt: momentOrNull(residency.awakeAt),
      because: residency.because,
      chanceInHour: residency.chanceInHour,
    },
    nextDecisionAt: momentOrNull(policy.nextDecisionAt),
    nextWindow: nextWindow && {
      from: moment(nextWindow.from),
      to: moment(nextWindow.to),
      chance: nextWindow.chance,
    },
    metrics: printMetrics(metrics),
    prewarms: printPrewarms(prewarms),
    anomalies: anomalies.map(({ at, severity, text }) => ({ at: moment(at), severity, text })),
    advice: advice.map((one) => ({ ...one })),
  };
}

const printMetrics = ({ datasetSize, ...metrics }: TenantMetrics): TenantPolicy['metrics'] => ({
  ...metrics,
  peakHours: [...metrics.peakHours],
  datasetSizeGb: datasetSize,
});

const printPrewarms = ({ hits, misses, wasted }: PrewarmRecord): Prewarms => ({
  hits,
  misses,
  wastedMs: Math.round(wasted),
});

export const printDecisions = ({ decisions, next }: DecisionListing): DecisionPage => ({
  decisions: decisions.map(({ decision, replay }) => ({
    at: moment(decision.at),
    kind: decision.kind,
    from: decision.from,
    to: decision.to,
    because: decision.because,
    inputs: decision.inputs,
    replay: replay && { ...replay },
  })),
  next: momentOrNull(next),
});

export const printFleetPolicy = (policy: PolicyInForce): FleetPolicy => ({
  source: policy.text === null ? `preset ${policy.preset}` : 'file',
  residency: policy.residency,
  valueOfSecond: policy.valueOfSecond,
  costShare: policy.costShare,
  husks: { ...policy.husks },
  prewarms: printPrewarms(policy.prewarms),
});

export const printPolicy = (policy: PolicyInForce): Policy => ({
  ...printFleetPolicy(policy),
  preset: policy.preset,
  file: policy.text,
});
