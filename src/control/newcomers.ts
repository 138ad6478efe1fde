/**
 * Tenants that come to be: empty, as a fork of another, or out of a file.
 *
 * The row comes first, in state `creating`, then what the archive is to hold, then the move to
 * `suspended`. What ends in between, a fault as well as a crash, leaves a row in `creating`, and
 * whoever finds that removes it with all it has: its own snapshots, and nothing of another's.
 */
import type { Archive, Notes } from '../domain/archive.ts';
import type { Catalog, TenantDraft, TenantSettings } from '../domain/catalog.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import { fault } from '../domain/faults.ts';
import {
  newTenantId,
  parseTenantName,
  snapshotIdOf,
  type TenantId,
  type TenantName,
  type VaultId,
} from '../domain/ids.ts';
import type { Lifecycle } from '../domain/lifecycle.ts';
import type { Passwords } from '../domain/passwords.ts';
import type { Random } from '../domain/random.ts';
import type { Home, Tenant } from '../domain/tenant.ts';
import { tenantNote } from '../domain/tenant-note.ts';
import { FIRST_TIER, type Plan } from '../domain/tier.ts';
import type { NewFork, NewImport, NewTenant } from './control.ts';
import { currentSnapshot } from './snapshots.ts';

type NewcomerWorld = {
  readonly random: Random;
  readonly failpoints: Failpoints;
  readonly catalog: Catalog;
  readonly lifecycle: Lifecycle;
  readonly archive: Archive;
  readonly passwords: Passwords;
};

/** The password is known only here. */
export type Newcomer = { readonly tenant: Tenant; readonly password: string };

/** With what a first snapshot says of the tenant. */
type Inserted = Newcomer & { readonly notes: Notes };

/** What the archive holds of a tenant before it has ever moved. Source: `snapshotIdOf`. */
const FIRST_SNAPSHOT = snapshotIdOf(1);

const ARCHIVED: Home = { kind: 'archive', snapshot: FIRST_SNAPSHOT };

type Draft = TenantSettings & {
  readonly name: TenantName;
  readonly plan: Plan;
  readonly home: Home;
  /** Its own if not given. */
  readonly vault?: VaultId;
};

export class Newcomers {
  readonly #world: NewcomerWorld;

  constructor(world: NewcomerWorld) {
    this.#world = world;
  }

  async create(request: NewTenant): Promise<Newcomer> {
    const { name: _, plan = 'free', ...settings } = request;
    const name = parseTenantName(request.name);
    const { tenant, password } = await this.#insert({
      ...settings,
      ...{ name, plan, home: { kind: 'none' } },
    });
    return { tenant: await this.#world.lifecycle.create(tenant), password };
  }

  /** One that has never been awake has no data, and neither has its fork. */
  async fork(origin: Tenant, request: NewFork): Promise<Newcomer> {
    const { plan = origin.plan } = request;
    const { suspendAfter, sessionsMax, maxPinIdle, customer, allowedAddresses } = origin;
    // The same data is for the same addresses.
    const settings = { plan, suspendAfter, sessionsMax, maxPinIdle, customer, allowedAddresses };
    if (origin.home.kind === 'none') return await this.create({ ...settings, name: request.name });
    const name = await this.#freeName(request.name);
    const { id: parent, vault } = origin;
    const snapshot = await currentSnapshot(this.#world, origin);
    const inserted = await this.#insert({ ...settings, name, home: ARCHIVED, vault });
    return await this.#finished(inserted, async ({ id }) => {
      const to = { tenant: id, snapshot: FIRST_SNAPSHOT, name: null, notes: inserted.notes };
      await this.#world.archive.share({ tenant: parent, vault, snapshot }, to);
      await this.#world.failpoints.reach('fork.shared');
    });
  }

  async import({
    name: given,
    plan = 'free',
    customer = null,
    file,
    signal,
  }: NewImport): Promise<Newcomer> {
    const name = await this.#freeName(given);
    const inserted = await this.#insert({ name, plan, customer, home: ARCHIVED });
    return await this.#finished(inserted, async ({ id, vault }) => {
      const ref = { tenant: id, vault, snapshot: FIRST_SNAPSHOT };
      const to = { ...ref, name: null, notes: inserted.notes };
      await this.#world.archive.import(to, file, signal);
    });
  }

  /** Before work that would be for nothing. Two who ask at once are told apart by the insert. */
  async #freeName(given: string): Promise<TenantName> {
    const name = parseTenantName(given);
    const taken = await this.#world.catalog.tenantByName(name);
    if (taken !== undefined) throw fault('TENANT_EXISTS', { name });
    return name;
  }

  async #insert({ plan, vault, ...rest }: Draft): Promise<Inserted> {
    const { catalog, passwords, random } = this.#world;
    const password = passwords.generate();
    const id: TenantId = newTenantId(random);
    const draft: TenantDraft = {
      ...{ suspendAfter: null, sessionsMax: null, maxPinIdle: null, tier: FIRST_TIER[plan] },
      ...{ ...rest, id, plan, vault: vault ?? id },
      verifier: await passwords.verifierOf(password),
    };
    const tenant = await catalog.insertTenant(draft);
    return { tenant, password, notes: tenantNote(tenant, draft.verifier) };
  }

  /** What cannot be removed now is removed by the recovery of the next start. */
  async #finished(
    { tenant, password }: Newcomer,
    fill: (tenant: Tenant) => Promise<void>,
  ): Promise<Newcomer> {
    const { lifecycle } = this.#world;
    try {
      await fill(tenant);
      return { tenant: await lifecycle.create(tenant), password };
    } catch (error) {
      await lifecycle.remove(tenant.id).catch(() => undefined);
      throw error;
    }
  }
}
