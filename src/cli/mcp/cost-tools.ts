/** What a tenant is charged and costs, and what the fleet does. */
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { TenantRef } from './shapes.ts';
import { type Agents, addTool } from './tool.ts';

const LINES = 20;

const MARGIN = {
  margin: z.number().nullable().describe('Profit by revenue'),
  marginUnknown: z.string().nullable().describe('Why there is no margin'),
};

const Line = z.object({
  key: z.string().nullable().describe('Tier, plan, day, or id; null for tenants of nobody'),
  name: z.string().nullable(),
  cost: z.string().describe('Exact, as text'),
  alwaysOn: z.string().describe('What the same would cost without sleep'),
  revenue: z.string().nullable(),
  ...MARGIN,
});

export function addCostTools(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'cost',
    title: 'What a tenant is charged, and costs',
    description:
      'What a tenant is charged this month so far, and what it will be at its end; for the operator also what it costs to run, the same always awake, and the margin. Wakes nobody.',
    manner: 'reads',
    input: z.object({ tenant: TenantRef }),
    output: z.object({
      from: z.string(),
      currency: z.string(),
      charged: z.string(),
      chargedAtMonthEnd: z.string(),
      cost: z.string().nullable().describe('Null for callers of a customer'),
      alwaysOn: z.string().nullable(),
      ...MARGIN,
    }),
    run: async (client, { tenant }, signal) => {
      const { from, currency, charged, chargedAtMonthEnd, ours } = await client.economics.cost(
        tenant,
        {},
        { signal },
      );
      const { cost = null, alwaysOn = null, margin = null, marginUnknown = null } = ours ?? {};
      const told = { cost, alwaysOn, margin, marginUnknown };
      return { from, currency, charged, chargedAtMonthEnd, ...told };
    },
  });
  addTool(mcp, agents, {
    name: 'fleet_cost',
    title: 'What all tenants cost and bring in',
    description:
      'Cost, revenue and margin of the fleet this month so far, by tier, plan, tenant, customer or day, and what the month will come to. For the operator.',
    manner: 'reads',
    input: z.object({ by: z.enum(['tier', 'plan', 'tenant', 'customer', 'day']).default('plan') }),
    output: z.object({
      priceBook: z.string(),
      currency: z.string(),
      total: Line,
      lines: z.array(Line),
      expectedAtMonthEnd: z.string(),
    }),
    run: async (client, { by }, signal) => {
      const found = await client.economics.costs({ by, limit: LINES }, { signal });
      const { priceBook, currency, projection } = found;
      const line = (one: (typeof found)['total']) => ({
        ...{ cost: one.cost, alwaysOn: one.alwaysOn, revenue: one.revenue },
        ...{ margin: one.margin, marginUnknown: one.marginUnknown },
      });
      return {
        ...{ priceBook, currency, expectedAtMonthEnd: projection.expected },
        total: { key: null, name: null, ...line(found.total) },
        lines: found.lines.map((one) => ({ key: one.key, name: one.name, ...line(one) })),
      };
    },
  });
}
