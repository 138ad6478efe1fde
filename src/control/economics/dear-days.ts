/**
 * Which tenants' day so far is to be judged, against what their days have cost of late.
 *
 * Only those are looked at whose day has cost something worth a word, the dearest of them, and what their days cost is asked once a
 * day: however large the fleet is, so much is kept and no more, and nothing of who sleeps.
 */
import type { TenantId } from '../../domain/ids.ts';
import type { Timestamp } from '../../domain/units.ts';
import { DEAR_DAY, type UsualDay, usualDay } from '../../economics/alerts.ts';
import type { CostDesk, TenantToday } from './cost-desk.ts';

/** Judged at one look: a fleet in which more than these are dear is told of as a whole. */
const JUDGED_AT_ONCE = 500;

export type DearDay = TenantToday & UsualDay;

export class DearDays {
  readonly #costs: Pick<CostDesk, 'today' | 'daysOf'>;
  /** Of those that were dear today; null for those that are too young. */
  #usual = new Map<TenantId, UsualDay | null>();
  #day: Timestamp | null = null;

  constructor(costs: Pick<CostDesk, 'today' | 'daysOf'>) {
    this.#costs = costs;
  }

  /** Throws `CATALOG_DOWN`. */
  async find(): Promise<readonly DearDay[]> {
    const today = (await this.#costs.today()).filter(({ cost }) => cost >= DEAR_DAY);
    const dearest = today.toSorted((one, other) => (one.cost > other.cost ? -1 : 1));
    const found: DearDay[] = [];
    for (const one of dearest.slice(0, JUDGED_AT_ONCE)) {
      const usual = await this.#usualOf(one);
      if (usual !== null) found.push({ ...one, ...usual });
    }
    return found;
  }

  async #usualOf({ tenant, day }: TenantToday): Promise<UsualDay | null> {
    if (this.#day !== day) this.#usual = new Map();
    this.#day = day;
    const known = this.#usual.get(tenant);
    if (known !== undefined) return known;
    const usual = usualDay(await this.#costs.daysOf(tenant, day));
    this.#usual.set(tenant, usual);
    return usual;
  }
}
