/** The routes of keys, people, issuers of tokens and the audit log. */
import { Type } from 'typebox';
import { AUDIT_OUTCOMES } from '../limits.ts';
import type { OperationName } from '../operations.ts';
import { KeyHeader, ok, type Route } from '../route.ts';
import { Moment } from '../values.ts';
import {
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
  TokenIssuerList,
} from './access.ts';
import { AuditPage } from './audit.ts';
import { After, CustomerParam, Limit } from './customer-routes.ts';

const named = (name: string, example: string) =>
  Type.String({
    minLength: 1,
    maxLength: 63,
    description: `Id of the ${name}.`,
    examples: [example],
  });

const KeyParam = Type.Object({ key: named('key', 'key_4f9k2m0q7x1z') });

const IssuerParam = Type.Object({ issuer: named('issuer', 'iss_4f9k2m0q7x1z') });

const Email = Type.String({
  ...{ minLength: 3, maxLength: 150, pattern: '^[^\\s@/]+@[^\\s@/]+$' },
  ...{ description: 'Address of the person, in any case.', examples: ['ann@example.com'] },
});

const EmailParam = Type.Object({ email: Email });

const CustomerEmailParam = Type.Object({ ...CustomerParam.properties, email: Email });

const Id = Type.String({ minLength: 1, maxLength: 63 });

const Page = Type.Object({ after: After, limit: Limit }, { additionalProperties: false });

const KeyQuery = Type.Object(
  {
    after: After,
    limit: Limit,
    customer: Type.Optional(Id),
    tenant: Type.Optional(Id),
  },
  { additionalProperties: false },
);

const AuditQuery = Type.Object(
  {
    after: After,
    limit: Limit,
    customer: Type.Optional(Id),
    tenant: Type.Optional(Id),
    caller: Type.Optional(Type.String({ maxLength: 300, description: 'Id of who it was.' })),
    operation: Type.Optional(Type.String({ maxLength: 100 })),
    outcome: Type.Optional(Type.Enum([...AUDIT_OUTCOMES], { type: 'string' })),
    from: Type.Optional(Moment('Start, included.')),
    to: Type.Optional(Moment('End, not included.')),
  },
  { additionalProperties: false },
);

