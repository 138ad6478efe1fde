/** `dynabase mcp`: the server as tools of an agent, over the Model Context Protocol. */
import type { Command } from 'commander';
import type { Run } from './command.ts';

type Flags = { readonly allowWrites?: true; readonly allowDestructive?: true };

export function addMcpCommand(program: Command, run: Run, version: string): void {
  program
    .command('mcp')
    .description('Serve agents over the Model Context Protocol, on standard input and output')
    .option('--allow-writes', 'Let an agent run SQL that writes, where it says so')
    .option('--allow-destructive', 'Let an agent delete tenants and snapshots, and restore')
    .action(
      run(async ({ world, server, printer }, _args, flags: Flags) => {
        if (world.stdin.isTTY === true) {
          printer.note('an agent starts this command and speaks MCP with it; Ctrl-C to end');
        }
        // Loaded only here: every other command is a short call and should start at once.
        const { serveAgents } = await import('./mcp/serve.ts');
        await serveAgents(world, {
          server,
          version,
          allowWrites: flags.allowWrites === true,
          allowDestructive: flags.allowDestructive === true,
        });
      }),
    );
}
