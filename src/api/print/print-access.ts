/** Customers, keys, people, issuers and the audit log as the contract's JSON. */
import type {
  Caller as CallerShape,
  TokenIssuer as IssuerShape,
  Key,
  KeySecret as KeySecretShape,
  Person as PersonShape,
} from '../../contract/access/access.ts';
import type { AuditEntry as EntryShape } from '../../contract/access/audit.ts';
import type { CustomerPage, Customer as CustomerShape } from '../../contract/access/customer.ts';
import type { KeySecret } from '../../control/access/key-desk.ts';
import type { CustomerView } from '../../control/customer-desk.ts';
import type { ApiKey } from '../../domain/api-key.ts';
import type { AuditEntry } from '../../domain/audit.ts';
import type { Caller, Scope } from '../../domain/caller.ts';
import type { Customer } from '../../domain/customer.ts';
import type { Person } from '../../domain/person.ts';
import type { TokenIssuer } from '../../domain/token-issuer.ts';
import { moment, momentOrNull } from '../moment.ts';

export const printCustomerRow = (customer: Customer): CustomerPage['customers'][number] => ({
  ...customer,
  createdAt: moment(customer.createdAt),
  changedAt: moment(customer.changedAt),
});

export const printCustomer = ({ customer, tenants }: CustomerView): CustomerShape => ({
  ...printCustomerRow(customer),
  tenants,
});

/** Nobody who reaches nothing is ever printed. */
const printScope = (scope: Scope): Key['scope'] =>
  scope.kind === 'nothing' ? { kind: 'tenant', tenant: '' } : { ...scope };

export const printCaller = ({ kind, id, name, scope, role, isReadOnly }: Caller): CallerShape => ({
  ...{ kind, id, name, role, scope: printScope(scope), readOnly: isReadOnly },
});

export const printKey = (key: ApiKey): Key => ({
  ...{ id: key.id, kind: key.kind, name: key.name, role: key.role, person: key.person },
  scope: printScope(key.scope),
  readOnly: key.isReadOnly,
  createdAt: moment(key.createdAt),
  createdBy: key.createdBy,
  expiresAt: momentOrNull(key.expiresAt),
  oldSecretUntil: momentOrNull(key.oldUntil),
  lastUsedAt: momentOrNull(key.lastUsedAt),
  lastUsedFrom: key.lastUsedFrom,
});

export const printKeySecret = ({ key, secret }: KeySecret): KeySecretShape => ({
  ...printKey(key),
  secret,
});

export const printPerson = (person: Person): PersonShape => ({
  ...person,
  createdAt: moment(person.createdAt),
  lastSeenAt: momentOrNull(person.lastSeenAt),
});

export const printIssuer = ({ keys, ...issuer }: TokenIssuer): IssuerShape => ({
  ...issuer,
  ...(keys.kind === 'url'
    ? { keysUrl: keys.url }
    : { keys: keys.jwks as unknown as NonNullable<IssuerShape['keys']> }),
  createdAt: moment(issuer.createdAt),
});

/** To customers the operator is one, wherever it sits and whoever it is. */
export function printEntry(entry: AuditEntry, reader: Caller): EntryShape {
  const { byOperator, caller, address, ...rest } = entry;
  const isVeiled = byOperator && reader.scope.kind !== 'operator';
  return {
    ...{ ...rest, id: String(entry.id), at: moment(entry.at) },
    caller: isVeiled
      ? { kind: caller.kind, id: null, name: 'operator', address: null }
      : { ...caller, address },
    before: entry.before && { ...entry.before },
    after: entry.after && { ...entry.after },
  };
}
