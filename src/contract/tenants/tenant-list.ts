/** Which tenants to list, and in which order. */
import { Type } from 'typebox';
import { TENANT_SORTS } from '../limits.ts';
import { Home, Plan, State, Tier } from '../values.ts';

const PAGE_MAX = 1_000;

export const TenantListQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        maxLength: 200,
        description:
          '`next` of the page before, with the same order. By name it is the name of the last tenant.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: 100, description: 'Page size.' }),
    ),
    sort: Type.Optional(
      Type.Enum([...TENANT_SORTS], {
        type: 'string',
        default: 'name',
        description: 'The name decides between equals.',
      }),
    ),
    order: Type.Optional(
      Type.Enum(['asc', 'desc'], {
        type: 'string',
        default: 'asc',
        description: '`desc` for the last first.',
      }),
    ),
    state: Type.Optional(State),
    tier: Type.Optional(Tier),
    plan: Type.Optional(Plan),
    home: Type.Optional(Home),
    customer: Type.Optional(
      Type.String({ maxLength: 63, description: 'Only those of the customer of this id.' }),
    ),
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 63,
        description: 'Only those with this in their name.',
        examples: ['shop'],
      }),
    ),
  },
  { additionalProperties: false },
);
