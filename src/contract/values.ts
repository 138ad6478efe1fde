/** The small schemas that the shapes are made of. JSON carries units in its names: `...Ms`, `...Us`. */
import { Type } from 'typebox';

/** RFC 3339 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export const Moment = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-05-04T09:30:00.000Z'] });

export const Count = (description: string) => Type.Integer({ minimum: 0, description });

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

export const Tier = Type.Enum([...TENANT_TIERS], {
  type: 'string',
  description: 'How the tenant is kept.',
});

export const Plan = Type.Enum([...TENANT_PLANS], {
  type: 'string',
  description: 'What the customer pays for; bounds the tiers.',
});

export const State = Type.Enum([...TENANT_STATES], {
  type: 'string',
  description: 'Where the tenant is in its life.',
});

/** A year; beyond that a tenant that must not sleep belongs in tier PERSISTENT. */
export const SUSPEND_AFTER_MAX_MS = 31_536_000_000;
export const SUSPEND_AFTER_MIN_MS = 1_000;
export const SESSIONS_MAX = 10_000;

export const SuspendAfterMs = Type.Union(
  [Type.Integer({ minimum: SUSPEND_AFTER_MIN_MS, maximum: SUSPEND_AFTER_MAX_MS }), Type.Null()],
  { description: 'Idle time before the tenant is suspended; null leaves it to the policy.' },
);

export const SessionsMax = Type.Union(
  [Type.Integer({ minimum: 1, maximum: SESSIONS_MAX }), Type.Null()],
  { description: 'Most sessions at once; null leaves it to the tier.' },
);
