/** Customers, who may call for them, and what they did. */
import type {
  Caller,
  Key,
  KeyPage,
  KeyRotation,
  KeySecret,
  LoginCode,
  NewKey,
  NewTokenIssuer,
  Person,
  PersonChange,
  PersonPage,
  TokenIssuer,
  TokenIssuerChange,
} from '../contract/access/access.ts';
import type { AuditEntry, AuditPage } from '../contract/access/audit.ts';
import type {
  Customer,
  CustomerChange,
  CustomerPage,
  NewCustomer,
} from '../contract/access/customer.ts';
import type { QueryOf } from '../contract/routes.ts';
import { onPages, PAGE_SIZE } from './pages.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Organisations with a plan, to whom tenants belong. `me` is the caller's own. */
export class Customers {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create(customer: NewCustomer, options?: CallOptions): Promise<Customer> {
    return this.#transport.call('createCustomer', { body: customer }, options);
  }

  get(customer: string, options?: CallOptions): Promise<Customer> {
    return this.#transport.call('getCustomer', { params: { customer } }, options);
  }

  /** Sorted by name, fetched page by page as the loop asks for them. */
  list(
    query: Omit<QueryOf<'listCustomers'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<CustomerPage['customers'][number], void, void> {
    return onPages(
      (place) => {
        const asked = { limit: PAGE_SIZE, ...query, ...place };
        return this.#transport.call('listCustomers', { query: asked }, options);
      },
      ({ customers }: CustomerPage) => customers,
    );
  }

  /** Another plan is at once that of its tenants too, but of those that have one of their own. */
  change(customer: string, change: CustomerChange, options?: CallOptions): Promise<Customer> {
    const call = { params: { customer }, body: change };
    return this.#transport.call('changeCustomer', call, options);
  }

  /** One that has no tenants. */
  async delete(customer: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('deleteCustomer', { params: { customer } }, options);
  }
}

/** Keys of the API. */
export class Keys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer holds the secret, which is shown only here. */
  create(key: NewKey, options?: CallOptions): Promise<KeySecret> {
    return this.#transport.call('createKey', { body: key }, options);
  }

  get(key: string, options?: CallOptions): Promise<Key> {
    return this.#transport.call('getKey', { params: { key } }, options);
  }

  list(
    query: Omit<QueryOf<'listKeys'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<Key, void, void> {
    return onPages(
      (place) => {
        const asked = { limit: PAGE_SIZE, ...query, ...place };
        return this.#transport.call('listKeys', { query: asked }, options);
      },
      ({ keys }: KeyPage) => keys,
    );
  }

  /** The answer holds the new secret, which is shown only here. */
  rotate(key: string, how: KeyRotation = {}, options?: CallOptions): Promise<KeySecret> {
    return this.#transport.call('rotateKey', { params: { key }, body: how }, options);
  }

  async revoke(key: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('revokeKey', { params: { key } }, options);
  }
}

/** Who may log in: the operator's own people, or with a customer those of that one. */
export class People {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(customer: string | null = null, options?: CallOptions): AsyncGenerator<Person, void, void> {
    return onPages(
      (place) => {
        const query = { limit: PAGE_SIZE, ...place };
        return customer === null
          ? this.#transport.call('listPeople', { query }, options)
          : this.#transport.call('listCustomerPeople', { params: { customer }, query }, options);
      },
      ({ people }: PersonPage) => people,
    );
  }

  /** Adds somebody, or gives another role. */
  put(
    email: string,
    { customer = null, ...body }: PersonChange & { readonly customer?: string | null },
    options?: CallOptions,
  ): Promise<Person> {
    if (customer === null) {
      return this.#transport.call('putPerson', { params: { email }, body }, options);
    }
    const call = { params: { customer, email }, body };
    return this.#transport.call('putCustomerPerson', call, options);
  }

  async remove(
    email: string,
    customer: string | null = null,
    options?: CallOptions,
  ): Promise<void> {
    if (customer === null) {
      await this.#transport.call('removePerson', { params: { email } }, options);
    } else {
      const params = { customer, email };
      await this.#transport.call('removeCustomerPerson', { params }, options);
    }
  }
}

/** Applications whose signed tokens are taken. */
export class TokenIssuers {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create(issuer: NewTokenIssuer, options?: CallOptions): Promise<TokenIssuer> {
    return this.#transport.call('createTokenIssuer', { body: issuer }, options);
  }

  async list(options?: CallOptions): Promise<readonly TokenIssuer[]> {
    return (await this.#transport.call('listTokenIssuers', {}, options)).issuers;
  }

  get(issuer: string, options?: CallOptions): Promise<TokenIssuer> {
    return this.#transport.call('getTokenIssuer', { params: { issuer } }, options);
  }

  change(issuer: string, change: TokenIssuerChange, options?: CallOptions): Promise<TokenIssuer> {
    const call = { params: { issuer }, body: change };
    return this.#transport.call('changeTokenIssuer', call, options);
  }

  async delete(issuer: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('deleteTokenIssuer', { params: { issuer } }, options);
  }
}

/** Who one is, and who has done what. */
export class Access {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  whoAmI(options?: CallOptions): Promise<Caller> {
    return this.#transport.call('whoAmI', {}, options);
  }

  /** The latest first, fetched page by page as the loop asks for them. */
  audit(
    query: Omit<QueryOf<'listAudit'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<AuditEntry, void, void> {
    return onPages(
      (place) => {
        const asked = { limit: PAGE_SIZE, ...query, ...place };
        return this.#transport.call('listAudit', { query: asked }, options);
      },
      ({ entries }: AuditPage) => entries,
    );
  }

  /** What a login in a browser has brought, for a personal key. */
  exchangeLogin(login: LoginCode, options?: CallOptions): Promise<KeySecret> {
    return this.#transport.call('exchangeLogin', { body: login }, options);
  }
}
