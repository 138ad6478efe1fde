/** The rows of `quota-faults.ts` in the guide. */
import type { QUOTA_FAULTS } from '../domain/quota-faults.ts';
import type { FaultGuide } from './fault-guide.ts';

export const QUOTA_GUIDE: Pick<FaultGuide, keyof typeof QUOTA_FAULTS> = {
  QUOTA_EXCEEDED: {
    params: {
      ...{ tenant: 'acme', quota: 'computeTimeSeconds', limit: 360_000, of: 'tenant' },
      until: '2026-12-01T00:00:00.000Z',
    },
    advice:
      'What is counted by the month begins anew on its first day (UTC). `GET /v1/tenants/NAME/quota` shows limits and use; `PUT` raises them, and the tenant works again at once. Of size, `set transaction read write` lets a session delete.',
  },
  ADDRESS_NOT_ALLOWED: {
    params: { tenant: 'acme' },
    advice:
      'Add the address, its network or its range to `allowedAddresses` of the tenant, and of its customer if that has a list.',
  },
  CLAIMS_OFF: {
    params: {},
    advice: 'The operator turns them on: `PATCH /v1/settings` with `claimable.enabled`.',
  },
  CLAIMS_FULL: {
    params: { max: 1_000 },
    advice: 'Those that nobody claims go by themselves. The operator sets how many there may be.',
  },
  CLAIMS_THROTTLED: {
    params: { seconds: 600 },
    advice: 'Wait, or log in and create databases of your own.',
  },
  CLAIM_UNKNOWN: {
    params: {},
    advice: 'Make another one. What was claimed is among the tenants of the customer.',
  },
};
