/** The whole command line: `dynabase COMMAND ...`. */
import { Command, CommanderError, Option } from 'commander';
import type { DynaBaseError } from '../sdk/error.ts';
import type { Action, CommanderAction, Run } from './command.ts';
import { addAuditCommand } from './commands/audit-commands.ts';
import { addAwakeCommands } from './commands/awake-commands.ts';
import { addBillingCommands } from './commands/billing-commands.ts';
import { addBillingPartyCommands } from './commands/billing-party-commands.ts';
import { addClaimCommands } from './commands/claim-commands.ts';
import { addCompletionCommands } from './commands/completion-commands.ts';
import { addComputeCommands } from './commands/compute-commands.ts';
import { addCustomerCommands } from './commands/customer-commands.ts';
import { addEconomicsCommands } from './commands/economics-commands.ts';
import { addEventCommands } from './commands/event-commands.ts';
import { addFileCommands } from './commands/file-commands.ts';
import { addHealthCommands } from './commands/health-commands.ts';
import { addInsideCommands } from './commands/inside-commands.ts';
import { addKeyCommands } from './commands/key-commands.ts';
import { addLadderCommands } from './commands/ladder-commands.ts';
import { addLoginCommands } from './commands/login-commands.ts';
import { addPeopleCommands } from './commands/people-commands.ts';
import { addPolicyCommands } from './commands/policy-commands.ts';
import { addQueryCommand } from './commands/query-command.ts';
import { addQuotaCommands } from './commands/quota-commands.ts';
import { addRoleCommands } from './commands/role-commands.ts';
import { addServerSettingsCommands } from './commands/server-settings-commands.ts';
import { addSessionCommands } from './commands/session-commands.ts';
import { addSnapshotCommands } from './commands/snapshot-commands.ts';
import { addStatementCommands } from './commands/statement-commands.ts';
import { addTenantCommands } from './commands/tenant-commands.ts';
import { addUsageCommands } from './commands/usage-commands.ts';
import { addWebhookCommands } from './commands/webhook-commands.ts';
import { addWorkCommands } from './commands/work-commands.ts';
import { addDoctorCommand, type Doctor } from './doctor.ts';
import { badOption, badRequest, failureJson, failureText } from './failure.ts';
import { addInitCommand } from './init.ts';
import { addMcpCommand } from './mcp.ts';
import { withNearTenant } from './options/near-tenant.ts';
import {
  flagOf,
  type OptionName,
  optionOf,
  type ServerOptions,
  serverOptionNames,
  variableOf,
} from './options/options.ts';
import { readConfigFile, readOptions } from './options/read-options.ts';
import { connect, readClientOptions } from './server.ts';
import { addSimulateCommand, type Simulate } from './simulate.ts';
import { addSqlCommand } from './sql/command.ts';
import { addTopCommand } from './top/command.ts';
import { Printer } from './words/printer.ts';
import { statusText } from './words/status-words.ts';
import { styleFor } from './words/style.ts';
import type { World } from './world.ts';

export type ProgramParts = {
  readonly world: World;
  /** Of DynaBase. */
  readonly version: string;
  /** Runs the server until it is told to end. */
  readonly up: (options: ServerOptions) => Promise<void>;
  /** Without them there are no such commands. */
  readonly doctor?: Doctor;
  readonly simulate?: Simulate;
};

/** Options that every command has; the rest of `of: 'server'` belong to `up`. */
const EVERYWHERE = [
  'dataDir',
  'config',
  'json',
  'apiUrl',
  'profile',
] as const satisfies OptionName[];

