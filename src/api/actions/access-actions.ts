/** What the operations of customers, keys, people, issuers and the audit log do. */
import type { NewKey } from '../../contract/access/access.ts';
import type { BodyOf, QueryOf } from '../../contract/routes.ts';
import type { Desks } from '../../control/desks.ts';
import type { ApiKey } from '../../domain/api-key.ts';
import type { AuditQuery, AuditSubject } from '../../domain/audit.ts';
import { type Caller, customerOf } from '../../domain/caller.ts';
import type { CustomerPlace } from '../../domain/customer.ts';
import { fault } from '../../domain/faults.ts';
import { type CustomerId, isId, isTenantId } from '../../domain/ids.ts';
import type { IssuerKeys } from '../../domain/token-issuer.ts';
import { ms } from '../../domain/units.ts';
import { customerId } from '../access/asked-customer.ts';
import { momentIfAny, momentOf } from '../moment.ts';
import {
  printCaller,
  printCustomer,
  printCustomerRow,
  printEntry,
  printIssuer,
  printKey,
  printKeySecret,
  printPerson,
} from '../print/print-access.ts';
import type { Actions } from './actions.ts';

const PAGE_DEFAULT = 100;

type AccessDesks = Pick<Desks, 'audit' | 'customers' | 'keys' | 'people' | 'tokens' | 'logins'>;

export const accessActions = (desks: AccessDesks) =>
  ({
    ...customerActions(desks.customers),
    ...keyActions(desks.keys),
    ...peopleActions(desks.people),
    ...issuerActions(desks.tokens),
    listAudit: async ({ query, caller }) => {
      const filter = auditFilter(query, caller);
      const { entries, next } = await desks.audit.list(filter);
      return {
        entries: entries.map((entry) => printEntry(entry, caller)),
        next: next === null ? null : String(next),
      };
    },
    exchangeLogin: async ({ body: { code, verifier }, requestId, address }) =>
      printKeySecret(await desks.logins.exchange(code, verifier, { requestId, address })),
  }) satisfies Partial<Actions>;

type CustomerAction =
  | 'createCustomer'
  | 'listCustomers'
  | 'getCustomer'
  | 'changeCustomer'
  | 'deleteCustomer';

const customerActions = (customers: Desks['customers']): Pick<Actions, CustomerAction> => ({
  createCustomer: async ({ body: { name, externalId = null, plan = 'free', tenantsMax = null } }) =>
    printCustomer(await customers.create({ name, externalId, plan, tenantsMax })),
  listCustomers: async ({ query: { after, limit = PAGE_DEFAULT, plan, search, externalId } }) => {
    const place = after === undefined ? null : placeOf(after);
    const page = await customers.list({ after: place, limit, plan, search, externalId });
    return {
      customers: page.customers.map(printCustomerRow),
      next: page.next === null ? null : cursorOf(page.next),
    };
  },
  getCustomer: async ({ params }) => printCustomer(await customers.show(params.customer)),
  changeCustomer: async ({ params, body, caller, audit }) => {
    const before = await customers.find(params.customer);
    const changed = await customers.change(params.customer, body, caller);
    audit.changed(pictureOf(before), pictureOf(changed.customer));
    return printCustomer(changed);
  },
  deleteCustomer: async ({ params, audit }) => {
    const before = await customers.find(params.customer);
    await customers.remove(params.customer);
    audit.changed(pictureOf(before), {});
    return undefined;
  },
});

/** What of a customer is told of as changed. */
const pictureOf = ({
  name,
  externalId,
  plan,
  tenantsMax,
}:
  | ReturnType<typeof printCustomerRow>
  | { [K in 'name' | 'externalId' | 'plan' | 'tenantsMax']: unknown }) => ({
  ...{ name, externalId, plan, tenantsMax },
});

/** Names may repeat, so that a place is a name and an id. */
const cursorOf = ({ name, id }: CustomerPlace): string =>
  Buffer.from(JSON.stringify([name, id])).toString('base64url');

