/** From which level tenants were served, and whom they were woken for: parts of what was used. */
import type { ServedFrom, ServedStep, Waker } from '../../domain/metering.ts';
import type { Timestamp } from '../../domain/units.ts';

/** Pages that were read, by the level that had them. */
type Pages = { readonly L1: number; readonly L2: number; readonly L3: number };

type Wakes = { readonly from: ServedFrom; readonly by: Waker; readonly times: number };

export type Served = {
  readonly pages: Pages;
  /** Each kind once, in no order. */
  readonly wakes: readonly Wakes[];
};

export const NOTHING_SERVED: Served = { pages: { L1: 0, L2: 0, L3: 0 }, wakes: [] };

/** The part that memory served, 0 to 1; null if nothing was read. Source: VISION.md, KPI. */
export function memoryPart({ L1, L2, L3 }: Pages): number | null {
  const all = L1 + L2 + L3;
  return all === 0 ? null : (L1 + L2) / all;
}

export function servedBy(steps: readonly ServedStep[]): ReadonlyMap<Timestamp, Served> {
  const by = Map.groupBy(steps, ({ at }) => at);
  return new Map([...by].map(([at, all]) => [at, all.map(servedOf).reduce(addedServed)]));
}

export function addedServed(one: Served, other: Served): Served {
  const wakes = Map.groupBy([...one.wakes, ...other.wakes], ({ from, by }) => `${from} ${by}`);
  return {
    pages: {
      L1: one.pages.L1 + other.pages.L1,
      L2: one.pages.L2 + other.pages.L2,
      L3: one.pages.L3 + other.pages.L3,
    },
    wakes: [...wakes.values()].flatMap(oneOfAll),
  };
}

function oneOfAll(all: readonly Wakes[]): readonly Wakes[] {
  const times = all.reduce((sum, wakes) => sum + wakes.times, 0);
  return all.slice(0, 1).map((first) => ({ ...first, times }));
}

function servedOf({ from, what, times }: ServedStep): Served {
  if (what !== 'page') return { ...NOTHING_SERVED, wakes: [{ from, by: what, times }] };
  return { ...NOTHING_SERVED, pages: { ...NOTHING_SERVED.pages, [from]: times } };
}
