import type { Operation } from '../operations.ts';

const TENANT = '/v1/tenants/:ref';
const CUSTOMER = '/v1/customers/:customer';

/** What may be used and was, where clients may come from, and databases without an account. */
export const QUOTA_OPERATIONS = {
  getConsumption: { method: 'GET', path: `${TENANT}/consumption`, repeat: 'safe' },
  getQuota: { method: 'GET', path: `${TENANT}/quota`, repeat: 'safe' },
  setQuota: { method: 'PUT', path: `${TENANT}/quota`, repeat: 'safe' },
  getCustomerConsumption: { method: 'GET', path: `${CUSTOMER}/consumption`, repeat: 'safe' },
  getCustomerQuota: { method: 'GET', path: `${CUSTOMER}/quota`, repeat: 'safe' },
  setCustomerQuota: { method: 'PUT', path: `${CUSTOMER}/quota`, repeat: 'safe' },
  getCustomerAddresses: { method: 'GET', path: `${CUSTOMER}/allowed-addresses`, repeat: 'safe' },
  setCustomerAddresses: { method: 'PUT', path: `${CUSTOMER}/allowed-addresses`, repeat: 'safe' },
  getPlanQuota: { method: 'GET', path: '/v1/plans/:plan/quota', repeat: 'safe' },
  setPlanQuota: { method: 'PUT', path: '/v1/plans/:plan/quota', repeat: 'safe' },
  createClaimable: { method: 'POST', path: '/v1/claimable', repeat: 'never' },
  getClaim: { method: 'GET', path: '/v1/claims/:token', repeat: 'safe' },
  claim: { method: 'POST', path: '/v1/claims', repeat: 'safe' },
} as const satisfies Record<string, Operation>;
