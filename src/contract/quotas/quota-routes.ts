/** The routes of limits, consumption, allowed addresses, and databases without an account. */
import { Type } from 'typebox';
import { CustomerParam } from '../access/customer-routes.ts';
import type { OperationName } from '../operations.ts';
import { ok, Ref, type Route } from '../route.ts';
import { Claim, Claimable, ClaimParam, NewClaim } from '../tenants/claim.ts';
import { Tenant } from '../tenants/tenant.ts';
import { Plan } from '../values.ts';
import { AllowedAddresses, Consumption, ConsumptionQuery, Quota, QuotaState } from './quota.ts';

const PlanParam = Type.Object({ plan: Plan });

const OF_TENANT = ['TENANT_UNKNOWN', 'CATALOG_DOWN'] as const;
const OF_CUSTOMER = ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN'] as const;

const SETTING =
  'Replaces what the caller has set: callers of the operator set the limits of the operator, those of a customer lower ones of their own. Holds at once: who is below its limits again may be awake.';

export const QUOTA_ROUTES = {
  getConsumption: {
    tag: 'tenants',
    summary: 'What a tenant has used in a month',
    description: 'As of the last minute.',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    query: ConsumptionQuery,
    success: ok(Consumption),
    faults: OF_TENANT,
  },
  getQuota: {
    tag: 'tenants',
    summary: 'Show the limits of a tenant, and how they stand',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(QuotaState),
    faults: OF_TENANT,
  },
  setQuota: {
    tag: 'tenants',
    summary: 'Set limits of a tenant',
    description: SETTING,
    access: { scope: 'tenant', right: 'billing' },
    params: Ref,
    body: Quota,
    success: ok(QuotaState),
    faults: OF_TENANT,
  },
  getCustomerConsumption: {
    tag: 'customers',
    summary: 'What all tenants of a customer have used in a month',
    description: 'As of the last minute.',
    access: { scope: 'customer', right: 'read' },
    params: CustomerParam,
    query: ConsumptionQuery,
    success: ok(Consumption),
    faults: OF_CUSTOMER,
  },
  getCustomerQuota: {
    tag: 'customers',
    summary: 'Show the limits of a customer, and how they stand',
    description: 'They hold for all its tenants together.',
    access: { scope: 'customer', right: 'read' },
    params: CustomerParam,
    success: ok(QuotaState),
    faults: OF_CUSTOMER,
  },
  setCustomerQuota: {
    tag: 'customers',
    summary: 'Set limits of a customer',
    description: SETTING,
    access: { scope: 'customer', right: 'billing' },
    params: CustomerParam,
    body: Quota,
    success: ok(QuotaState),
    faults: OF_CUSTOMER,
  },
  getCustomerAddresses: {
    tag: 'customers',
    summary: 'Show where clients of a customer may come from',
    access: { scope: 'customer', right: 'read' },
    params: CustomerParam,
    success: ok(AllowedAddresses),
    faults: OF_CUSTOMER,
  },
  setCustomerAddresses: {
    tag: 'customers',
    summary: 'Set where clients of a customer may come from',
    description: 'Of a tenant that has a list of its own, clients must be in both.',
    access: { scope: 'customer', right: 'change' },
    params: CustomerParam,
    body: AllowedAddresses,
    success: ok(AllowedAddresses),
    faults: OF_CUSTOMER,
  },
  getPlanQuota: {
    tag: 'server',
    summary: 'Show the limits of a plan',
    access: { scope: 'operator', right: 'read' },
    params: PlanParam,
    success: ok(Quota),
    faults: [],
  },
  setPlanQuota: {
    tag: 'server',
    summary: 'Set the limits of a plan',
    description:
      'They hold for tenants of the plan for which the operator has set none, from the next minute on.',
    access: { scope: 'operator', right: 'billing' },
    params: PlanParam,
    body: Quota,
    success: ok(Quota),
    faults: ['CATALOG_DOWN'],
  },
  createClaimable: {
    tag: 'tenants',
    summary: 'Create a database without an account',
    description:
      'For keys of role `claimer`, which may stand in a web page. It is deleted in three days, unless a customer claims it, and is bounded until then.',
    access: { scope: 'operator', right: 'claim' },
    success: { status: 201, shape: Claimable },
    faults: [
      'CLAIMS_OFF',
      'CLAIMS_THROTTLED',
      'CLAIMS_FULL',
      'DISK_FULL',
      'NO_UIDS',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  getClaim: {
    tag: 'tenants',
    summary: 'Show what can be claimed, and until when',
    access: null,
    params: ClaimParam,
    success: ok(Claim),
    faults: ['CLAIM_UNKNOWN', 'CATALOG_DOWN'],
  },
  claim: {
    tag: 'tenants',
    summary: 'Claim a database that was created without an account',
    description:
      "It is the caller's customer's then, with its plan, and neither ends by itself nor is bounded any more. Whoever made it knows its password: rotate that.",
    access: { scope: 'customer', right: 'change' },
    body: NewClaim,
    success: ok(Tenant),
    faults: ['CLAIM_UNKNOWN', 'TENANTS_FULL', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
