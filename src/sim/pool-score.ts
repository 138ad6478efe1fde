/**
 * How well a shared pool is sized. The demand of a step takes from what the pool has ready at the begin of that
 * step; what was taken is made anew by the begin of the next, when the pool has the size that was decided at
 * the end of this one. So a decision knows nothing of the step it is for. Hits are demand that found something
 * ready; idle is what was ready and not wanted, times steps. The rival is the smallest pool of constant size
 * that has at least as many hits on the same steps, chosen with hindsight.
 */
import { PoolForecast } from '../policy/pool.ts';

export type PoolScore = {
  readonly demand: number;
  readonly hits: number;
  readonly idle: number;
  readonly staticSize: number;
  readonly staticIdle: number;
};

/** Who says how many to have ready. */
export interface PoolSizer {
  size(): number;
  observe(demand: number): void;
}

/** Scores the steps from `warmup` on. */
export function poolScore(
  demand: readonly number[],
  warmup: number,
  forecast: PoolSizer = new PoolForecast(),
): PoolScore {
  let hits = 0;
  let idle = 0;
  for (const [step, wanted] of demand.entries()) {
    const ready = forecast.size();
    forecast.observe(wanted);
    if (step < warmup) continue;
    hits += Math.min(wanted, ready);
    idle += Math.max(0, ready - wanted);
  }
  const scored = demand.slice(warmup);
  const staticSize = smallestFor(scored, hits);
  return {
    demand: scored.reduce((sum, wanted) => sum + wanted, 0),
    hits,
    idle,
    staticSize,
    staticIdle: scored.reduce((sum, wanted) => sum + Math.max(0, staticSize - wanted), 0),
  };
}

function smallestFor(demand: readonly number[], hits: number): number {
  let low = 0;
  let high = demand.reduce((most, wanted) => Math.max(most, wanted), 0);
  while (low < high) {
    const size = Math.floor((low + high) / 2);
    let met = 0;
    for (const wanted of demand) met += Math.min(wanted, size);
    if (met >= hits) high = size;
    else low = size + 1;
  }
  return low;
}

/** The hourly demand of each series of a table `USAGE_HOUR,REGION_NUM,INSTANCE_TYPE,NORM_USAGE`; hours that are not there have none. */
export function parseDemand(table: string): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, Map<number, number>>();
  for (const line of table.split('\n').slice(1)) {
    const [time, region, type, usage] = line.split(',');
    if (time === undefined || usage === undefined) continue;
    const hour = Math.round(Date.parse(`${time.replace(' ', 'T')}Z`) / 3_600_000);
    const name = `${region} ${type}`;
    const series = found.get(name) ?? new Map<number, number>();
    found.set(name, series.set(hour, Number(usage)));
  }
  const whole = (series: ReadonlyMap<number, number>): readonly number[] => {
    const hours = [...series.keys()];
    const first = hours.reduce((least, hour) => Math.min(least, hour), Number.POSITIVE_INFINITY);
    const last = hours.reduce((most, hour) => Math.max(most, hour), 0);
    return Array.from({ length: last - first + 1 }, (_, i) => series.get(first + i) ?? 0);
  };
  return new Map([...found].map(([name, series]) => [name, whole(series)]));
}
