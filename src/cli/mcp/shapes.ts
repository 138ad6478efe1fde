/** What of a tenant an agent is told: less than the API has, since it reads all of it. */
import { z } from 'zod';
import { TENANT_PLANS, TENANT_STATES, TENANT_TIERS } from '../../contract/limits.ts';
import type { Snapshot } from '../../contract/tenants/snapshot.ts';
import type { Tenant } from '../../contract/tenants/tenant.ts';

/** Most that a tool lists at once. */
export const LISTED_MAX = 100;

export const TenantRef = z.string().min(1).max(63).describe('Name or id of the tenant');

export const TenantName = z
  .string()
  .regex(/^[a-z]([a-z0-9_-]{0,61}[a-z0-9])?$/)
  .describe('Letters a-z, digits, _ and -; also the name of its database and its owner role');

export const Plan = z.enum(TENANT_PLANS).describe('Bounds the tiers it may earn');

export const TenantShape = z.object({
  name: z.string(),
  id: z.string(),
  state: z.enum(TENANT_STATES).describe('suspended: asleep, and woken by the next client'),
  stateSince: z.string(),
  level: z.string().describe('L1 awake, L3 at rest on this machine, L4 archived or not yet made'),
  tier: z.enum(TENANT_TIERS),
  plan: z.enum(TENANT_PLANS),
  sessions: z.number(),
  suspendAt: z.string().nullable().describe('When it falls asleep if nobody asks anything'),
  expiresAt: z.string().nullable().describe('When it is deleted by itself'),
  failure: z.string().nullable().describe('Why its last start failed'),
  connectionUri: z.string().describe('Without a password'),
});

export const told = (tenant: Tenant): z.output<typeof TenantShape> => {
  const { name, id, state, stateSince, level, tier, plan, sessions } = tenant;
  const { suspendAt, expiresAt, connectionUri } = tenant;
  const failure = tenant.failure?.reason ?? null;
  return {
    ...{ name, id, state, stateSince, level, tier, plan, sessions },
    ...{ suspendAt, expiresAt, failure, connectionUri },
  };
};

export const NewTenantShape = z.object({
  name: z.string(),
  id: z.string(),
  plan: z.enum(TENANT_PLANS),
  tier: z.enum(TENANT_TIERS),
  connectionUri: z.string().describe('With the password, which is told only now'),
});

export const SnapshotShape = z.object({
  id: z.string(),
  name: z.string().nullable().describe('One with a name is kept until it is deleted'),
  takenAt: z.string(),
  storedBytes: z.number(),
  damage: z.string().nullable().describe('Why it cannot be used'),
});

export const snapshotTold = (snapshot: Snapshot): z.output<typeof SnapshotShape> => {
  const { id, name, takenAt, storedBytes, damage } = snapshot;
  return { id, name, takenAt, storedBytes, damage };
};
