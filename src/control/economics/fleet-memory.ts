/** What a large fleet has earned and cost in the spans that were asked for last, so that it is not summed for each question. */
import type { TariffBook } from '../../economics/tariffs.ts';
import type { DaySpan } from '../day-span.ts';
import { Latest, type StaleWorld } from '../kept.ts';

export class FleetMemory<T> {
  readonly #world: StaleWorld;
  /** Of the running month, which budgets and figures go by, and of whatever else was asked for last: each has a line a tenant. */
  readonly #spans = new Map<
    'month' | 'other',
    { readonly span: DaySpan; readonly latest: Latest<T> }
  >();
  #tariffs: TariffBook | null = null;

  constructor(world: StaleWorld) {
    this.#world = world;
  }

  /** Where tariffs are new nothing that is known is told. */
  of(span: DaySpan, { tariffs, isMonth }: FleetWish): Latest<T> {
    if (this.#tariffs !== tariffs) this.#spans.clear();
    this.#tariffs = tariffs;
    const place = isMonth ? 'month' : 'other';
    const known = this.#spans.get(place);
    if (known?.span.from === span.from && known.span.to === span.to) return known.latest;
    const latest = new Latest<T>(this.#world);
    this.#spans.set(place, { span, latest });
    return latest;
  }
}

type FleetWish = { readonly tariffs: TariffBook; readonly isMonth: boolean };
