/** `dynabase sql NAME [SQL]` */
import type { Command } from 'commander';
import type { Context, Run } from '../command.ts';
import { badOption } from '../failure.ts';
import { DISPLAY, type Display } from './display.ts';

type Flags = { readonly csv?: true; readonly tuplesOnly?: true };

export function addSqlCommand(program: Command, run: Run): void {
  program
    .command('sql')
    .argument('<name>', 'Name or id of the tenant')
    .argument('[sql]', 'SQL to run; without it a script on standard input, or a prompt')
    .description('Run SQL on a tenant as its owner')
    .option('--csv', 'Print rows as CSV')
    .option('-t, --tuples-only', 'Print rows alone, without heads and counts')
    .action(
      run((context, [name = '', sql], flags: Flags) => runSql(context, { name, sql, flags })),
    );
}

type Asked = { readonly name: string; readonly sql: string | undefined; readonly flags: Flags };

async function runSql(context: Context, { name, sql, flags }: Asked): Promise<void> {
  const { world, printer } = context;
  const display = displayOf(flags, printer.json);
  // Loaded only here: the other commands start faster without a PostgreSQL client.
  const { SqlRunner } = await import('./runner.ts');
  const client = await context.server();
  const runner = new SqlRunner({
    ...{ world, printer, tenant: name, display },
    ticket: async (tenant) => (await client.tenants.ticket(tenant)).connectionUri,
    sleeps:
      world.stderr.isTTY === true && !printer.json
        ? async (tenant) => {
            const found = await client.tenants.get(tenant).catch(() => undefined);
            return found !== undefined && found.state !== 'running';
          }
        : null,
  });
  const release = world.onInterrupt(() => runner.cancel());
  try {
    if (sql !== undefined) {
      const { runArgument } = await import('./script.ts');
      await runArgument(runner, sql);
    } else if (world.stdin.isTTY === true && world.stdout.isTTY === true) {
      const { runPrompt } = await import('./prompt.ts');
      await runner.connect();
      printer.note(`connected to ${name}; \\? for help, \\q to quit`);
      await runPrompt(world, runner);
    } else {
      const { runScript } = await import('./script.ts');
      await runScript(runner, world.stdin);
    }
  } finally {
    release();
    await runner.close();
  }
}

function displayOf({ csv, tuplesOnly }: Flags, json: boolean): Display {
  if (csv && json) throw badOption('--csv', 'and --json cannot both be');
  const format = json ? 'json' : csv ? 'csv' : 'table';
  return { ...DISPLAY, format, tuplesOnly: tuplesOnly ?? false };
}
