/** Customers: organisations with a plan, to whom tenants belong. */
import type { CustomerId } from './ids.ts';
import type { Plan } from './tier.ts';
import type { Timestamp } from './units.ts';

export type Customer = {
  readonly id: CustomerId;
  readonly name: string;
  /** What the operator's own books call it; unique. */
  readonly externalId: string | null;
  /** That of its tenants, where they are given no other. */
  readonly plan: Plan;
  /** Most tenants that it may have; null for any number. */
  readonly tenantsMax: number | null;
  readonly createdAt: Timestamp;
  readonly changedAt: Timestamp;
};

export type CustomerDraft = Pick<Customer, 'id' | 'name' | 'externalId' | 'plan' | 'tenantsMax'>;

export type CustomerChange = Partial<Pick<Customer, 'name' | 'externalId' | 'plan' | 'tenantsMax'>>;

/** Where a page of customers begins: they are sorted by name, and by id where names are the same. */
export type CustomerPlace = { readonly name: string; readonly id: string };

export type CustomerQuery = {
  readonly after: CustomerPlace | null;
  readonly limit: number;
  readonly plan?: Plan | undefined;
  /** A part of the name or of the external id, in any case. */
  readonly search?: string | undefined;
  readonly externalId?: string | undefined;
};

export interface CustomerStore {
  /** Throws `CUSTOMER_EXISTS` if another has the external id. */
  insert(draft: CustomerDraft): Promise<Customer>;
  byId(id: CustomerId): Promise<Customer | undefined>;
  byExternalId(externalId: string): Promise<Customer | undefined>;
  list(query: CustomerQuery): Promise<readonly Customer[]>;
  /** How many tenants it has. */
  countTenants(id: CustomerId): Promise<number>;
  /** Throws `CUSTOMER_UNKNOWN`, `CUSTOMER_EXISTS`. */
  change(id: CustomerId, change: CustomerChange): Promise<Customer>;
  /** Throws `CUSTOMER_UNKNOWN`, and `CUSTOMER_BUSY` while it has tenants. Its keys and people go with it. */
  remove(id: CustomerId): Promise<void>;
}
