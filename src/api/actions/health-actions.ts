import type { Kpi as PrintedKpi } from '../../contract/service/health.ts';
import type { Control } from '../../control/control.ts';
import type { HealthDesk } from '../../control/service/health-desk.ts';
import type { Kpi } from '../../control/service/slo-kpis.ts';
import { dayText } from '../../domain/day.ts';
import { moment, momentIfAny } from '../moment.ts';
import type { Actions } from './actions.ts';

export const healthActions = (
  control: Control,
  health: HealthDesk,
): Pick<Actions, 'getKpis' | 'getStatusLink' | 'getFleet' | 'getTierFlows'> => ({
  getKpis: async () => {
    const { from, to, kpis } = await health.kpis();
    return { from: moment(from), to: moment(to), kpis: kpis.map(printKpi) };
  },
  getFleet: async () => {
    const { minutes, wakes } = health.recent();
    return {
      ...{ at: moment(health.now), wakesPerMinute: minutes.at(-2) ?? 0, minutes: [...minutes] },
      wakes: wakes.map((one) => ({ ...one })),
    };
  },
  getTierFlows: async ({ query }) => {
    const { from, to, flows } = await health.tierFlows(
      momentIfAny(query.from),
      momentIfAny(query.to),
    );
    return {
      ...{ from: dayText(from), to: dayText(to) },
      flows: flows.map(({ day, ...flow }) => ({ day: dayText(day), ...flow })),
    };
  },
  getStatusLink: async ({ params }) => {
    const { id } = await control.findTenant(params.ref);
    return { path: health.linkOf(id) };
  },
});

const printKpi = ({ target, ...kpi }: Kpi): PrintedKpi => ({ ...kpi, target: { ...target } });
