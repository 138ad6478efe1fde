/** What is awake, and the rules by which tenants are kept. */
import type { Catalog } from '../domain/catalog.ts';
import { fault } from '../domain/faults.ts';
import type { CustomerId, TenantName } from '../domain/ids.ts';
import type { LadderStep } from '../domain/levels.ts';
import type { Lifecycle, TenantLive } from '../domain/lifecycle.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Limits, SizeClass } from '../domain/tier.ts';
import { limitsWithin } from '../policy/plan-terms.ts';
import type { Rules } from '../policy/rules.ts';
import type { TenantRef } from './control.ts';
import { findTenant } from './find-tenant.ts';

/** A compute, or the place for one. */
export type ComputeView = {
  readonly tenant: Tenant;
  readonly live: TenantLive;
  readonly size: SizeClass;
  readonly limits: Limits;
};

export type ComputeDetails = ComputeView & {
  /** What its last wakes were made of, the latest first. */
  readonly wakes: readonly LadderStep[];
};

/** By which tenants are kept. */
export type RulesKept = Pick<Rules, 'plans' | 'tiers' | 'archiveAfter' | 'residency'>;

export type ComputeSort = 'memory' | 'since';

export type ComputeQuery = {
  readonly sort: ComputeSort;
  /** What `next` said before; null for the beginning. */
  readonly after: string | null;
  readonly limit: number;
  /** Null for all. */
  readonly customer: CustomerId | null;
};

export type ComputeListing = {
  readonly computes: readonly ComputeView[];
  readonly next: string | null;
};

export type ComputeWorld = {
  readonly catalog: Pick<Catalog, 'tenantById' | 'tenantByName' | 'listTenants' | 'steps'>;
  readonly lifecycle: Pick<Lifecycle, 'live'>;
  readonly rules: () => Rules;
};

/** Steps that a wake is made of. */
const OF_WAKE: ReadonlySet<LadderStep['kind']> = new Set(['hydrate', 'wake', 'prewarm']);

const WAKES_MAX = 20;

/** Steps looked through for them. */
const STEPS_MAX = 200;

/** Rows read at once; what is awake fits this machine's memory, and so their rows do. */
const PAGE = 1_000;

export class ComputeDesk {
  readonly #world: ComputeWorld;

  constructor(world: ComputeWorld) {
    this.#world = world;
  }

  rules(): RulesKept {
    return this.#world.rules();
  }

  /** Throws `TENANT_UNKNOWN`. Wakes nobody. */
  async show(ref: TenantRef): Promise<ComputeDetails> {
    const tenant = await findTenant(this.#world.catalog, ref);
    const steps = await this.#world.catalog.steps(tenant.id, STEPS_MAX);
    const wakes = steps.filter(({ kind }) => OF_WAKE.has(kind)).slice(0, WAKES_MAX);
    return { ...this.#view(tenant), wakes };
  }

  /** Those that are awake now. Throws `BAD_REQUEST` for an `after` that is none. */
  async list({ sort, after, limit, customer }: ComputeQuery): Promise<ComputeListing> {
    const awake = (await this.#awake(customer)).map((tenant) => this.#view(tenant));
    const placed = awake
      .map((view) => ({ view, place: placeOf(view, sort) }))
      .sort((a, b) => comparePlaces(a.place, b.place));
    const from = after === null ? null : readPlace(after);
    const rest =
      from === null ? placed : placed.filter(({ place }) => comparePlaces(place, from) > 0);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const next = rest.length > limit && last !== undefined ? printPlace(last.place) : null;
    return { computes: page.map(({ view }) => view), next };
  }

  async #awake(customer: CustomerId | null): Promise<readonly Tenant[]> {
    const found: Tenant[] = [];
    let after: TenantName | null = null;
    do {
      const query = { after, limit: PAGE, state: 'running' as const };
      const page = await this.#world.catalog.listTenants({
        ...query,
        ...(customer === null ? {} : { customer }),
      });
      found.push(...page.tenants);
      after = page.next;
    } while (after !== null);
    return found;
  }

  #view(tenant: Tenant): ComputeView {
    const { tiers, plans } = this.#world.rules();
    const { size, limits: most } = tiers[tenant.tier];
    const limits = limitsWithin(most, plans[tenant.plan].limits);
    return { tenant, live: this.#world.lifecycle.live(tenant.id), size, limits };
  }
}

/** Where it stands in the order: by a number, then by its id. */
type Place = readonly [order: number, id: string];

function placeOf({ tenant, size }: ComputeView, sort: ComputeSort): Place {
  const order = sort === 'memory' ? -size.sharedBuffersMb : tenant.stateSince;
  return [order, tenant.id];
}

const comparePlaces = (one: Place, other: Place): number =>
  one[0] - other[0] || (one[1] < other[1] ? -1 : one[1] > other[1] ? 1 : 0);

const printPlace = ([order, id]: Place): string => `${order}.${id}`;

function readPlace(text: string): Place {
  const parts = /^(-?\d+)\.(tn_[0-9a-z]{12})$/.exec(text);
  if (parts?.[1] === undefined || parts[2] === undefined) {
    throw fault('BAD_REQUEST', { why: '"after" in the query must be what "next" has said' });
  }
  return [Number(parts[1]), parts[2]];
}
