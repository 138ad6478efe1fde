import { type Static, Type } from 'typebox';
import { Count, Moment, Plan } from '../values.ts';

const Name = Type.String({
  ...{ minLength: 1, maxLength: 200, description: 'For people.', examples: ['Acme Inc.'] },
});

const ExternalId = Type.Union([Type.String({ minLength: 1, maxLength: 200 }), Type.Null()], {
  description: 'What your own books call it; unique. Tokens may name it.',
  examples: ['org-17'],
});

const TenantsMax = Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()], {
  description: 'Most tenants that it may have; null for any number.',
});

const customerFields = {
  id: Type.String({ description: 'Never changes.', examples: ['cu_4f9k2m0q7x1z'] }),
  name: Name,
  externalId: ExternalId,
  plan: Plan,
  tenantsMax: TenantsMax,
  createdAt: Moment('When it was made.'),
  changedAt: Moment('When it was last changed.'),
};

/** As it stands in a list. */
const CustomerRow = Type.Object(customerFields, {
  ...{ $id: 'CustomerRow', additionalProperties: false },
});

export const Customer = Type.Object(
  { ...customerFields, tenants: Count('Tenants that it has now.') },
  { $id: 'Customer', additionalProperties: false },
);
export type Customer = Static<typeof Customer>;

export const CustomerPage = Type.Object(
  {
    customers: Type.Array(CustomerRow, { description: 'Sorted by name.' }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'Send it as `after` to get the next page; null at the end.',
    }),
  },
  { $id: 'CustomerPage', additionalProperties: false },
);
export type CustomerPage = Static<typeof CustomerPage>;

export const NewCustomer = Type.Object(
  {
    name: Name,
    externalId: Type.Optional(ExternalId),
    plan: Type.Optional(Plan),
    tenantsMax: Type.Optional(TenantsMax),
  },
  { $id: 'NewCustomer', additionalProperties: false },
);
export type NewCustomer = Static<typeof NewCustomer>;

export const CustomerChange = Type.Object(
  {
    name: Type.Optional(Name),
    externalId: Type.Optional(ExternalId),
    plan: Type.Optional(Plan),
    tenantsMax: Type.Optional(TenantsMax),
  },
  { $id: 'CustomerChange', additionalProperties: false, minProperties: 1 },
);
export type CustomerChange = Static<typeof CustomerChange>;