export function buildProgram({ world, version, up, doctor, simulate }: ProgramParts): Command {
  const program = new Command('dynabase')
    .description('Multi-tenant PostgreSQL: every tenant a database of its own, awake while used')
    .version(version, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print help')
    .helpCommand('help [command]', 'Print help for a command')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      // Told once, with its code, by `runProgram`.
      outputError: () => {},
      ...(world.stdout.columns === undefined
        ? {}
        : { getOutHelpWidth: () => world.stdout.columns ?? 80 }),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showSuggestionAfterError();
  for (const name of EVERYWHERE) program.addOption(commanderOption(name));
  addUp(program, { world, version, up });
  const run = runnerFor(program, world);
  addInitCommand(program, run);
  addLoginCommands(program, run);
  addStatus(program, run);
  addTopCommand(program, run);
  addTenantCommands(program, run);
  addSessionCommands(program, run);
  addLadderCommands(program, run);
  addPolicyCommands(program, run);
  addSnapshotCommands(program, run);
  addFileCommands(program, run);
  addSqlCommand(program, run);
  addQueryCommand(program, run);
  addRoleCommands(program, run);
  addInsideCommands(program, run);
  addStatementCommands(program, run);
  addComputeCommands(program, run);
  addUsageCommands(program, run);
  addWorkCommands(program, run);
  addEventCommands(program, run);
  addWebhookCommands(program, run);
  addCustomerCommands(program, run);
  addQuotaCommands(program, run);
  addAwakeCommands(program, run);
  addEconomicsCommands(program, run);
  addClaimCommands(program, run);
  addBillingCommands(program, run);
  addBillingPartyCommands(program, run);
  addKeyCommands(program, run);
  addPeopleCommands(program, run);
  addAuditCommand(program, run);
  addServerSettingsCommands(program, run);
  addHealthCommands(program, run);
  if (doctor !== undefined) {
    withServerOptions(addDoctorCommand(program, run, doctor));
  }
  if (simulate !== undefined) addSimulateCommand(program, run, simulate);
  addMcpCommand(program, run, version);
  addCompletionCommands(program, run, world);
  return program;
}

/**
 * Runs the command that `args` name; resolves with the exit status. Failures are told on standard
 * error, never thrown.
 */
export async function runProgram(
  program: Command,
  args: readonly string[],
  world: World,
): Promise<number> {
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // Commander has printed the help of a command that needs a subcommand.
    if (error instanceof CommanderError && error.code === 'commander.help') return 1;
    const told = error instanceof CommanderError ? misused(error) : error;
    const text = wantsJson(args, world)
      ? failureJson(told)
      : failureText(told, styleFor(world.stderr, world.env));
    world.stderr.write(`${text}\n`);
    return 1;
  }
}

/** Asked for also where the command line could not be read, so it is not asked of commander. */
const wantsJson = (args: readonly string[], { env }: World): boolean =>
  args.includes('--json') || /^(?:1|true|yes|on)$/i.test(env[variableOf('json')] ?? '');

function addUp(program: Command, { world, up }: ProgramParts): void {
  const command = withServerOptions(
    program.command('up').description('Run the server until Ctrl-C or SIGTERM'),
  );
  command.addHelpText('after', VARIABLES_HELP);
  command.action(async () => {
    const flags = flagsOf(command);
    const { env, homeDir, cwd } = world;
    const file = await readConfigFile(world, flags);
    await up(readOptions({ flags, env, file, homeDir, cwd }, serverOptionNames));
  });
}

/** Those of the table that not every command has. */
function withServerOptions(command: Command): Command {
  for (const name of serverOptionNames) {
    const isEverywhere = EVERYWHERE.some((everywhere) => everywhere === name);
    if (!isEverywhere && !optionOf(name).secret) command.addOption(commanderOption(name));
  }
  return command;
}

const VARIABLES_HELP = `
Each option is also a variable (--proxy-port is DYNABASE_PROXY_PORT) and a key of
dynabase.config.json (proxyPort). A flag wins over a variable, a variable over the file.
The catalog can be kept elsewhere: set ${variableOf('databaseUrl')} or DATABASE_URL.`;

function addStatus(program: Command, run: Run): void {
  program
    .command('status')
    .description('Show the server and how many tenants it has')
    .action(
      run(async ({ server, printer, world }) => {
        const status = await (await server()).status();
        printer.answer(status, (style) => statusText(status, world.now(), style));
      }),
    );
}

/** Gives an action its printer and its way to the server. */
function runnerFor(program: Command, world: World): Run {
  return <F extends object>(action: Action<F>): CommanderAction =>
    async function run(this: Command, ...given: unknown[]) {
      const flags = program.opts();
      const { options } = await readClientOptions(world, flags);
      const context = {
        world,
        printer: new Printer(world, options.json),
        server: () => connect(world, flags),
        options,
      };
      const args = given.slice(0, -2) as (string | undefined)[];
      try {
        await action(context, args, this.opts() as F);
      } catch (error) {
        throw await withNearTenant(error, context.server);
      }
    };
}

/** What the command line says of the options in the table, and nothing that is a default. */
const flagsOf = (command: Command): Readonly<Record<string, unknown>> => command.optsWithGlobals();

function commanderOption(name: OptionName): Option {
  const { value, doc, default: byDefault } = optionOf(name);
  const flag = value === undefined ? flagOf(name) : `${flagOf(name)} <${value}>`;
  const shown = value === undefined || byDefault === undefined ? doc : `${doc} (${byDefault})`;
  return new Option(flag, shown);
}

/** What commander found wrong with the command line, as one of our failures. */
function misused(error: CommanderError): DynaBaseError {
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const [, option, rest] = /^unknown option '([^']*)'\s*(.*)$/.exec(message) ?? [];
  if (option !== undefined) return badOption(option, `is not known ${rest ?? ''}`.trimEnd());
  return badRequest(message);
}
