/** `dynabase completion`, and what its scripts ask. */
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { badOption } from '../failure.ts';
import { choice } from '../options/parse.ts';
import { connect } from '../server.ts';
import type { World } from '../world.ts';
import { type Candidate, complete } from './completion.ts';
import { FILES_LINE, SCRIPTS, SHELLS } from './completion-scripts.ts';

/** Who presses TAB does not wait longer. */
const ANSWER_WITHIN_MS = 1_000;

/** Tenants offered at once. */
const OFFERED_MAX = 100;

export function addCompletionCommands(program: Command, run: Run, world: World): void {
  program
    .command('completion')
    .argument('<shell>', SHELLS.join(', '))
    .description('Print what makes a shell complete commands, options and names of tenants')
    .addHelpText('after', '\nFor bash: source <(dynabase completion bash)')
    .action(
      run(async ({ printer }, [given = '']) => {
        printer.line(SCRIPTS[shellOf(given)].trimEnd());
      }),
    );
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const lines = await offered(program, words, world);
      if (lines.length > 0) world.stdout.write(`${lines.join('\n')}\n`);
    });
}

const shellOf = (given: string) => {
  try {
    return choice(SHELLS)(given, { baseDir: '', homeDir: '' });
  } catch (error) {
    throw badOption('shell', error instanceof Error ? error.message : String(error));
  }
};

async function offered(
  program: Command,
  words: readonly string[],
  world: World,
): Promise<readonly string[]> {
  const { completion, flags, prefix } = complete(program, words);
  switch (completion.kind) {
    case 'files':
      return [FILES_LINE];
    case 'words':
      return completion.words.map(lineOf);
    case 'tenants':
      return (await tenants(world, flags, prefix).catch(() => [])).map(lineOf);
    default:
      return completion satisfies never;
  }
}

const lineOf = ({ word, about }: Candidate): string => `${word}\t${about}`;

/** Those whose names begin so; they are sorted, so a page from there on is enough. */
async function tenants(
  world: World,
  flags: Readonly<Record<string, string>>,
  prefix: string,
): Promise<readonly Candidate[]> {
  const client = await connect(world, flags, 0);
  const place = prefix === '' ? {} : { after: prefix };
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const page = await client.tenants.page({ limit: OFFERED_MAX, ...place }, { signal });
  return page.tenants
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, state, tier }) => ({ word: name, about: `${state}, ${tier}` }));
}
