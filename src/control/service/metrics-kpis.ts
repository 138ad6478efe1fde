/** The figures of the product and their targets, for a monitoring system. What is not known has no sample. */
import type { Family } from './metrics-family.ts';
import type { Kpi, KpiReport } from './slo-kpis.ts';

export function kpiFamilies({ kpis }: KpiReport): readonly Family[] {
  const samples = (value: (kpi: Kpi) => number | null) =>
    kpis.flatMap((kpi) => {
      const known = value(kpi);
      const labels = { kpi: kpi.name, unit: kpi.unit };
      return known === null ? [] : [{ labels, value: known }];
    });
  const gauge = 'gauge';
  return [
    {
      ...{ kind: gauge, name: 'dynabase_kpi', help: 'Figures of the last 30 days; see docs.' },
      samples: samples(({ value }) => value),
    },
    {
      ...{ kind: gauge, name: 'dynabase_kpi_target', help: 'What each figure is to be.' },
      samples: samples(({ target }) => target.value),
    },
    {
      ...{ kind: gauge, name: 'dynabase_kpi_met', help: '1 if the figure is as it is to be.' },
      samples: samples(({ isMet }) => (isMet === null ? null : Number(isMet))),
    },
  ];
}
