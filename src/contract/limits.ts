/** The lists and bounds of the contract, apart from the schemas: who needs only these starts faster. */

export const TENANT_TIERS = ['COLD', 'WARM', 'HOT', 'PERSISTENT'] as const;
export const TENANT_PLANS = ['free', 'starter', 'professional', 'enterprise'] as const;
export const TENANT_STATES = [
  'creating',
  'suspended',
  'waking',
  'running',
  'suspending',
  'failed',
  'deleting',
] as const;

/** A year; beyond that a tenant that must not sleep belongs in tier PERSISTENT. */
export const SUSPEND_AFTER_MAX_MS = 31_536_000_000;
export const SUSPEND_AFTER_MIN_MS = 1_000;
export const SESSIONS_MAX = 10_000;