const KEY_ROUTES = {
  whoAmI: {
    tag: 'access',
    summary: 'Who the server takes the caller for',
    access: { scope: 'tenant', right: 'read' },
    success: ok(Caller),
    faults: [],
  },
  createKey: {
    tag: 'access',
    summary: 'Create a key',
    description:
      'Answers with its secret, which is shown only here. No key reaches further, or may more, than the caller that makes it.',
    access: { scope: 'tenant', right: 'admin' },
    body: NewKey,
    headers: KeyHeader,
    success: { status: 201, shape: KeySecret },
    faults: ['CUSTOMER_UNKNOWN', 'TENANT_UNKNOWN', 'IDEMPOTENCY_KEY_REUSED', 'CATALOG_DOWN'],
  },
  listKeys: {
    tag: 'access',
    summary: 'List keys, and the sessions of people',
    access: { scope: 'tenant', right: 'read' },
    query: KeyQuery,
    success: ok(KeyPage),
    faults: ['CATALOG_DOWN'],
  },
  getKey: {
    tag: 'access',
    summary: 'Show a key',
    access: { scope: 'tenant', right: 'read' },
    params: KeyParam,
    success: ok(Key),
    faults: ['KEY_UNKNOWN', 'CATALOG_DOWN'],
  },
  rotateKey: {
    tag: 'access',
    summary: 'Give a key another secret',
    description: 'The one of now is refused from then on, or after `graceMs`.',
    access: { scope: 'tenant', right: 'admin' },
    params: KeyParam,
    body: KeyRotation,
    headers: KeyHeader,
    success: ok(KeySecret),
    faults: ['KEY_UNKNOWN', 'IDEMPOTENCY_KEY_REUSED', 'CATALOG_DOWN'],
  },
  revokeKey: {
    tag: 'access',
    summary: 'Revoke a key, or end a session',
    description: 'Holds at once on this server, and on others of the same catalog within 30 s.',
    access: { scope: 'tenant', right: 'admin' },
    params: KeyParam,
    success: { status: 204, shape: null },
    faults: ['KEY_UNKNOWN', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;

const PEOPLE_ROUTES = {
  listPeople: {
    tag: 'access',
    summary: 'List the people of the operator',
    access: { scope: 'operator', right: 'read' },
    query: Page,
    success: ok(PersonPage),
    faults: ['CATALOG_DOWN'],
  },
  putPerson: {
    tag: 'access',
    summary: 'Let somebody log in for the operator, or give them another role',
    description: 'Who is given another role is logged out everywhere.',
    access: { scope: 'operator', right: 'admin' },
    params: EmailParam,
    body: PersonChange,
    success: ok(Person),
    faults: ['CATALOG_DOWN'],
  },
  removePerson: {
    tag: 'access',
    summary: 'Let somebody no longer log in for the operator',
    description: 'Sessions and personal keys end with it.',
    access: { scope: 'operator', right: 'admin' },
    params: EmailParam,
    success: { status: 204, shape: null },
    faults: ['PERSON_UNKNOWN', 'CATALOG_DOWN'],
  },
  listCustomerPeople: {
    tag: 'access',
    summary: 'List the people of a customer',
    access: { scope: 'customer', right: 'read' },
    params: CustomerParam,
    query: Page,
    success: ok(PersonPage),
    faults: ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN'],
  },
  putCustomerPerson: {
    tag: 'access',
    summary: 'Let somebody log in for a customer, or give them another role',
    description: 'Who is given another role is logged out everywhere.',
    access: { scope: 'customer', right: 'admin' },
    params: CustomerEmailParam,
    body: PersonChange,
    success: ok(Person),
    faults: ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN'],
  },
  removeCustomerPerson: {
    tag: 'access',
    summary: 'Let somebody no longer log in for a customer',
    description: 'Sessions and personal keys end with it.',
    access: { scope: 'customer', right: 'admin' },
    params: CustomerEmailParam,
    success: { status: 204, shape: null },
    faults: ['CUSTOMER_UNKNOWN', 'PERSON_UNKNOWN', 'CATALOG_DOWN'],
  },
  exchangeLogin: {
    tag: 'access',
    summary: 'Exchange what a login in a browser brought for a personal key',
    description: 'The last step of `dynabase login`: see `/v1/auth/cli`. A code is taken once.',
    access: null,
    body: LoginCode,
    success: ok(KeySecret),
    faults: ['LOGIN_REFUSED', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;

const ISSUER_ROUTES = {
  createTokenIssuer: {
    tag: 'access',
    summary: 'Accept tokens that an application signs for its customers',
    description:
      'Its tokens (JWT, signed with RSA, ECDSA or EdDSA) are bearers like keys: they name a customer, live 24 hours at most, may ask for less by the claims `role` and `tenant`, and reach nothing of anybody else.',
    access: { scope: 'operator', right: 'admin' },
    body: NewTokenIssuer,
    headers: KeyHeader,
    success: { status: 201, shape: TokenIssuer },
    faults: ['ISSUER_EXISTS', 'IDEMPOTENCY_KEY_REUSED', 'CATALOG_DOWN'],
  },
  listTokenIssuers: {
    tag: 'access',
    summary: 'List the applications whose tokens are accepted',
    access: { scope: 'operator', right: 'read' },
    success: ok(TokenIssuerList),
    faults: ['CATALOG_DOWN'],
  },
  getTokenIssuer: {
    tag: 'access',
    summary: 'Show an application whose tokens are accepted',
    access: { scope: 'operator', right: 'read' },
    params: IssuerParam,
    success: ok(TokenIssuer),
    faults: ['ISSUER_UNKNOWN', 'CATALOG_DOWN'],
  },
  changeTokenIssuer: {
    tag: 'access',
    summary: 'Change how the tokens of an application are checked',
    access: { scope: 'operator', right: 'admin' },
    params: IssuerParam,
    body: TokenIssuerChange,
    success: ok(TokenIssuer),
    faults: ['ISSUER_UNKNOWN', 'ISSUER_EXISTS', 'CATALOG_DOWN'],
  },
  deleteTokenIssuer: {
    tag: 'access',
    summary: 'Accept no more tokens of an application',
    access: { scope: 'operator', right: 'admin' },
    params: IssuerParam,
    success: { status: 204, shape: null },
    faults: ['ISSUER_UNKNOWN', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;

export const ACCESS_ROUTES = {
  ...KEY_ROUTES,
  ...PEOPLE_ROUTES,
  ...ISSUER_ROUTES,
  listAudit: {
    tag: 'access',
    summary: 'Who has changed what, the latest first',
    description: 'A customer sees what was done about itself; the operator is only that to it.',
    access: { scope: 'customer', right: 'read' },
    query: AuditQuery,
    success: ok(AuditPage),
    faults: ['CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
