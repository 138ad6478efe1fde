/** The text of `docs/cli.md`, made from the commands themselves and the option table. */
import type { Argument, Command, Option } from 'commander';
import {
  flagOf,
  type OptionName,
  optionNames,
  optionOf,
  variableOf,
} from '../cli/options/options.ts';
import { buildProgram } from '../cli/program.ts';
import { BACKSLASH_HELP } from '../cli/sql/backslash.ts';
import { fakeWorld } from './fake-world.ts';

const INTRODUCTION = `# The command line

\`dynabase COMMAND ...\`. Every command takes the options below, \`--json\` among them: then standard
output holds JSON and nothing else, and a failure is one JSON object on standard error.

This page is made from the program by \`UPDATE=1 npx vitest run src/cli/cli-page.test.ts\`.
`;

const EXIT_CODES = `## Exit status

| status | means |
|---|---|
| 0 | It is done. \`doctor\` found nothing that keeps a server from its work. |
| 1 | It failed, or was asked for wrongly. Standard error says why, with a code of [errors.md](errors.md) or an SQLSTATE; \`doctor\` found a problem; a person declined, or pressed Ctrl-C while something was written, of which nothing is kept. |
| 130 | \`up\` was interrupted a second time while it ended. |

A process that a signal ends has the status that a shell gives to it: 128 and the number of the signal.
`;

const SERVER = `## Which server

The first that is named, in this order:

1. the flags \`--api-url\` (with \`DYNABASE_API_KEY\`), \`--profile\`, \`--data-dir\`;
2. the variables \`DYNABASE_API_URL\` (with \`DYNABASE_API_KEY\`), \`DYNABASE_PROFILE\`, \`DYNABASE_DATA_DIR\`;
3. the same keys of the configuration file: \`apiUrl\` (with \`apiKey\` beside it), \`profile\`, \`dataDir\`;
4. the profile \`default\`, if somebody logged in without naming one;
5. the server that runs on this machine on \`~/.dynabase\`.

\`dynabase login\` keeps address and key of a profile in \`$XDG_CONFIG_HOME/dynabase/credentials.json\`
(\`~/.config\` if that is not set), which only its owner may read. Keys are never printed.
`;

const CONFIGURATION = `## Options of the server

Each is a flag of \`up\` and \`doctor\`, a variable, and a key of \`dynabase.config.json\`. A flag wins over
a variable, a variable over the file. The file may have comments and commas after last entries;
\`dynabase init\` writes one with every option. Secrets have no flag: other users of the machine can
read the arguments of a process.
`;

const PROMPT = `## The prompt of \`dynabase sql\`

\`\`\`
${BACKSLASH_HELP}
\`\`\`

A table wider than the terminal loses the ends of its widest texts, never a digit; where too little
would be left each row is shown as a record. A statement that had to wake its tenant says how long
that took. Statements are kept for the arrow keys of the next time in
\`$XDG_STATE_HOME/dynabase/sql_history\` (\`~/.local/state\` if that is not set), without those that
speak of passwords or other secrets.
`;

const IMPORT = `## What \`dynabase import\` carries over from PostgreSQL

From PostgreSQL 12 or newer, as of one moment: schemas, extensions that are installed here, types
(enums, domains, composites, ranges), sequences with their values, tables with all their rows,
partitions and inheritance, defaults, generated and identity columns, indexes, constraints, views,
materialized views, functions, procedures, aggregates, triggers, rules, statistics objects, row level
security, comments. Everything belongs to the owner of the new tenant.

Not carried over, and listed at the end: roles and grants to them (a policy for a role holds for the
owner), extensions that are not here, large objects, foreign tables and servers, publications,
subscriptions, event triggers, settings of databases and roles, tablespaces, and what only a superuser
may make, such as functions in C. Where no \`pg_dump\` of the source's version or a newer one is on the
PATH, DynaBase reads the schema by itself, and then operators, casts, collations, text search
configurations, operator classes and aggregates over ordered sets are listed as left behind too.

The rows of every table are counted here and compared with what was read; a difference, or any other
failure, removes the new tenant.
`;

/** The whole page. */
export function cliPage(): string {
  const program = buildProgram({
    world: fakeWorld(),
    version: '0.0.0',
    up: () => Promise.resolve(),
    doctor: () => Promise.resolve([]),
    simulate: () => Promise.reject(new Error('never run')),
  });
  return [
    INTRODUCTION,
    optionsTable(program.options),
    SERVER,
    EXIT_CODES,
    `## Commands\n\n${visible(program).flatMap(sections).join('\n')}`,
    PROMPT,
    IMPORT,
    CONFIGURATION,
    serverOptions(),
  ].join('\n');
}

const visible = (command: Command): readonly Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');

/** Of a command, or of each below it. */
function sections(command: Command): readonly string[] {
  if (command.commands.length > 0) return visible(command).flatMap(sections);
  const aliases = command.aliases().map((alias) => `\`${alias}\``);
  const own = command.name() === 'up' || command.name() === 'doctor' ? [] : command.options;
  const isServers = command.name() === 'up' || command.name() === 'doctor';
  const help = afterHelp(command);
  return [
    [
      `### \`${usageOf(command)}\`\n`,
      `${command.description()}.${aliases.length === 0 ? '' : ` Also ${aliases.join(', ')}.`}\n`,
      ...(command.registeredArguments.length === 0
        ? []
        : [argumentsTable(command.registeredArguments)]),
      ...(isServers ? ['Takes the [options of the server](#options-of-the-server).\n'] : []),
      ...(own.length === 0 ? [] : [optionsTable(own)]),
      ...(help === '' ? [] : [`${help}\n`]),
    ].join('\n'),
  ];
}

/** \`dynabase tenants create <name>\`. */
function usageOf(command: Command): string {
  const names: string[] = [];
  for (let one: Command | null = command; one !== null; one = one.parent) names.unshift(one.name());
  const wanted = command.registeredArguments.map((one) =>
    one.required ? `<${one.name()}>` : `[${one.name()}]`,
  );
  return [...names, ...wanted].join(' ');
}

/** What a command says behind its help. Commander gives it only while it prints. */
function afterHelp(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text
    .slice(text.indexOf(command.helpInformation()) + command.helpInformation().length)
    .trim();
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

const argumentsTable = (given: readonly Argument[]): string =>
  table(
    ['argument', 'is'],
    given.map((one) => [`\`${one.name()}\``, cell(one.description)]),
  );

const optionsTable = (options: readonly Option[]): string =>
  table(
    ['option', 'does'],
    options
      .filter(({ hidden }) => !hidden)
      .map(({ flags, description }) => [`\`${flags.replaceAll('|', '\\|')}\``, cell(description)]),
  );

function serverOptions(): string {
  const ofServer = optionNames.filter((name) => optionOf(name).of !== 'client');
  return table(
    ['key', 'flag', 'variable', 'default', 'is'],
    ofServer.map((name) => rowOf(name)),
  );
}

function rowOf(name: OptionName): readonly string[] {
  const { secret, alsoVariable, default: byDefault, doc } = optionOf(name);
  const variables = [variableOf(name), ...(alsoVariable === undefined ? [] : [alsoVariable])];
  return [
    `\`${name}\``,
    secret ? '' : `\`${flagOf(name)}\``,
    variables.map((variable) => `\`${variable}\``).join(', '),
    byDefault === undefined ? '' : `\`${byDefault}\``,
    cell(doc),
  ];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line), ''].join('\n');
}
