/** `dynabase sql NAME [SQL]` */
import type { Command } from 'commander';
import type { Context, Run } from '../command.ts';

export function addSqlCommand(program: Command, run: Run): void {
  program
    .command('sql')
    .argument('<name>', 'Name or id of the tenant')
    .argument('[sql]', 'SQL to run; without it a script on standard input, or a prompt')
    .description('Run SQL on a tenant as its owner')
    .action(run((context, [name = '', sql]) => runSql(context, name, sql)));
}

async function runSql(context: Context, name: string, sql: string | undefined): Promise<void> {
  const { world, printer } = context;
  // Loaded only here: the other commands start faster without a PostgreSQL client.
  const { SqlRunner } = await import('./runner.ts');
  const client = await context.server();
  const ticket = async () => (await client.tenants.ticket(name)).connectionUri;
  const runner = new SqlRunner({ world, printer, ticket });
  const release = world.onInterrupt(() => runner.cancel());
  try {
    if (sql !== undefined) {
      const { runArgument } = await import('./script.ts');
      await runArgument(runner, sql);
    } else if (world.stdin.isTTY === true && world.stdout.isTTY === true) {
      const { runPrompt } = await import('./prompt.ts');
      await runner.connect();
      printer.note(`connected to ${name}; \\? for help, \\q to quit`);
      await runPrompt(world, runner, name);
    } else {
      const { runScript } = await import('./script.ts');
      await runScript(runner, world.stdin);
    }
  } finally {
    release();
    await runner.close();
  }
}
