/** Queries by day of the week and hour of the day, in the viewer's zone. */
import { useMemo } from 'react';
import type { Usage } from '../../sdk/index.ts';
import { count } from '../format/units.ts';
import { HeatMap } from '../ui/heat-map.tsx';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour));

export function WeekMap({ steps }: Pick<Usage, 'steps'>) {
  const rows = useMemo(() => {
    const sums = DAYS.map(() => HOURS.map(() => 0));
    for (const { at: minute, queries } of steps) {
      const at = new Date(minute);
      const day = sums[at.getDay()];
      if (day !== undefined) day[at.getHours()] = (day[at.getHours()] ?? 0) + queries;
    }
    // Weeks begin on Monday here.
    return [1, 2, 3, 4, 5, 6, 0].map((day) => ({ name: DAYS[day] ?? '', values: sums[day] ?? [] }));
  }, [steps]);
  return (
    <HeatMap
      label="Queries by day and hour"
      columns={HOURS}
      rows={rows}
      format={(value) => `${count(value)} queries`}
    />
  );
}
