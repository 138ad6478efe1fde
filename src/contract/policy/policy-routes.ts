/** The routes by which the policy explains itself and is changed. */
import { Type } from 'typebox';
import type { OperationName } from '../operations.ts';
import { ok, Ref, type Route } from '../route.ts';
import { Moment } from '../values.ts';
import { DecisionPage, Policy, PolicyChange, TenantPolicy } from './policy.ts';

const PAGE_MAX = 1_000;

const DecisionQuery = Type.Object(
  {
    before: Type.Optional(Moment('Only those that are older.')),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: PAGE_MAX,
        default: 100,
        description: 'Page size; decisions of one millisecond stay together.',
      }),
    ),
    replay: Type.Optional(
      Type.Boolean({ description: 'Take each again, by the rules of now.', default: false }),
    ),
  },
  { additionalProperties: false },
);

export const POLICY_ROUTES = {
  explainTenant: {
    tag: 'tenants',
    summary: 'Why a tenant is kept as it is, and what comes next',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(TenantPolicy),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  listDecisions: {
    tag: 'tenants',
    summary: 'What the policy decided about a tenant, the latest first',
    description: 'Kept for 90 days.',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    query: DecisionQuery,
    success: ok(DecisionPage),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  getPolicy: {
    tag: 'server',
    summary: 'The policy in force',
    access: { scope: 'operator', right: 'read' },
    success: ok(Policy),
    faults: [],
  },
  setPolicy: {
    tag: 'server',
    summary: 'Change the policy, without a restart',
    description: 'Answers with the policy in force then. It holds after a restart, too.',
    access: { scope: 'operator', right: 'change' },
    body: PolicyChange,
    success: ok(Policy),
    faults: ['BAD_POLICY', 'SERVER_STOPPING', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
