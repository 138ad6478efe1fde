/** Tenants: what there is, another one, a copy, awake, asleep, gone. */
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { TENANT_STATES } from '../../contract/limits.ts';
import type { TenantSecret } from '../../contract/tenants/tenant.ts';
import { badRequest } from '../failure.ts';
import {
  LISTED_MAX,
  NewTenantShape,
  Plan,
  TenantName,
  TenantRef,
  TenantShape,
  told,
} from './shapes.ts';
import { tenantsOf } from './tenants-of.ts';
import { type Agents, addTool } from './tool.ts';

export function addTenantTools(mcp: McpServer, agents: Agents): void {
  addList(mcp, agents);
  addNew(mcp, agents);
  addWakeAndSuspend(mcp, agents);
  addConnections(mcp, agents);
  if (agents.allowDestructive) addDelete(mcp, agents);
}

function addList(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'list_tenants',
    title: 'List tenants',
    description: 'Tenants by name with their state, tier and plan. Wakes nobody.',
    manner: 'reads',
    input: z.object({
      state: z.enum(TENANT_STATES).optional().describe('Only those in this state'),
      after: z.string().max(200).optional().describe('What `next` said'),
      limit: z.int().min(1).max(LISTED_MAX).default(LISTED_MAX),
    }),
    output: z.object({ tenants: z.array(TenantShape), next: z.string().nullable() }),
    run: async (client, { state, after, limit }, signal) => {
      const query = { limit, ...(state && { state }), ...(after && { after }) };
      const { tenants, next } = await tenantsOf(client, query, signal);
      return { tenants: tenants.map(told), next };
    },
  });
}

function addNew(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'create_tenant',
    title: 'Create a tenant',
    description:
      'A new tenant: a PostgreSQL database of its own. Costs nothing while nobody uses it. The answer holds its password, which is told only once.',
    manner: 'changes',
    input: z.object({ name: TenantName, plan: Plan.optional() }),
    output: NewTenantShape,
    run: async (client, { name, plan }, signal) => {
      return made(await client.tenants.create({ name, ...(plan && { plan }) }, { signal }));
    },
  });
  addTool(mcp, agents, {
    name: 'fork_tenant',
    title: 'Fork a tenant',
    description:
      'A new tenant with the data that another has now; each goes its own way from there. Good for trying a migration. The answer holds the password of the new one.',
    manner: 'changes',
    input: z.object({
      tenant: TenantRef,
      name: TenantName.describe('Of the new tenant'),
      plan: Plan.optional(),
    }),
    output: NewTenantShape,
    run: async (client, { tenant, name, plan }, signal) => {
      const fork = { name, ...(plan && { plan }) };
      return made(await client.tenants.fork(tenant, fork, { signal }));
    },
  });
}

const made = ({ name, id, plan, tier, connectionUri }: TenantSecret) => ({
  ...{ name, id, plan, tier, connectionUri },
});

function addWakeAndSuspend(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'wake_tenant',
    title: 'Wake a tenant',
    description:
      'Starts its PostgreSQL ahead of use. Rarely needed: a query or a connection wakes it by itself.',
    manner: 'changes',
    input: z.object({ tenant: TenantRef }),
    output: TenantShape,
    run: async (client, { tenant }, signal) => told(await client.tenants.wake(tenant, { signal })),
  });
  addTool(mcp, agents, {
    name: 'suspend_tenant',
    title: 'Put a tenant to sleep',
    description:
      'Stops its PostgreSQL now. Nothing is lost and clients stay connected; the next query wakes it. Refused while somebody is at work.',
    manner: 'changes',
    input: z.object({ tenant: TenantRef }),
    output: TenantShape,
    run: async (client, { tenant }, signal) =>
      told(await client.tenants.suspend(tenant, { signal })),
  });
}

function addConnections(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'connection_string',
    title: 'How to connect to a tenant',
    description:
      'The connection string for one kind of client, and which kinds there are. A placeholder stands for the password, which nobody here knows. Wakes nobody.',
    manner: 'reads',
    input: z.object({
      tenant: TenantRef,
      kind: z
        .string()
        .max(40)
        .default('uri')
        .describe('uri, psql, jdbc, psycopg, ...; `kinds` of the answer has all'),
      role: z.string().max(63).optional().describe('The owner if not given'),
      database: z.string().max(63).optional().describe("The tenant's own if not given"),
      pooled: z.boolean().default(false).describe('A backend for each transaction only'),
    }),
    output: z.object({
      text: z.string().nullable().describe('Null if there is no such kind'),
      language: z.string().nullable(),
      placeholder: z.string().describe('Stands for the password in `text`'),
      kinds: z.array(z.string()),
    }),
    run: async (client, { tenant, kind, role, database, pooled }, signal) => {
      const query = { pooled, ...(role && { role }), ...(database && { database }) };
      const strings = await client.inside.connectionStrings(tenant, query, { signal });
      const form = strings.forms.find((one) => one.kind === kind);
      return {
        text: form?.text ?? null,
        language: form?.language ?? null,
        placeholder: strings.placeholder,
        kinds: strings.forms.map((one) => one.kind),
      };
    },
  });
}

function addDelete(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'delete_tenant',
    title: 'Delete a tenant',
    description: 'Deletes a tenant with all its data and snapshots. There is no way back.',
    manner: 'destroys',
    input: z.object({
      tenant: TenantRef,
      confirm: z.string().describe('Its name once more; nothing is deleted if it differs'),
    }),
    output: z.object({ deleted: z.string() }),
    run: async (client, { tenant, confirm }, signal) => {
      const { id, name } = await client.tenants.get(tenant, { signal });
      if (confirm !== name) throw badRequest(`confirm must be "${name}"`);
      await client.tenants.delete(id, { signal });
      return { deleted: name };
    },
  });
}
