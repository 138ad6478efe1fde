/** What can be seen of the server from outside: metrics, figures against their targets, and the public page of its health. */
import type { Clock } from '../../domain/clock.ts';
import { DAY } from '../../domain/day.ts';
import { fault, isFault } from '../../domain/faults.ts';
import { isTenantId } from '../../domain/ids.ts';
import type { Tracer } from '../../domain/tracing.ts';
import { seconds, type Timestamp, timestamp } from '../../domain/units.ts';
import type { TierFlow, UptimeStore } from '../../domain/uptime.ts';
import type { Control } from '../control.ts';
import { type DaySpan, daySpan } from '../day-span.ts';
import { kept } from '../kept.ts';
import { conditionOf, DAYS_SHOWN, type HealthPage, healthPage } from './health-page.ts';
import type { Answered, EventWatch } from './metrics-events.ts';
import type { Family, MetricSource } from './metrics-family.ts';
import { kpiFamilies } from './metrics-kpis.ts';
import type { RecentHour } from './metrics-recent.ts';
import { policyFamilies, stateFamilies } from './metrics-state.ts';
import type { FleetWatch } from './metrics-watch.ts';
import { NO_DAY } from './slo-day.ts';
import type { ServiceKeeper, Window } from './slo-keeper.ts';
import { type KpiReport, kpiReport, type MoneyFigures } from './slo-kpis.ts';

/** Figures of a month are not others a minute later. */
const KPIS_KEPT = seconds(60);
/** The public page costs two statements this often, however many look at it. */
const PAGE_KEPT = seconds(10);
const KPI_DAYS = 30;

const FLOW_DAYS = 7;
/** Decisions are not kept for longer. */
const FLOW_DAYS_MAX = 90;

/** How often tenants went from tier to tier, by day. */
export type TierFlows = DaySpan & { readonly flows: readonly TierFlow[] };

/** Whom the public page tells anything: nobody, whoever comes of the service, or also of a tenant by its link. */
export type StatusPages = 'off' | 'service' | 'tenants';

export type HealthParts = {
  readonly clock: Clock;
  readonly control: Pick<Control, 'metrics' | 'findTenant'>;
  readonly store: UptimeStore;
  readonly keeper: Pick<ServiceKeeper, 'window'>;
  readonly events: EventWatch;
  readonly watch: Pick<FleetWatch, 'recent'>;
  /** What else is told to a monitoring system. */
  readonly sources: readonly MetricSource[];
  readonly money: () => Promise<MoneyFigures | null>;
  readonly pages: StatusPages;
  /** Proves that a link was made here: unguessable, and the same at every start. */
  readonly sign: (text: string) => string;
  /** Null where nobody collects traces. */
  readonly tracer: Tracer | null;
};

