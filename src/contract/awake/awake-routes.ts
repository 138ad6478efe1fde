/** The routes by which is told why tenants are awake. */
import { Type } from 'typebox';
import type { OperationName } from '../operations.ts';
import { ok, Ref, type Route } from '../route.ts';
import { Moment } from '../values.ts';
import { AwakeList, AwakeTimes, Why } from './awake.ts';

const strict = { additionalProperties: false } as const;

const limit = (maximum: number, fallback: number) =>
  Type.Optional(
    Type.Integer({ minimum: 1, maximum, default: fallback, description: 'How many at most.' }),
  );

const TimesQuery = Type.Object(
  {
    from: Type.Optional(
      Moment('Those that reach beyond this; 7 days before the end if not given.'),
    ),
    to: Type.Optional(Moment('Those that began before this; now if not given.')),
    before: Type.Optional(Moment('What `next` said.')),
    limit: limit(500, 50),
  },
  strict,
);

const WhyQuery = Type.Object(
  { since: Type.Optional(Moment('From when on is summed; 7 days ago if not given.')) },
  strict,
);

const AwakeQuery = Type.Object({ limit: limit(500, 50) }, strict);

export const AWAKE_ROUTES = {
  listAwakeTimes: {
    tag: 'tenants',
    summary: 'When a tenant was awake, why, and what it cost; the latest first',
    description: 'Kept for 90 days; costs are told for as long as minutes are kept.',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    query: TimesQuery,
    success: ok(AwakeTimes),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  whyAwake: {
    tag: 'tenants',
    summary: 'Why a tenant is awake, or was last, and what that costs',
    description: 'Wakes nobody.',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    query: WhyQuery,
    success: ok(Why),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  listAwake: {
    tag: 'tenants',
    summary: 'Who is awake now, why, and what it cost in the last day',
    description: 'Of very many, those that are awake longest are looked at.',
    access: { scope: 'customer', right: 'read' },
    query: AwakeQuery,
    success: ok(AwakeList),
    faults: ['CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
