/** Asks the server for one picture: only the tenants on the page, and what the awake ones of them take. */
import type { Tenant } from '../../contract/tenants/tenant.ts';
import type { DynaBase } from '../../sdk/client.ts';
import type { Filter, Measured, Row, Snapshot, View } from './view.ts';

/** To measure a tenant costs the server more than to list it. */
const MEASURED_FOR_MS = 10_000;

/** Tenants measured at the same time. */
const MEASURED_AT_ONCE = 4;

/** Kept of tenants that were on a page before. */
const KEPT_MAX = 1_000;

const STATES: Readonly<Record<Filter, { readonly state?: 'running' | 'failed' }>> = {
  awake: { state: 'running' },
  all: {},
  failed: { state: 'failed' },
};

export class Asker {
  readonly #client: DynaBase;
  readonly #now: () => number;
  readonly #measured = new Map<
    string,
    { readonly at: number; readonly measured: Measured | null }
  >();

  constructor(client: DynaBase, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  async ask(view: View, limit: number, signal?: AbortSignal): Promise<Snapshot> {
    const options = signal === undefined ? {} : { signal };
    const after = view.before.at(-1);
    const place = after === undefined ? {} : { after };
    const query = { limit, ...STATES[view.filter], ...place };
    const [status, page] = await Promise.all([
      this.#client.status(options),
      this.#client.tenants.page(query, options),
    ]);
    const rows = await this.#rowsOf(page.tenants, options);
    return { status, rows, next: page.next };
  }

  async #rowsOf(
    tenants: readonly Tenant[],
    options: { readonly signal?: AbortSignal },
  ): Promise<readonly Row[]> {
    const waiting = tenants.filter(
      (tenant) => tenant.state === 'running' && !this.#isFresh(tenant),
    );
    const work = async () => {
      for (let tenant = waiting.shift(); tenant !== undefined; tenant = waiting.shift()) {
        const measured = await this.#measure(tenant, options);
        this.#measured.set(tenant.id, { at: this.#now(), measured });
      }
    };
    await Promise.all(Array.from({ length: MEASURED_AT_ONCE }, work));
    for (const id of this.#measured.keys()) {
      if (this.#measured.size <= KEPT_MAX) break;
      this.#measured.delete(id);
    }
    return tenants.map((tenant) => ({
      tenant,
      measured:
        tenant.state === 'running' ? (this.#measured.get(tenant.id)?.measured ?? null) : null,
    }));
  }

  /** Null where it went to sleep meanwhile, or cannot be measured. */
  async #measure(
    { id }: Tenant,
    options: { readonly signal?: AbortSignal },
  ): Promise<Measured | null> {
    const levels = await this.#client.tenants.levels(id, options).catch(() => null);
    if (levels === null) return null;
    const wake = levels.steps.find(({ kind }) => kind === 'wake');
    return { l1: levels.bytes.l1, l2: levels.bytes.l2, wakeMs: wake?.ms ?? null };
  }

  #isFresh({ id, stateSince }: Tenant): boolean {
    const known = this.#measured.get(id);
    if (known === undefined || known.at < Date.parse(stateSince)) return false;
    return this.#now() - known.at < MEASURED_FOR_MS;
  }
}
