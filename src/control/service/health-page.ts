/**
 * What the public may know of how the service is: whether it serves, and when it did not. No names, no numbers of tenants.
 *
 * A tenant that sleeps is well: it wakes for whoever comes. It is down only while it cannot be started.
 */
import { DAY, dayOf } from '../../domain/day.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { type Timestamp, timestamp } from '../../domain/units.ts';
import type { Gap } from '../../domain/uptime.ts';
import type { Window } from './slo-keeper.ts';
import { servedShare } from './slo-kpis.ts';

/** Days that are shown. */
export const DAYS_SHOWN = 90;

export type DayBar = {
  readonly day: Timestamp;
  /** From 0 to 1; null before the service was there. */
  readonly up: number | null;
};

/** `unknown` for a tenant while the catalog does not answer: it may run. */
export type Condition = 'up' | 'asleep' | 'waking' | 'down' | 'unknown';

export type HealthPage = {
  readonly at: Timestamp;
  readonly condition: Condition;
  /** Of one tenant, if the page is of one. */
  readonly of: 'service' | 'tenant';
  /** Oldest first, one for each of the last 90 days. */
  readonly days: readonly DayBar[];
  /** Over all days in which the service was there. */
  readonly up: number;
  /** The latest first. */
  readonly incidents: readonly Gap[];
};

/** Shorter ones are in the bars, and not told one by one. */
const INCIDENT_MIN_MS = 60_000;
const INCIDENTS_MAX = 50;

export function healthPage(window: Window, of: HealthPage['of'], condition: Condition): HealthPage {
  const { from, to, gaps } = window;
  const first = dayOf(to) - (DAYS_SHOWN - 1) * DAY;
  const days = Array.from({ length: DAYS_SHOWN }, (_, number): DayBar => {
    const day = timestamp(first + number * DAY);
    const begin = timestamp(Math.max(day, from));
    const end = timestamp(Math.min(day + DAY, to));
    return { day, up: begin >= end ? null : servedShare({ from: begin, to: end, gaps }) };
  });
  const incidents = gaps
    .filter((gap) => gap.to - gap.from >= INCIDENT_MIN_MS)
    .toReversed()
    .slice(0, INCIDENTS_MAX);
  return { at: to, condition, of, days, up: servedShare(window), incidents };
}

export function conditionOf(tenant: Tenant): Condition {
  switch (tenant.state.kind) {
    case 'running':
    case 'suspending':
      return 'up';
    case 'waking':
    case 'creating':
      return 'waking';
    case 'suspended':
    case 'archiving':
      return 'asleep';
    case 'failed':
    case 'deleting':
      return 'down';
    default:
      return tenant.state satisfies never;
  }
}
