/** What the operations on limits do, and those on databases without an account. */

import type {
  Consumption as ConsumptionShape,
  Quota as QuotaShape,
  QuotaState,
} from '../../contract/quotas/quota.ts';
import type { Claimable as ClaimableShape } from '../../contract/tenants/claim.ts';
import type { Claimable } from '../../control/access/claim-desk.ts';
import type { ConsumptionView, QuotaView } from '../../control/quotas/quota-desk.ts';
import type { QuotaDesks } from '../../control/quotas/quota-desks.ts';
import { isAddressEntry } from '../../domain/address-list.ts';
import { type Caller, customerOf } from '../../domain/caller.ts';
import { fault } from '../../domain/faults.ts';
import type { CustomerId } from '../../domain/ids.ts';
import type { Quota, QuotaLimit } from '../../domain/quota.ts';
import type { ServerSettings } from '../../domain/settings.ts';
import { type Timestamp, timestamp } from '../../domain/units.ts';
import { customerId } from '../access/asked-customer.ts';
import { moment } from '../moment.ts';
import { printTenant } from '../print/print.ts';
import type { Actions } from './actions.ts';

type QuotaAction =
  | 'getConsumption'
  | 'getQuota'
  | 'setQuota'
  | 'getCustomerConsumption'
  | 'getCustomerQuota'
  | 'setCustomerQuota'
  | 'getCustomerAddresses'
  | 'setCustomerAddresses'
  | 'getPlanQuota'
  | 'setPlanQuota';

export function quotaActions({ quotas }: QuotaDesks): Pick<Actions, QuotaAction> {
  return {
    getConsumption: async ({ params, query }) =>
      printConsumption(await quotas.consumption(params.ref, monthAsked(query.month))),
    getQuota: async ({ params }) => printQuota(await quotas.tenantQuota(params.ref)),
    setQuota: async ({ params, body, caller, audit }) => {
      const before = await quotas.tenantQuota(params.ref);
      const after = await quotas.setTenantQuota(params.ref, quotaOf(body), caller);
      audit.changed(before.books, after.books);
      return printQuota(after);
    },
    getCustomerConsumption: async ({ params, query }) =>
      printConsumption(
        await quotas.ofCustomer(customerId(params.customer), monthAsked(query.month)),
      ),
    getCustomerQuota: async ({ params }) =>
      printQuota(await quotas.customerQuota(customerId(params.customer))),
    setCustomerQuota: async ({ params, body, caller, audit }) => {
      const id = customerId(params.customer);
      const before = await quotas.customerQuota(id);
      const after = await quotas.setCustomerQuota(id, quotaOf(body), caller);
      audit.changed(before.books, after.books);
      return printQuota(after);
    },
    getCustomerAddresses: async ({ params }) => ({
      allowedAddresses: [...quotas.customerAddresses(customerId(params.customer))],
    }),
    setCustomerAddresses: async ({ params, body, audit }) => {
      const id = customerId(params.customer);
      const allowedAddresses = addressesOf(body.allowedAddresses);
      audit.changed({ allowedAddresses: quotas.customerAddresses(id) }, { allowedAddresses });
      return { allowedAddresses: [...(await quotas.setCustomerAddresses(id, allowedAddresses))] };
    },
    getPlanQuota: async ({ params }) => printLimits(quotas.planQuota(params.plan)),
    setPlanQuota: async ({ params, body, audit }) => {
      const before = quotas.planQuota(params.plan);
      const after = await quotas.setPlanQuota(params.plan, quotaOf(body));
      audit.changed(before, after);
      return printLimits(after);
    },
  };
}

export function claimActions(
  { claims }: QuotaDesks,
  settings: () => ServerSettings,
): Pick<Actions, 'createClaimable' | 'getClaim' | 'claim'> {
  return {
    createClaimable: async ({ address, audit }) => {
      const made = await claims.create(address);
      audit.about({ tenant: made.secret.tenant.id });
      return printClaimable(made, settings().claimable);
    },
    getClaim: async ({ params }) => {
      const { name, expiresAt } = await claims.find(params.token);
      return { name, expiresAt: moment(expiresAt) };
    },
    claim: async ({ body, caller, audit }) => {
      const view = await claims.claim(body.token, claimantOf(caller));
      audit.about({ tenant: view.tenant.id });
      return printTenant(view);
    },
  };
}

/** The list as it is kept. Throws `BAD_REQUEST`, naming the entry that is none. */
export function addressesOf(given: readonly string[]): readonly string[] {
  const entries = given.map((entry) => entry.trim());
  const wrong = entries.find((entry) => !isAddressEntry(entry));
  if (wrong !== undefined) {
    const why = `"${wrong}" is no address, network or range`;
    throw fault('BAD_REQUEST', { why });
  }
  return entries;
}

function claimantOf(caller: Caller): CustomerId {
  const customer = customerOf(caller);
  if (customer !== null) return customer;
  throw fault('FORBIDDEN', { why: 'databases are claimed by a customer, with a key of its own' });
}

const monthAsked = (month: string | undefined): Timestamp | null =>
  month === undefined ? null : timestamp(Date.parse(`${month}-01T00:00:00Z`));

const printConsumption = ({ from, to, used }: ConsumptionView): ConsumptionShape => ({
  ...{ from: moment(from), to: moment(to) },
  ...used,
});

const printLimits = (quota: Quota): QuotaShape => ({ ...quota });

const printQuota = ({ books, effective, used, marks, resetsAt }: QuotaView): QuotaState => ({
  operator: printLimits(books.operator),
  own: printLimits(books.own),
  effective: printLimits(effective),
  used: { ...used },
  passed: marks.map(({ quota, grade, limit, until }) => ({
    ...{ quota, grade, limit, until: moment(until) },
  })),
  resetsAt: moment(resetsAt),
});

/** Without limits that are none. */
function quotaOf(body: QuotaShape): Quota {
  const limits = Object.entries(body).filter(([, limit]) => isLimit(limit));
  return Object.fromEntries(limits);
}

const isLimit = (limit: QuotaLimit | undefined): boolean =>
  limit !== undefined && (limit.soft !== null || limit.hard !== null);

const printClaimable = (
  { secret, token, expiresAt }: Claimable,
  { logicalBytesMax, sessionsMax }: ServerSettings['claimable'],
): ClaimableShape => ({
  ...{ id: secret.tenant.id, name: secret.tenant.name, connectionUri: secret.connectionUri },
  ...{ expiresAt: moment(expiresAt), token, claimPath: `/v1/claims/${token}` },
  ...{ logicalSizeBytesMax: logicalBytesMax, sessionsMax },
});
