/** Why a tenant is awake or asleep, what it does, and what that comes to. */
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { TENANT_STATES, TENANT_TIERS } from '../../contract/limits.ts';
import type { DynaBase } from '../../sdk/client.ts';
import { TenantRef } from './shapes.ts';
import { type Agents, addTool } from './tool.ts';

const TIMES_TOLD = 5;

const Money = z.object({ amount: z.string(), currency: z.string() });

const Sum = { lengthMs: z.number(), cost: Money };

const AwakeShape = z.object({
  tenant: z.string(),
  says: z
    .array(z.string())
    .describe('The answer in plain sentences: why, since when, at what cost'),
  state: z.enum(TENANT_STATES),
  since: z.string(),
  sleepsAt: z.string().nullable().describe('When it falls asleep if nobody asks anything'),
  lastSuspendRefusal: z.string().nullable().describe('Why it could not be put to sleep last time'),
  tier: z.enum(TENANT_TIERS),
  tierBecause: z.string(),
  keptBecause: z.string().describe('Why the policy keeps it at its level'),
  wakesAheadAt: z.string().nullable().describe('When it is woken ahead of somebody expected'),
  chanceInHour: z.number().describe('That somebody comes within the next hour, 0 to 1'),
  sessions: z.array(
    z.object({
      role: z.string(),
      application: z.string(),
      from: z.string(),
      visitor: z
        .string()
        .describe('person, or probe, poller, monitor, backup: these keep nothing awake'),
      state: z.string().describe('parked holds nothing awake; pinned does'),
      idleMs: z.number(),
      pinnedBy: z.string().nullable(),
    }),
  ),
  times: z
    .array(
      z.object({
        woke: z.string(),
        because: z.string(),
        lengthMs: z.number(),
        ended: z.string().nullable().describe('Null while it lasts'),
        cost: Money.nullable().describe('Null where it is not counted yet, or is kept no more'),
      }),
    )
    .describe('The last times it was awake, the latest first'),
  week: z
    .object({
      total: z.object({ wakes: z.number(), ...Sum }),
      wokenBy: z.array(
        z.object({
          kind: z.string(),
          role: z.string().nullable(),
          application: z.string().nullable(),
          by: z.string().nullable(),
          wakes: z.number(),
          ...Sum,
        }),
      ),
      keptBy: z.array(z.object({ kind: z.string(), ...Sum })),
    })
    .describe('What woke it and what kept it awake since a week ago'),
  advice: z.array(z.string()),
});

export function addAwakeTools(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'explain_awake',
    title: 'Why a tenant is awake or asleep',
    description:
      'Why a tenant is awake or asleep, in plain sentences: who woke it, what keeps it awake, what that costs, when it will sleep or be woken ahead, its tier and why. Wakes nobody.',
    manner: 'reads',
    input: z.object({ tenant: TenantRef }),
    output: AwakeShape,
    run: (client, { tenant }, signal) => explainAwake(client, tenant, signal),
  });
  addUsage(mcp, agents);
  addConsumption(mcp, agents);
}

async function explainAwake(client: DynaBase, ref: string, signal: AbortSignal) {
  const { id, ...tenant } = await client.tenants.get(ref, { signal });
  const [why, policy, sessions, times] = await Promise.all([
    client.awake.why(id, {}, { signal }),
    client.tenants.explain(id, { signal }),
    client.tenants.sessions(id, { signal }),
    timesOf(client, id, signal),
  ]);
  return {
    tenant: tenant.name,
    says: why.says,
    state: tenant.state,
    since: tenant.stateSince,
    sleepsAt: why.sleepsAt,
    lastSuspendRefusal: tenant.lastSuspendRefusal?.why ?? null,
    tier: tenant.tier,
    tierBecause: policy.tier.because,
    keptBecause: policy.residency.because,
    wakesAheadAt: policy.residency.awakeAt,
    chanceInHour: policy.residency.chanceInHour,
    sessions: sessions.map((session) => ({
      role: session.role,
      application: session.applicationName,
      from: session.from,
      visitor: session.visitor,
      state: session.state,
      idleMs: session.idleForMs,
      pinnedBy: session.pin?.reason ?? null,
    })),
    times,
    week: {
      total: why.total,
      wokenBy: why.causes.map(({ applicationName: application, ...sum }) => ({
        ...sum,
        application,
      })),
      keptBy: why.reasons,
    },
    advice: policy.advice.map(({ text }) => text),
  };
}

async function timesOf(client: DynaBase, id: string, signal: AbortSignal) {
  const told = [];
  for await (const time of client.awake.times(id, { limit: TIMES_TOLD }, { signal })) {
    const { from, lengthMs, cause, ended, cost } = time;
    told.push({ woke: from, because: cause.says, lengthMs, ended: ended?.says ?? null, cost });
    if (told.length === TIMES_TOLD) break;
  }
  return told;
}

const Moment = z.iso.datetime({ offset: true });

function addUsage(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'usage',
    title: 'What a tenant used',
    description:
      'Queries, transactions, errors, bytes and latency of a tenant in a span of time, the last 24 hours if none is given. Wakes nobody.',
    manner: 'reads',
    input: z.object({
      tenant: TenantRef,
      from: Moment.optional().describe('Included'),
      to: Moment.optional().describe('Not included; now if not given'),
    }),
    output: z.object({
      from: z.string(),
      to: z.string(),
      sessions: z.number(),
      queries: z.number(),
      byRobots: z.number().describe('Of the queries, those of monitors and the like'),
      transactions: z.number(),
      errors: z.record(z.string(), z.number()).describe('By class of SQLSTATE'),
      bytesIn: z.number(),
      bytesOut: z.number(),
      meanMs: z.number().nullable().describe('Of a request; null if there was none'),
    }),
    run: async (client, { tenant, from, to }, signal) => {
      const query = { ...(from && { from }), ...(to && { to }) };
      const usage = await client.tenants.usage(tenant, query, { signal });
      const { latency, latencySumUs, quantiles, use, classes, served, ...total } = usage.total;
      const requests = latency.reduce((sum, count) => sum + count, 0);
      const meanMs = requests === 0 ? null : latencySumUs / requests / 1_000;
      return { from: usage.from, to: usage.to, ...total, meanMs };
    },
  });
}

function addConsumption(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'consumption',
    title: 'What a tenant has consumed in a month',
    description:
      'What is billed by: time awake, compute time, data written and sent, size; and which limits were passed. Wakes nobody.',
    manner: 'reads',
    input: z.object({
      tenant: TenantRef,
      month: z
        .string()
        .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
        .optional()
        .describe('Such as 2026-11 (UTC); this one if not given'),
    }),
    output: z.object({
      from: z.string(),
      to: z.string(),
      activeTimeSeconds: z.number().describe('A compute was awake'),
      computeTimeSeconds: z.number().describe('The same times its compute units of 4 GB'),
      writtenDataBytes: z.number(),
      dataTransferBytes: z.number().describe('Sent to clients'),
      logicalSizeBytes: z.number().describe('Of now, whatever the month'),
      sessions: z.number().describe('Open now'),
      passed: z
        .array(
          z.object({ quota: z.string(), grade: z.string(), limit: z.number(), until: z.string() }),
        )
        .describe('Limits that this period has passed; a hard one stops the tenant'),
    }),
    run: async (client, { tenant, month }, signal) => {
      const [used, { passed }] = await Promise.all([
        client.limits.consumption(tenant, { ...(month && { month }) }, { signal }),
        client.limits.quota(tenant, { signal }),
      ]);
      return { ...used, passed: passed.map((one) => ({ ...one })) };
    },
  });
}
