/** Something by day of the week and hour of the day, in the viewer's zone. */
import { useMemo } from 'react';
import type { Usage } from '../../sdk/index.ts';
import { bytes, count, duration } from '../format/units.ts';
import { HeatMap } from '../ui/heat-map.tsx';

type Step = Usage['steps'][number];

const HOUR_S = 3_600;

/** What a map may show: its name, how much of it a step has, and how that is said. */
export const MEASURES = {
  queries: {
    name: 'Queries',
    of: ({ queries }: Step) => queries,
    says: (value: number) => `${count(value)} queries`,
  },
  awake: {
    name: 'Time awake',
    of: ({ use }: Step) => Number(use.awake) * 1_000,
    says: (value: number) => `${duration(value)} awake`,
  },
  cpu: {
    name: 'Processor time',
    of: ({ use }: Step) => Number(use.cpu) / 1_000,
    says: (value: number) => `${duration(value)} of a processor`,
  },
  memory: {
    name: 'Memory',
    of: ({ use }: Step) => Number(use.memory) / HOUR_S,
    says: (value: number) => `${bytes(value)} on average`,
  },
} as const;

export type Measure = keyof typeof MEASURES;

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour));

export function WeekMap({
  steps,
  measure = 'queries',
}: Pick<Usage, 'steps'> & { readonly measure?: Measure }) {
  const { name, of, says } = MEASURES[measure];
  const rows = useMemo(() => {
    const sums = DAYS.map(() => HOURS.map(() => 0));
    for (const step of steps) {
      const at = new Date(step.at);
      const day = sums[at.getDay()];
      if (day !== undefined) day[at.getHours()] = (day[at.getHours()] ?? 0) + of(step);
    }
    // Weeks begin on Monday here.
    return [1, 2, 3, 4, 5, 6, 0].map((day) => ({ name: DAYS[day] ?? '', values: sums[day] ?? [] }));
  }, [steps, of]);
  return <HeatMap label={`${name} by day and hour`} columns={HOURS} rows={rows} format={says} />;
}
