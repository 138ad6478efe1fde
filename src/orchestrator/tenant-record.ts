import { isFault } from '../domain/faults.ts';
import type { MoveChange, Tenant, TenantState, TenantStateKind } from '../domain/tenant.ts';
import type { World } from './world.ts';

/** Rows in these states promise something that only a look at the host can confirm. */
const UNCLEAR: ReadonlySet<TenantStateKind> = new Set([
  'waking',
  'running',
  'suspending',
  'archiving',
]);

/** Rows in these states have no tenant to wake: not yet, or no more. */
const UNBORN: ReadonlySet<TenantStateKind> = new Set(['creating', 'deleting']);

/**
 * The catalog's row of one tenant, as last read or written. The only way by which the orchestrator
 * moves a tenant: each move is written, and told to the log with its reason, before it is acted on.
 */
export class TenantRecord {
  readonly #world: Pick<World, 'catalog' | 'log'>;
  #tenant: Tenant;
  #certain = true;

  constructor(world: Pick<World, 'catalog' | 'log'>, tenant: Tenant) {
    this.#world = world;
    this.#tenant = tenant;
  }

  get tenant(): Tenant {
    return this.#tenant;
  }

  get kind(): TenantState['kind'] {
    return this.#tenant.state.kind;
  }

  /** False after a write whose outcome is not known. */
  get certain(): boolean {
    return this.#certain;
  }

  get isAtRest(): boolean {
    return this.#certain && (this.kind === 'suspended' || this.kind === 'failed');
  }

  get isUnclear(): boolean {
    return UNCLEAR.has(this.kind);
  }

  get isUnborn(): boolean {
    return UNBORN.has(this.kind);
  }

  /** Throws `STALE_GENERATION` if another writer came first, `CATALOG_DOWN`, `TENANT_UNKNOWN`. */
  async move(to: TenantState, because: string, change: MoveChange = {}): Promise<void> {
    const from = this.kind;
    this.#certain = false;
    this.#tenant = await this.#world.catalog.move(this.#tenant, to, change);
    this.#certain = true;
    this.#world.log.info('tenant moved', {
      tenant: this.#tenant.id,
      name: this.#tenant.name,
      from,
      to: to.kind,
      because,
    });
  }

  /** Writes `change`; the state stays, the generation grows. Throws as `move` does. */
  async note(change: MoveChange): Promise<void> {
    this.#certain = false;
    this.#tenant = await this.#world.catalog.note(this.#tenant, change);
    this.#certain = true;
  }

  /** Does `work`. After a write refused because another came first, nothing that was known is taken as true. */
  async retold(work: Promise<void>, doubt: () => void): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (isFault(error, 'STALE_GENERATION')) {
        doubt();
        await this.reload();
      }
      throw error;
    }
  }

  /** Takes in a row that the catalog has just answered with. */
  take(tenant: Tenant): void {
    this.#tenant = tenant;
  }

  /** Takes in what the catalog has now. Returns false if the row is gone. */
  async reload(): Promise<boolean> {
    const found = await this.#world.catalog.tenantById(this.#tenant.id);
    if (found === undefined) return false;
    this.#tenant = found;
    this.#certain = true;
    return true;
  }
}
