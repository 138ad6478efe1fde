/** Names of roles and databases inside a tenant, as people choose them. */
import { fault } from '../../domain/faults.ts';
import { isReservedName, isTenantName } from '../../domain/ids.ts';

/** PostgreSQL cuts off what is longer. */
const NAME_BYTES_MAX = 63;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function mustBeName(name: string): void {
  if (bytesOf(name) > NAME_BYTES_MAX) {
    throw fault('BAD_NAME', { why: `has more than ${NAME_BYTES_MAX} bytes` });
  }
  if (name.includes('\0') || !name.isWellFormed()) {
    throw fault('BAD_NAME', { why: 'has a character that PostgreSQL does not take' });
  }
  if (isReservedName(name)) throw fault('BAD_NAME', { why: 'is reserved' });
}

/** Throws `BAD_NAME`. */
export function mustBeRoleName(name: string): void {
  mustBeName(name);
  const suffix = name.slice(name.lastIndexOf('.') + 1);
  if (suffix !== name && isTenantName(suffix)) {
    const why = `would lead its clients to a tenant "${suffix}", should there be one; leave out the dot`;
    throw fault('BAD_NAME', { why });
  }
}

/**
 * Throws `BAD_NAME`. A client that names nothing but a database is led to the tenant of that name, and one that names
 * both is refused: so a further database has a name that no tenant can ever have.
 */
export function mustBeDatabaseName(name: string): void {
  mustBeName(name);
  if (!isTenantName(name)) return;
  const why = `could be a tenant's, and clients would be led there; choose one with a capital or a dot in it, like "acme.${name}"`;
  throw fault('BAD_NAME', { why });
}

/** Throws `BAD_REQUEST` for the tenant's own role or database. */
export function mustNotBeOwn(what: 'role' | 'database', name: string, tenant: string): void {
  if (name !== tenant) return;
  throw fault('BAD_REQUEST', {
    why: `the ${what} "${name}" is the tenant's own, and stays as it is`,
  });
}
