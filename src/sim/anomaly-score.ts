/** How often tenants of a trace would be reported. A trace of real tenants is quiet for the most part: most reports are false alarms. */
import { type Anomaly, anomaliesOfDay, anomaliesOfMinute } from '../policy/anomalies.ts';
import { HOUR_MS } from '../policy/pattern.ts';
import { replayPatterns } from './pattern-replay.ts';
import type { Trace } from './trace.ts';

const MONTH_MS = 30 * 24 * HOUR_MS;

export type AlarmScore = {
  readonly tenantMonths: number;
  readonly perTenantMonth: number;
  readonly byKind: Readonly<Record<string, number>>;
};

export function alarmScore(trace: Trace): AlarmScore {
  const byKind: Record<string, number> = {};
  let hours = 0;
  const count = (anomalies: readonly Anomaly[]): void => {
    for (const { kind } of anomalies) byKind[kind] = (byKind[kind] ?? 0) + 1;
  };
  replayPatterns(trace, {
    hour: () => hours++,
    minute: (pattern, use) => count(anomaliesOfMinute(pattern, use)),
    day: (pattern, at) => count(anomaliesOfDay(pattern, at)),
  });
  const tenantMonths = (hours * HOUR_MS) / MONTH_MS;
  const alarms = Object.values(byKind).reduce((sum, one) => sum + one, 0);
  return { tenantMonths, perTenantMonth: alarms / tenantMonths, byKind };
}
