/** People who log in with an identity provider, and what they may do. */
import type { Role } from './caller.ts';
import type { CustomerId } from './ids.ts';
import type { Timestamp } from './units.ts';

/** Roles that people have; the others are for keys. */
export const PERSON_ROLES = ['admin', 'operator', 'billing', 'viewer'] as const satisfies Role[];

export type PersonRole = (typeof PERSON_ROLES)[number];

/** One who belongs to the operator or to a customer; to several, once each. */
export type Person = {
  /** In lower case. */
  readonly email: string;
  /** Null for the operator's own. */
  readonly customer: CustomerId | null;
  readonly role: PersonRole;
  readonly createdAt: Timestamp;
  readonly lastSeenAt: Timestamp | null;
};

export type PersonQuery = {
  readonly customer: CustomerId | null;
  readonly after?: string | undefined;
  readonly limit: number;
};

/** Addresses are compared in lower case, as every mail system there is does. */
export const emailOf = (text: string): string => text.trim().toLowerCase();

export interface PersonStore {
  /** Adds somebody, or gives another role. Throws `CUSTOMER_UNKNOWN`. */
  put(person: Pick<Person, 'email' | 'customer' | 'role'>): Promise<Person>;
  /** To whom somebody belongs: the operator first. */
  byEmail(email: string): Promise<readonly Person[]>;
  /** Sorted by address. */
  list(query: PersonQuery): Promise<readonly Person[]>;
  /** Throws `PERSON_UNKNOWN`. */
  remove(email: string, customer: CustomerId | null): Promise<void>;
  noteSeen(email: string, customer: CustomerId | null): Promise<void>;
}
