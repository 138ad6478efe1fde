/** `dynabase init`: a configuration file with every option, its default and what it is for. */
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import type { Run } from './command.ts';
import { badRequest, onFile } from './failure.ts';
import { type OptionName, optionNames, optionOf, variableOf } from './options/options.ts';
import { boolean } from './options/parse.ts';
import { CONFIG_FILE } from './options/read-options.ts';

export function addInitCommand(program: Command, run: Run): void {
  program
    .command('init')
    .argument('[file]', `Where to write it; ${CONFIG_FILE} of the working directory if not given`)
    .description('Write a configuration file with every option and its default')
    .option('--force', 'Replace the file if there is one')
    .action(
      run(async ({ world, printer }, [given], flags: { readonly force?: true }) => {
        const file = given ?? join(world.cwd, CONFIG_FILE);
        const sink = await onFile(file, 'written', () =>
          world.createFile(file, flags.force === true),
        );
        if (sink === null) {
          throw badRequest(`${basename(file)} is there already; say --force to replace it`);
        }
        try {
          await onFile(file, 'written', () => sink.write(Buffer.from(configText())));
          await onFile(file, 'written', () => sink.keep());
        } catch (error) {
          await sink.discard();
          throw error;
        }
        printer.answer({ file }, () => `wrote ${file}; take away the // before what you change`);
      }),
    );
}

/** The whole file. Nothing in it is in force, so that it says what would hold without it. */
export function configText(): string {
  const keys = optionNames.filter((name) => name !== 'config');
  return `// Configuration of DynaBase, read from the directory that a command is started in, or from where
// --config says. A flag wins over a variable, a variable over this file, this file over the default.
// Lines that begin with // are not in force; what they say is the default, or an example where
// there is none.
{
${keys.map(entryText).join('\n\n')}
}
`;
}

function entryText(name: OptionName): string {
  const { doc, secret } = optionOf(name);
  const lines = [`${doc}.`, ...(secret ? [SECRET_NOTE(variableOf(name))] : [])];
  return [...lines.map((line) => `  // ${line}`), `  // "${name}": ${valueText(name)},`].join('\n');
}

const SECRET_NOTE = (variable: string): string =>
  `A secret: better kept out of files, in the variable ${variable}.`;

/** The default as JSON has it; `"..."` where there is none. */
function valueText(name: OptionName): string {
  const { default: byDefault, parse, value } = optionOf(name);
  if (byDefault === undefined) return value === 'n' || value === 'port' ? '1' : '"..."';
  const isNumber = /^\d+$/.test(byDefault);
  return isNumber || parse === boolean ? byDefault : JSON.stringify(byDefault);
}
