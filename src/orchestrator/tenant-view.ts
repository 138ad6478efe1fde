/** What the policy has to say of one tenant, gathered for people. It changes nothing. */
import { hitRatio, type Level, type LevelTotals } from '../domain/levels.ts';
import type { Advice, Finding, PolicyView } from '../domain/policy-view.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, minutes, type Timestamp } from '../domain/units.ts';
import { adviceFor, type FoundAdvice, type Seen } from '../policy/advice.ts';
import { pricesFor } from '../policy/book-prices.ts';
import { forecastTier } from '../policy/forecast.ts';
import { nextWindow, prewarmRecord } from '../policy/forecast-window.ts';
import type { Learned } from '../policy/learned.ts';
import type { Outlook } from '../policy/outlook.ts';
import { metricsOf } from '../policy/pattern-metrics.ts';
import { chanceWithin } from '../policy/returns.ts';
import type { TenantLife } from './tenant-life.ts';
import type { LifeWorld } from './world.ts';

const MONTH = hours(24 * 30);

/** How far ahead is looked for people. */
const LOOK_AHEAD = hours(24);

/** Days that the window of use looks back on. */
const DAYS = 14;

const YOUNG = hours(24 * 7);

/** Decisions that are looked through for what was unusual of late. */
const LATE_DECISIONS = 100;
const LATE = MONTH;

type Shown = Pick<TenantLife, 'tenant' | 'policy' | 'awake' | 'live'>;

/** Throws `CATALOG_DOWN`. */
export async function policyViewOf(world: LifeWorld, life: Shown): Promise<PolicyView> {
  const { tenant, policy } = life;
  await policy.learning.loaded;
  const now = world.clock.wall();
  const totals = await world.catalog.levels(tenant.id);
  const { learned } = policy.learning;
  const { pattern } = learned;
  const metrics = metricsOf(pattern, now, hitRatio(totals));
  const decision = policy.decision('timer');
  const seen = seenOf({ tenant, totals, learned, world }, now);
  const prices = pricesFor(world.rulesOf(tenant), world.price.book, { metrics, seen });
  const advice = isYoung(tenant, now)
    ? []
    : adviceFor({
        ...{ metrics, tier: tenant.tier, plan: tenant.plan, prices, seen },
        ceiling: world.rulesOf(tenant).plans[tenant.plan].ceiling,
        lacksConsent: lacksConsent(world, tenant),
      });
  return {
    tier: { because: decision.because, next: forecastTier(pattern, now) },
    residency: residencyOf(world, life, now),
    nextDecisionAt: life.awake ? decision.askAt : (policy.learning.askAt ?? decision.askAt),
    nextWindow: nextWindow(pattern, now),
    metrics,
    prewarms: prewarmRecord(pattern),
    anomalies: await anomaliesOf(world, tenant, now),
    advice: advice.map((one) => told(one, one.says)),
    adviceToCustomer: advice.filter(({ isInPlan }) => isInPlan).map((one) => told(one, one.tells)),
  };
}

const told = ({ kind, change }: FoundAdvice, text: string): Advice => ({ kind, text, change });

/** Its customer would have to agree before it leaves PERSISTENT, and has not. */
function lacksConsent(world: LifeWorld, tenant: Tenant): boolean {
  const { persistentNeedsConsent } = world.rulesOf(tenant).plans[tenant.plan];
  return persistentNeedsConsent && tenant.consent === null;
}

function residencyOf(world: LifeWorld, life: Shown, now: Timestamp): PolicyView['residency'] {
  const { tenant, policy, awake: isAwake } = life;
  const terms = world.price.termsOf(tenant);
  const outlook = terms && policy.outlook(terms, now, LOOK_AHEAD);
  const { usedAt, habit } = policy.learning.learned;
  const idle = { since: usedAt ?? now, now };
  const chanceInHour = chanceWithin(habit, world.learner.population, idle, hours(1));
  const level = levelNow(tenant, isAwake);
  const why = outlook?.because ?? 'the rules have fixed idle times';
  if (isAwake)
    return { level, until: life.live().suspendAt, awakeAt: null, because: why, chanceInHour };
  const awakeAt = outlook?.awakeAt ?? null;
  return { level, until: awakeAt, awakeAt, because: whyAsleep(outlook, why), chanceInHour };
}

const whyAsleep = (outlook: Outlook | null, why: string): string =>
  outlook?.level === 'L1' ? `a person put it to sleep, or nobody has come yet; ${why}` : why;

const levelNow = ({ home }: Tenant, isAwake: boolean): Level => {
  if (isAwake) return 'L1';
  return home.kind === 'local' ? 'L3' : 'L4';
};

/** Nothing is advised about a tenant that has hardly begun. */
const isYoung = ({ createdAt }: Tenant, now: Timestamp): boolean => now - createdAt < YOUNG;

type SeenParts = {
  readonly world: LifeWorld;
  readonly tenant: Tenant;
  readonly totals: LevelTotals;
  readonly learned: Learned;
};

/** What was seen since the tenant is there, as if over 30 days. */
function seenOf({ world, tenant, totals, learned }: SeenParts, now: Timestamp): Seen {
  const age = Math.max(hours(24), now - tenant.createdAt);
  const part = MONTH / Math.max(age, minutes(1));
  const { wakeSeconds } = world.price;
  const { wakesL2, wakesL3, wakesL4 } = totals;
  const waited = wakesL2 * wakeSeconds.L2 + wakesL3 * wakeSeconds.L3 + wakesL4 * wakeSeconds.L4;
  const prewarms = prewarmRecord(learned.pattern);
  const coldStarts = Math.max(0, wakesL2 + wakesL3 + wakesL4 - prewarms.hits - prewarms.misses);
  const wakes = Math.max(1, wakesL2 + wakesL3 + wakesL4);
  const days = learned.window.days(now, DAYS);
  const pauses = days.filter((queries, back) => queries > 0 && days[back + 1] === 0).length;
  return {
    coldStarts: Math.round(coldStarts * part),
    waited: (waited * coldStarts * part) / wakes,
    returns: Math.round((coldStarts + prewarms.hits) * part),
    returnsAfterDay: Math.round((pauses * MONTH) / hours(24 * DAYS)),
    wake: waited / wakes,
  };
}

async function anomaliesOf(
  world: LifeWorld,
  { id }: Tenant,
  now: Timestamp,
): Promise<readonly Finding[]> {
  await world.learner.written();
  const decisions = await world.policyStore.decisions(id, { before: null, limit: LATE_DECISIONS });
  return decisions
    .filter(({ kind, at }) => kind === 'anomaly' && now - at < LATE)
    .map(({ at, because, inputs }) => ({
      at,
      severity: severityOf(inputs.severity),
      text: because,
    }));
}

const severityOf = (given: unknown): Finding['severity'] =>
  given === 'critical' || given === 'warning' ? given : 'info';
