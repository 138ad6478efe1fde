/** What was used in a week, hour by hour, by whatever one wants to know. */
import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import type { Usage } from '../../sdk/index.ts';
import { Select } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { MEASURES, type Measure, WeekMap } from './week-map.tsx';

const CHOICES = (Object.keys(MEASURES) as Measure[]).map((value) => ({
  ...{ value, text: MEASURES[value].name },
}));

export function WeekPanel({
  title,
  query,
  room,
}: {
  readonly title: string;
  readonly query: UseQueryResult<Usage>;
  readonly room?: string;
}) {
  const [measure, setMeasure] = useState<Measure>('queries');
  return (
    <Panel
      title={`${title}, the last 7 days`}
      {...(room === undefined ? {} : { room })}
      aside={
        <Select
          label="Show"
          isLabelHidden
          value={measure}
          choices={CHOICES}
          onChange={setMeasure}
        />
      }
    >
      <Loaded query={query} lines={6}>
        {({ steps }) => <WeekMap steps={steps} measure={measure} />}
      </Loaded>
    </Panel>
  );
}
