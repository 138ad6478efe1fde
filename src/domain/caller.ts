/**
 * Who asks the control plane for something, and what they may ask for.
 *
 * A caller sees what its scope covers and nothing else: what is not in it does not exist for them. Within the
 * scope its role says what may be done.
 */
import { assert } from './assert.ts';
import type { CustomerId, TenantId } from './ids.ts';
import type { Timestamp } from './units.ts';

export const ROLES = ['admin', 'operator', 'billing', 'viewer', 'claimer'] as const;

/** `claimer` may create databases that somebody claims later, and nothing else. */
export type Role = (typeof ROLES)[number];

export const RIGHTS = ['read', 'change', 'billing', 'admin', 'claim'] as const;

/**
 * `read` sees, data too where it is asked for by SQL; `change` creates, moves, deletes, and takes data out whole; `billing` is for plans, limits and money; `admin` for
 * who else may do what.
 */
export type Right = (typeof RIGHTS)[number];

/** What each role may do. */
export const RIGHTS_OF: Readonly<Record<Role, readonly Right[]>> = {
  admin: ['read', 'change', 'billing', 'admin', 'claim'],
  operator: ['read', 'change'],
  billing: ['read', 'billing'],
  viewer: ['read'],
  claimer: ['claim'],
};

export type Scope =
  /** Everything there is. */
  | { readonly kind: 'operator' }
  /** One customer, and its tenants. */
  | { readonly kind: 'customer'; readonly customer: CustomerId }
  /** One tenant. */
  | { readonly kind: 'tenant'; readonly tenant: TenantId }
  /** Nothing: of whoever asks for what needs no key. */
  | { readonly kind: 'nothing' };

export const CALLER_KINDS = ['admin-key', 'key', 'person', 'token', 'anybody'] as const;

export type Caller = {
  /** By what it has proven itself. */
  readonly kind: (typeof CALLER_KINDS)[number];
  /** Of the key, the person's e-mail address, or the subject of the token. Never a secret. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly scope: Scope;
  readonly role: Role;
  /** It may do nothing but `read`, whatever its role. */
  readonly isReadOnly: boolean;
  /** When its key ends; not given for one that does not, and for people and tokens, which are to outlive theirs. */
  readonly endsAt?: Timestamp;
  /** What a browser session that it opens is known by, and when that ends at the latest; not given for who opens none. */
  readonly opens?: { readonly by: string; readonly until: Timestamp | null };
};

/** The holder of the admin key, who may do everything. */
export const ADMIN: Caller = {
  ...{ kind: 'admin-key', id: 'admin', name: 'admin key' },
  ...{ scope: { kind: 'operator' }, role: 'admin', isReadOnly: false },
};

/** Whether a caller has a right, where its scope reaches. */
export const mayDo = ({ role, isReadOnly }: Caller, right: Right): boolean =>
  RIGHTS_OF[role].includes(right) && (right === 'read' || !isReadOnly);

/** The customer that all is of which the caller lists or creates; null for the operator, who sees everything. */
export function customerOf({ scope }: Caller): CustomerId | null {
  assert(scope.kind === 'operator' || scope.kind === 'customer', 'a tenant lists nothing');
  return scope.kind === 'customer' ? scope.customer : null;
}
