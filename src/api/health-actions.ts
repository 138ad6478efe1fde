import type { Kpi as PrintedKpi } from '../contract/health.ts';
import type { Control } from '../control/control.ts';
import type { HealthDesk } from '../control/health-desk.ts';
import type { Kpi } from '../control/slo-kpis.ts';
import type { Actions } from './actions.ts';

export const healthActions = (
  control: Control,
  health: HealthDesk,
): Pick<Actions, 'getKpis' | 'getStatusLink'> => ({
  getKpis: async () => {
    const { from, to, kpis } = await health.kpis();
    return { from: iso(from), to: iso(to), kpis: kpis.map(printKpi) };
  },
  getStatusLink: async ({ params }) => {
    const { id } = await control.findTenant(params.ref);
    return { path: health.linkOf(id) };
  },
});

const iso = (at: number): string => new Date(at).toISOString();

const printKpi = ({ target, ...kpi }: Kpi): PrintedKpi => ({ ...kpi, target: { ...target } });