export class HealthDesk {
  readonly #parts: HealthParts;
  readonly #kpis: () => Promise<KpiReport>;
  readonly #window: () => Promise<{ readonly window: Window; readonly isKnown: boolean }>;
  #lastWindow: Window | null = null;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#kpis = kept(parts.clock, KPIS_KEPT, () => this.#reckon());
    this.#window = kept(parts.clock, PAGE_KEPT, () => this.#look());
  }

  /** Null where nobody collects traces. */
  get tracer(): Tracer | null {
    return this.#parts.tracer;
  }

  get now(): Timestamp {
    return this.#parts.clock.wall();
  }

  answered(how: Answered): void {
    this.#parts.events.answered(how);
  }

  /** All that is told to a monitoring system. Costs what is awake, not what exists. Throws `CATALOG_DOWN`. */
  async families(): Promise<readonly Family[]> {
    const { control, sources } = this.#parts;
    const [metrics, kpis, ...others] = await Promise.all([
      control.metrics(),
      this.#kpis(),
      ...sources.map((source) => source()),
    ]);
    return [
      ...[...stateFamilies(metrics), ...policyFamilies(metrics)],
      ...[...kpiFamilies(kpis), ...others.flat()],
    ];
  }

  /** Throws `CATALOG_DOWN`. */
  kpis(): Promise<KpiReport> {
    return this.#kpis();
  }

  /** Wakes of the last hour, from memory. */
  recent(): RecentHour {
    return this.#parts.watch.recent();
  }

  /** Whole days; the last seven if nothing is said. Throws `BAD_REQUEST`, `CATALOG_DOWN`. */
  async tierFlows(first: Timestamp | undefined, last: Timestamp | undefined): Promise<TierFlows> {
    const { clock, store } = this.#parts;
    const span = daySpan(
      { from: first, to: last },
      {
        ...{ now: clock.wall(), begin: (end) => timestamp(end - FLOW_DAYS * DAY) },
        ...{ daysMax: FLOW_DAYS_MAX, what: 'changes of tier' },
      },
    );
    return { ...span, flows: await store.tierFlows(span.from, span.to) };
  }

  /** Of the service. Throws `NOT_FOUND` where there is no such page. */
  async page(): Promise<HealthPage> {
    if (this.#parts.pages === 'off') throw fault('NOT_FOUND', { what: 'status page' });
    const { window, isKnown } = await this.#window();
    return healthPage(window, 'service', isKnown ? 'up' : 'down');
  }

  /** Of the tenant that the link was made for. Throws `NOT_FOUND` for any other. */
  async pageOf(link: string): Promise<HealthPage> {
    const [id = '', proof = ''] = link.split('.');
    const { pages, sign, control } = this.#parts;
    const noPage = fault('NOT_FOUND', { what: 'status page' });
    if (pages !== 'tenants' || !isTenantId(id) || !isSame(proof, sign(id))) throw noPage;
    const { window } = await this.#window();
    const tenant = await control.findTenant(id).catch((error: unknown) => {
      if (isFault(error, 'CATALOG_DOWN')) return null;
      throw noPage;
    });
    if (tenant === null) return healthPage(window, 'tenant', 'unknown');
    // Of the time before it was there its page tells nothing.
    const from = timestamp(Math.max(window.from, tenant.createdAt));
    const gaps = window.gaps.filter(({ to }) => to > from);
    return healthPage({ ...window, from, gaps }, 'tenant', conditionOf(tenant));
  }

  /** What was known last stands in for what the catalog does not say. */
  async #look(): Promise<{ readonly window: Window; readonly isKnown: boolean }> {
    const { keeper } = this.#parts;
    try {
      const window = await keeper.window(DAYS_SHOWN);
      this.#lastWindow = window;
      return { window, isKnown: true };
    } catch (error) {
      if (!isFault(error, 'CATALOG_DOWN')) throw error;
      return {
        window: { ...(this.#lastWindow ?? nothingYet(this.now)), to: this.now },
        isKnown: false,
      };
    }
  }

  /** The path of a tenant's page; null where tenants have none. */
  linkOf(id: string): string | null {
    const { pages, sign } = this.#parts;
    return pages === 'tenants' ? `/status/${id}.${sign(id)}` : null;
  }

  async #reckon(): Promise<KpiReport> {
    const { control, keeper, store, money } = this.#parts;
    const window = await keeper.window(KPI_DAYS);
    const [{ tenants }, risen, customers, figures] = await Promise.all([
      control.metrics(),
      store.risen(window.from),
      store.customers(),
      money(),
    ]);
    const all = Object.values(tenants).reduce((sum, count) => sum + count, 0);
    return kpiReport({ window, tenants: all, customers, risen, money: figures });
  }
}

const nothingYet = (now: Timestamp): Window => ({ from: now, to: now, sum: NO_DAY, gaps: [] });

/** Takes as long whatever differs. */
function isSame(one: string, other: string): boolean {
  let differs = one.length ^ other.length;
  for (let place = 0; place < other.length; place++) {
    differs |= (one.charCodeAt(place) || 0) ^ other.charCodeAt(place);
  }
  return differs === 0;
}