function placeOf(cursor: string): CustomerPlace {
  try {
    const read: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(read) && typeof read[0] === 'string' && typeof read[1] === 'string') {
      return { name: read[0].replaceAll('\0', ''), id: read[1].replaceAll('\0', '') };
    }
  } catch {
    // It is none of ours, which is said below.
  }
  throw fault('BAD_REQUEST', { why: '"after" is not what a page gave as "next"' });
}

type KeyAction = 'whoAmI' | 'createKey' | 'listKeys' | 'getKey' | 'rotateKey' | 'revokeKey';

const keyActions = (keys: Desks['keys']): Pick<Actions, KeyAction> => ({
  whoAmI: async ({ caller }) => printCaller(caller),
  createKey: async ({ body, caller, audit }) => {
    const request = {
      name: body.name,
      scope: scopeOf(body.scope, caller),
      role: body.role ?? caller.role,
      isReadOnly: body.readOnly ?? false,
      expiresAt: body.expiresAt == null ? null : momentOf(body.expiresAt),
    };
    audit.about(ofScope(request.scope));
    return printKeySecret(await keys.create(request, caller));
  },
  listKeys: async ({ query: { after, limit = PAGE_DEFAULT, customer, tenant }, caller }) => {
    const named = { customer: customerNamed(customer), tenant: tenantNamed(tenant) };
    if (named.customer === null || named.tenant === null) return { keys: [], next: null };
    const page = await keys.list(
      { after, limit, ...named } as Parameters<typeof keys.list>[0],
      caller,
    );
    return { keys: page.keys.map(printKey), next: page.next };
  },
  getKey: async ({ params, caller }) => printKey(await keys.show(params.key, caller)),
  rotateKey: async ({ params, body, caller, audit }) => {
    const made = await keys.rotate(params.key, ms(body.graceMs ?? 0), caller);
    audit.about(ofScope(made.key.scope));
    return printKeySecret(made);
  },
  revokeKey: async ({ params, caller, audit }) => {
    const key = await keys.revoke(params.key, caller);
    const { name, role, scope, person } = key;
    audit.about(ofScope(scope));
    audit.changed({ name, role, scope: scope.kind, person }, {});
    return undefined;
  },
});

/** Whose matter a key is. */
const ofScope = (scope: ApiKey['scope']): Partial<AuditSubject> => {
  if (scope.kind === 'customer') return { customer: scope.customer };
  return scope.kind === 'tenant' ? { tenant: scope.tenant } : {};
};

/** The caller's own scope if none is named; throws as if what is misnamed did not exist. */
function scopeOf(scope: NewKey['scope'], caller: Caller) {
  if (scope === undefined) {
    if (caller.scope.kind === 'nothing') throw fault('FORBIDDEN', { why: 'it reaches nothing' });
    return caller.scope;
  }
  if (scope.kind === 'operator') return { kind: 'operator' } as const;
  if (scope.kind === 'customer') {
    const own = caller.scope.kind === 'customer' ? caller.scope.customer : undefined;
    const customer = scope.customer === 'me' && own !== undefined ? own : scope.customer;
    return { kind: 'customer', customer: customerId(customer) } as const;
  }
  const { tenant } = scope;
  if (!isTenantId(tenant)) throw fault('TENANT_UNKNOWN', { tenant });
  return { kind: 'tenant', tenant } as const;
}

/** Null for what is no id: nothing is of that. */
const customerNamed = (text: string | undefined) =>
  text === undefined ? undefined : isId('cu', text) ? text : null;

const tenantNamed = (text: string | undefined) =>
  text === undefined ? undefined : isTenantId(text) ? text : null;

type PeopleAction =
  | 'listPeople'
  | 'putPerson'
  | 'removePerson'
  | 'listCustomerPeople'
  | 'putCustomerPerson'
  | 'removeCustomerPerson';

type PeopleCall = {
  readonly params: { readonly email: string };
  readonly audit: { changed(before: object, after: object): void };
};

