/** What a policy says that has seen nothing yet. */
import { DECISION_KINDS, type DecisionKind } from '../domain/decision.ts';
import type { FleetPolicy } from '../domain/lifecycle.ts';
import type { PolicyView, PrewarmRecord } from '../domain/policy-view.ts';
import { ms } from '../domain/units.ts';

const NO_PREWARMS: PrewarmRecord = { hits: 0, misses: 0, wasted: ms(0) };

export const QUIET_VIEW: PolicyView = {
  tier: { because: 'tenants of plan free begin there', next: null },
  residency: {
    level: 'L4',
    until: null,
    awakeAt: null,
    because: 'nobody has come yet',
    chanceInHour: 0,
  },
  nextDecisionAt: null,
  nextWindow: null,
  metrics: {
    queryCount: 0,
    queriesPerMinute: 0,
    peakHours: [],
    queryComplexity: 'simple',
    datasetSize: null,
    cacheHitRatio: null,
    activeHoursPerDay: 0,
    consistencyScore: 0,
    growth: 'steady',
  },
  prewarms: NO_PREWARMS,
  anomalies: [],
  advice: [],
  adviceToCustomer: [],
};

export const QUIET_FLEET: FleetPolicy = {
  residency: 'adaptive',
  valueOfSecond: 0.002,
  costShare: null,
  husks: { ready: 4, kept: 5, wantedLastHour: 3, isFixed: false },
  prewarms: NO_PREWARMS,
  decisions: Object.fromEntries(DECISION_KINDS.map((kind) => [kind, 0])) as Record<
    DecisionKind,
    number
  >,
};
