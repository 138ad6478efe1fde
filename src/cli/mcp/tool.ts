/** What a tool is, and how its failures are told. */
import type { CallToolResult, McpServer } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { DynaBase } from '../../sdk/client.ts';
import { DynaBaseError } from '../../sdk/error.ts';
import type { Explained } from '../failure.ts';
import { withNearTenant } from '../options/near-tenant.ts';

/** What an agent was let do when the command was started. */
export type Allowed = {
  /** SQL that writes. */
  readonly allowWrites: boolean;
  /** What takes data away. */
  readonly allowDestructive: boolean;
};

export type Agents = Allowed & {
  /** Asked for each call, so that a server may restart between two. */
  readonly server: () => Promise<DynaBase>;
  /** Of DynaBase. */
  readonly version: string;
};

/** What a client may show or ask of a person before the tool is called. */
type Manner = 'reads' | 'changes' | 'destroys';

export type Tool<I extends z.ZodObject, O extends z.ZodObject> = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly manner: Manner;
  readonly input: I;
  readonly output: O;
  readonly run: (client: DynaBase, input: z.output<I>, signal: AbortSignal) => Promise<z.output<O>>;
};

export function addTool<I extends z.ZodObject, O extends z.ZodObject>(
  mcp: McpServer,
  agents: Agents,
  tool: Tool<I, O>,
): void {
  const { name, title, description, manner, input, output, run } = tool;
  const annotations = {
    readOnlyHint: manner === 'reads',
    destructiveHint: manner === 'destroys',
    openWorldHint: false,
  };
  const config = { title, description, annotations, inputSchema: input, outputSchema: output };
  mcp.registerTool<O, z.ZodObject>(name, config, async (given, { mcpReq }) => {
    try {
      const client = await agents.server();
      const answer = await run(client, given as z.output<I>, mcpReq.signal);
      return {
        content: [{ type: 'text', text: JSON.stringify(answer) }],
        structuredContent: answer,
      };
    } catch (error) {
      return await failed(error, agents);
    }
  });
}

/** The failure in the words of its fault, for whoever has to choose what to do now. */
export async function failed(error: unknown, agents: Agents): Promise<CallToolResult> {
  return { content: [{ type: 'text', text: await failureTold(error, agents) }], isError: true };
}

async function failureTold(error: unknown, { server }: Agents): Promise<string> {
  if (!(error instanceof DynaBaseError)) return String(error);
  const explained: unknown = await withNearTenant(error, server);
  const { code, message, retry, database } = error;
  const lines = [`${message} [${code}]`];
  if (database?.detail != null) lines.push(`detail: ${database.detail}`);
  if (database?.hint != null) lines.push(`hint: ${database.hint}`);
  for (const { severity, message: said } of database?.notices ?? []) {
    lines.push(`${severity.toLowerCase()}: ${said}`);
  }
  if (isExplained(explained)) lines.push(...explained.lines);
  if (retry === 'soon') lines.push('the same may work in a moment');
  return lines.join('\n');
}

const isExplained = (error: unknown): error is Pick<Explained, 'lines'> =>
  error instanceof Error && 'lines' in error;
