/** The routes of customers. */
import { Type } from 'typebox';
import type { OperationName } from '../operations.ts';
import { KeyHeader, ok, type Route } from '../route.ts';
import { Plan } from '../values.ts';
import { Customer, CustomerChange, CustomerPage, NewCustomer } from './customer.ts';

export const PAGE_MAX = 1_000;

/** An id of a customer is shorter, and so is every `me`. */
export const CustomerParam = Type.Object({
  customer: Type.String({
    ...{ minLength: 1, maxLength: 63, examples: ['cu_4f9k2m0q7x1z'] },
    description: "Id of the customer; `me` for the caller's own.",
  }),
});

export const After = Type.Optional(
  Type.String({ minLength: 1, maxLength: 500, description: 'What a page before gave as `next`.' }),
);

export const Limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: 100, description: 'Page size.' }),
);

const CustomerQuery = Type.Object(
  {
    after: After,
    limit: Limit,
    plan: Type.Optional(Plan),
    search: Type.Optional(
      Type.String({
        ...{ minLength: 1, maxLength: 200 },
        description: 'A part of the name or of the external id, in any case.',
      }),
    ),
    externalId: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);

export const CUSTOMER_ROUTES = {
  createCustomer: {
    tag: 'customers',
    summary: 'Create a customer',
    access: { scope: 'operator', right: 'change' },
    body: NewCustomer,
    headers: KeyHeader,
    success: { status: 201, shape: Customer },
    faults: ['CUSTOMER_EXISTS', 'IDEMPOTENCY_KEY_REUSED', 'CATALOG_DOWN'],
  },
  listCustomers: {
    tag: 'customers',
    summary: 'List customers, sorted by name',
    access: { scope: 'operator', right: 'read' },
    query: CustomerQuery,
    success: ok(CustomerPage),
    faults: ['CATALOG_DOWN'],
  },
  getCustomer: {
    tag: 'customers',
    summary: 'Show a customer',
    access: { scope: 'customer', right: 'read' },
    params: CustomerParam,
    success: ok(Customer),
    faults: ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN'],
  },
  changeCustomer: {
    tag: 'customers',
    summary: 'Change a customer',
    description:
      "Another plan is at once that of its tenants too, but of those that have one of their own. The name is for who may change things, the plan and `tenantsMax` for right `billing`; a customer changes its own plan only to one of the server's `selfServicePlans`, and the operator alone `externalId` and `tenantsMax`.",
    access: { scope: 'customer', right: 'change', orRight: 'billing' },
    params: CustomerParam,
    body: CustomerChange,
    success: ok(Customer),
    faults: ['CUSTOMER_UNKNOWN', 'CUSTOMER_EXISTS', 'STALE_GENERATION', 'CATALOG_DOWN'],
  },
  deleteCustomer: {
    tag: 'customers',
    summary: 'Delete a customer that has no tenants',
    description: 'Its keys and people go with it.',
    access: { scope: 'operator', right: 'change' },
    params: CustomerParam,
    success: { status: 204, shape: null },
    faults: ['CUSTOMER_UNKNOWN', 'CUSTOMER_BUSY', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