function peopleActions(people: Desks['people']): Pick<Actions, PeopleAction> {
  const list = async (customer: CustomerId | null, query: QueryOf<'listPeople'>) => {
    const { after, limit = PAGE_DEFAULT } = query;
    const page = await people.list(customer, { after, limit });
    return { people: page.people.map(printPerson), next: page.next };
  };
  const put = async (
    customer: CustomerId | null,
    { params, body, audit }: PeopleCall & { readonly body: BodyOf<'putPerson'> },
  ) => {
    const before = await people.find(params.email, customer);
    const person = await people.put(params.email, customer, body.role);
    audit.changed(before === undefined ? {} : { role: before.role }, { role: person.role });
    return printPerson(person);
  };
  const remove = async (customer: CustomerId | null, { params, audit }: PeopleCall) => {
    const before = await people.find(params.email, customer);
    await people.remove(params.email, customer);
    audit.changed({ role: before?.role ?? null }, {});
    return undefined;
  };
  return {
    listPeople: ({ query }) => list(null, query),
    putPerson: (call) => put(null, call),
    removePerson: (call) => remove(null, call),
    listCustomerPeople: ({ params, query }) => list(customerId(params.customer), query),
    putCustomerPerson: (call) => put(customerId(call.params.customer), call),
    removeCustomerPerson: (call) => remove(customerId(call.params.customer), call),
  };
}

type IssuerAction =
  | 'createTokenIssuer'
  | 'listTokenIssuers'
  | 'getTokenIssuer'
  | 'changeTokenIssuer'
  | 'deleteTokenIssuer';

const issuerActions = (tokens: Desks['tokens']): Pick<Actions, IssuerAction> => ({
  createTokenIssuer: async ({ body }) => {
    const { name, issuer, audience, customerClaim = 'customer', role = 'viewer' } = body;
    const keys = keysOf(body);
    if (keys === undefined) {
      throw fault('BAD_REQUEST', { why: 'the body needs one of the fields "keys" and "keysUrl"' });
    }
    const draft = { name, issuer, audience, customerClaim, role, keys };
    return printIssuer(await tokens.create(draft));
  },
  listTokenIssuers: async () => ({ issuers: (await tokens.list()).map(printIssuer) }),
  getTokenIssuer: async ({ params }) => printIssuer(await tokens.show(params.issuer)),
  changeTokenIssuer: async ({ params, body, audit }) => {
    const { keys: _, keysUrl: __, ...rest } = body;
    const keys = keysOf(body);
    const before = await tokens.show(params.issuer);
    const after = await tokens.change(params.issuer, { ...rest, ...(keys && { keys }) });
    audit.changed(printIssuer(before), printIssuer(after));
    return printIssuer(after);
  },
  deleteTokenIssuer: async ({ params, audit }) => {
    const before = await tokens.show(params.issuer);
    await tokens.remove(params.issuer);
    const { name, issuer, role } = before;
    audit.changed({ name, issuer, role }, {});
    return undefined;
  },
});

function keysOf(body: BodyOf<'changeTokenIssuer'>): IssuerKeys | undefined {
  const { keys, keysUrl } = body;
  if (keys !== undefined && keysUrl !== undefined) {
    throw fault('BAD_REQUEST', { why: 'only one of "keys" and "keysUrl" can be given' });
  }
  if (keysUrl !== undefined) return { kind: 'url', url: keysUrl };
  return keys && { kind: 'inline', jwks: keys as Extract<IssuerKeys, { kind: 'inline' }>['jwks'] };
}

const NEVER = -1;

function auditFilter(query: QueryOf<'listAudit'>, caller: Caller): AuditQuery {
  const { after, limit = PAGE_DEFAULT, operation, outcome, from, to } = query;
  const own = customerOf(caller);
  const asked = customerNamed(query.customer === 'me' && own !== null ? own : query.customer);
  const tenant = tenantNamed(query.tenant);
  const isForeign =
    asked === null || tenant === null || (own !== null && asked !== undefined && asked !== own);
  if (after !== undefined && !/^\d{1,15}$/.test(after)) {
    throw fault('BAD_REQUEST', { why: '"after" is not what a page gave as "next"' });
  }
  return {
    ...{ limit, operation, outcome, caller: query.caller },
    customer: own ?? asked ?? undefined,
    tenant: tenant ?? undefined,
    from: momentIfAny(from),
    to: momentIfAny(to),
    before: isForeign ? NEVER : after === undefined ? undefined : Number(after),
  };
}
