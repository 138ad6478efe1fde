/** Things that an API in memory knows, so that requests about them are more than misses. */
import type { Caller } from '../domain/caller.ts';
import type { InjectedApi } from './injected-api.ts';

/** More than is asked here. */
const PLENTY = { perMinute: 60_000_000, burst: 1_000_000 };

const ROOM = {
  webhooks: { perOwnerMax: 1_000 },
  claimable: { enabled: true, unclaimedMax: 1_000_000, perAddress: PLENTY },
};

const ADMIN: Caller = {
  ...{ kind: 'admin-key', id: 'admin', name: 'admin key' },
  ...{ scope: { kind: 'operator' }, role: 'admin', isReadOnly: false },
};

/** Ids and names by the parameter that they stand for. */
export type Known = Readonly<Record<string, string>>;

/** Makes whatever is missing of one thing of every kind; answers what all of them are called. */
export class KnownThings {
  readonly #api: InjectedApi;
  readonly #lasting = new Map<string, string>();
  static #count = 0;

  constructor(api: InjectedApi) {
    this.#api = api;
  }

  /** Those that `names` asks for. */
  async of(names: readonly string[]): Promise<Known> {
    const all: Record<string, string> = { ref: 'acme', plan: 'free', extension: 'hstore' };
    // What was asked before may have been to allow less, or to take it away.
    await this.#api.desks.settings.change({ rates: { perCaller: PLENTY }, ...ROOM });
    await this.#api.create('acme');
    for (const name of names) {
      const make = this.#makers[name];
      if (make !== undefined) Object.assign(all, await make(all));
    }
    return all;
  }

  readonly #makers: Readonly<Record<string, (made: Known) => Promise<Known>>> = {
    customer: async () => ({ customer: await this.#customer() }),
    key: async () => ({ key: await this.#made('/v1/keys', { name: 'ci', role: 'viewer' }) }),
    webhook: async () => ({ webhook: await this.#webhook() }),
    delivery: async () => {
      const webhook = await this.#webhook();
      return { webhook, delivery: await this.#made(`/v1/webhooks/${webhook}/test`, undefined) };
    },
    invoice: async () => ({ invoice: await this.#kept('/v1/invoices', () => this.#invoice()) }),
    snapshot: async () => ({ snapshot: await this.#made('/v1/tenants/acme/snapshots', {}) }),
    operation: async () => ({ operation: this.#stoppable() }),
    issuer: async () => ({
      issuer: await this.#made('/v1/token-issuers', {
        name: 'app',
        issuer: `https://${++KnownThings.#count}.example`,
        audience: 'dynabase',
        keysUrl: 'https://app.example/keys',
        role: 'viewer',
      }),
    }),
    email: async ({ customer }) => {
      const email = 'ann@acme.example';
      const at = customer === undefined ? '/v1' : `/v1/customers/${customer}`;
      await this.#api.ask('PUT', `${at}/people/${email}`, { payload: { role: 'viewer' } });
      return { email };
    },
    role: async () => {
      await this.#api.ask('POST', '/v1/tenants/acme/roles', { payload: { name: 'reports' } });
      return { role: 'reports' };
    },
    database: async () => {
      const name = 'acme.reports';
      await this.#api.ask('POST', '/v1/tenants/acme/databases', { payload: { name } });
      return { database: name };
    },
    token: async () => {
      const { body } = await this.#api.ask('POST', '/v1/claimable');
      return { token: body.token };
    },
  };

  /** Runs until it is cancelled. */
  #stoppable(): string {
    const { operations } = this.#api.desks;
    const wish = { kind: 'archive', caller: ADMIN, tenant: null, customer: null } as const;
    const { id } = operations.begin(wish, async ({ signal }) => {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
      return { answer: null, result: null };
    });
    return id;
  }

  #customer(): Promise<string> {
    return this.#kept('/v1/customers', () =>
      this.#made('/v1/customers', { name: `Customer ${++KnownThings.#count}` }),
    );
  }

  async #invoice(): Promise<string> {
    const customer = await this.#made('/v1/customers', { name: `Payer ${++KnownThings.#count}` });
    const owed = { amount: '12.50', says: 'Missed', kind: 'adjustment' };
    await this.#made(`/v1/customers/${customer}/credits`, owed);
    await this.#api.ask('PATCH', '/v1/billing/settings', {
      payload: { seller: { name: 'Ogel' } },
    });
    await this.#api.ask('POST', '/v1/billing/close', { payload: { month: '2020-01' } });
    const { body } = await this.#api.ask('GET', `/v1/invoices?customer=${customer}`);
    return body.invoices[0].number;
  }

  #webhook(): Promise<string> {
    return this.#kept('/v1/webhooks', () =>
      this.#made('/v1/webhooks', { url: 'https://hooks.example/a' }),
    );
  }

  /** The one made before, if it is still there: with one for each request, whatever goes over all would take ever longer. */
  async #kept(place: string, make: () => Promise<string>): Promise<string> {
    const before = this.#lasting.get(place);
    if (before !== undefined && (await this.#api.ask('GET', `${place}/${before}`)).status === 200)
      return before;
    const made = await make();
    this.#lasting.set(place, made);
    return made;
  }

  async #made(url: string, payload: object | undefined): Promise<string> {
    const { status, body } = await this.#api.ask('POST', url, payload ? { payload } : {});
    if (typeof body?.id !== 'string') throw new Error(`${url}: ${status} ${JSON.stringify(body)}`);
    return body.id;
  }
}
