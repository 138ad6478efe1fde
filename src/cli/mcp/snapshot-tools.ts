/** Snapshots: what there is, one more, and back to one. */
import type { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { SNAPSHOT_NAME_LENGTH_MAX } from '../../contract/limits.ts';
import { SnapshotShape, snapshotTold, TenantRef, TenantShape, told } from './shapes.ts';
import { type Agents, addTool } from './tool.ts';

export function addSnapshotTools(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'list_snapshots',
    title: 'List the snapshots of a tenant',
    description: 'The latest first. Wakes nobody.',
    manner: 'reads',
    input: z.object({ tenant: TenantRef }),
    output: z.object({ snapshots: z.array(SnapshotShape) }),
    run: async (client, { tenant }, signal) => {
      const snapshots = await client.tenants.snapshots(tenant, { signal });
      return { snapshots: snapshots.map(snapshotTold) };
    },
  });
  addTool(mcp, agents, {
    name: 'create_snapshot',
    title: 'Take a snapshot of a tenant',
    description: 'As it is now, kept under its name until it is deleted. Good before a migration.',
    manner: 'changes',
    input: z.object({
      tenant: TenantRef,
      name: z.string().min(1).max(SNAPSHOT_NAME_LENGTH_MAX),
    }),
    output: SnapshotShape,
    run: async (client, { tenant, name }, signal) =>
      snapshotTold(await client.tenants.snapshot(tenant, { name }, { signal })),
  });
  if (agents.allowDestructive) addDestroying(mcp, agents);
}

const Chosen = z.object({ tenant: TenantRef, snapshot: z.string().max(63).describe('Its id') });

function addDestroying(mcp: McpServer, agents: Agents): void {
  addTool(mcp, agents, {
    name: 'restore_snapshot',
    title: 'Go back to a snapshot',
    description:
      'Makes a snapshot the data of its tenant. What there was is kept as another snapshot.',
    manner: 'destroys',
    input: Chosen,
    output: TenantShape,
    run: async (client, { tenant, snapshot }, signal) =>
      told(await client.tenants.restore(tenant, snapshot, { signal })),
  });
  addTool(mcp, agents, {
    name: 'delete_snapshot',
    title: 'Delete a snapshot',
    description: 'One that has a name. There is no way back.',
    manner: 'destroys',
    input: Chosen,
    output: z.object({ deleted: z.string() }),
    run: async (client, { tenant, snapshot }, signal) => {
      await client.tenants.deleteSnapshot(tenant, snapshot, { signal });
      return { deleted: snapshot };
    },
  });
}
