import type { Operation } from '../operations.ts';

/** Why tenants are awake, and what that costs. */
export const AWAKE_OPERATIONS = {
  listAwakeTimes: { method: 'GET', path: '/v1/tenants/:ref/awake', repeat: 'safe' },
  whyAwake: { method: 'GET', path: '/v1/tenants/:ref/why', repeat: 'safe' },
  listAwake: { method: 'GET', path: '/v1/awake', repeat: 'safe' },
} as const satisfies Record<string, Operation>;
