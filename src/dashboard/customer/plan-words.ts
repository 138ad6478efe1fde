/** What a plan means, in the words of those who use it: nothing of tiers, levels and sleep. */
import type { PlanList, Tenant } from '../../sdk/index.ts';
import { duration } from '../format/units.ts';

export type Plan = Tenant['plan'];

/** The four sentences of the product, as they are sold. */
export const PLAN_WORDS: Readonly<Record<Plan, string>> = {
  free: 'Serverless - scales to zero when idle',
  starter: 'Fast serverless - stays warm for quick access',
  professional: 'Hot tier - production-ready performance',
  enterprise: 'Dedicated resources - zero cold starts',
};

export const PLAN_NAMES: Readonly<Record<Plan, string>> = {
  free: 'Free',
  starter: 'Starter',
  professional: 'Professional',
  enterprise: 'Enterprise',
};

const STATE_WORDS: Readonly<Record<Tenant['state'], string>> = {
  creating: 'Being created',
  suspended: 'Idle, and ready when you connect',
  waking: 'Starting',
  running: 'Running',
  suspending: 'Running',
  failed: 'Cannot start: we are at it',
  archiving: 'Idle, and ready when you connect',
  deleting: 'Being deleted',
};

export const stateWords = ({ state }: Pick<Tenant, 'state'>): string => STATE_WORDS[state];

type Promise = PlanList['plans'][number]['sla'];

const COLD_STARTS: Readonly<Record<Promise['coldStarts'], string>> = {
  allowed: 'the first query after a pause waits',
  rare: 'the first query after a long pause may wait',
  'outside-business-hours': 'no query waits in business hours',
  never: 'no query ever waits',
};

/** What is promised, one line each. */
export function promises({
  coldStarts,
  coldStartUnderMs,
  queryP95UnderMs,
  uptimePercent,
}: Promise): readonly string[] {
  const waits = coldStartUnderMs === null ? '' : ` (under ${duration(coldStartUnderMs)})`;
  return [
    `${capital(COLD_STARTS[coldStarts])}${coldStarts === 'never' ? '' : waits}`,
    `19 of 20 queries within ${duration(queryP95UnderMs)}`,
    uptimePercent === null ? 'Uptime: best effort' : `Uptime: ${uptimePercent} %`,
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
