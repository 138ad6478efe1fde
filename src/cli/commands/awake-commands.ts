/** `dynabase why` and `awake`: why tenants are awake, and what that costs. */
import type { Command } from 'commander';
import type { AwakeTime } from '../../contract/awake/awake.ts';
import type { Run } from '../command.ts';
import { given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { integer, momentAgo } from '../options/parse.ts';
import { awakeText, whyText } from '../words/awake-words.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 500;

/** Where nobody says how wide the terminal is. */
const COLUMNS_DEFAULT = 120;

export function addAwakeCommands(program: Command, run: Run): void {
  addWhy(program, run);
  addAwake(program, run);
}

type WhyFlags = { readonly since?: string; readonly limit?: string };

function addWhy(program: Command, run: Run): void {
  program
    .command('why')
    .argument('<name>', 'Name or id')
    .description('Say why a tenant is awake, or was, and what that costs; wakes nobody')
    .option('--since <time>', 'From when on: 2h or 7d ago, or such as 2030-12-31T18:00Z (7d)')
    .option('--limit <n>', `Times awake to list at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer, world }, [name = ''], flags: WhyFlags) => {
        const since = parsed('--since', flags.since, momentAgo(world.now()));
        const limit = parsed('--limit', flags.limit, integer({ min: 0, max: LIMIT_MAX }));
        const { awake } = await server();
        const why = await awake.why(name, given({ since }));
        const times: AwakeTime[] = [];
        for await (const time of awake.times(name, given({ from: since }))) {
          if (times.length >= (limit ?? LIMIT_DEFAULT)) break;
          times.push(time);
        }
        const columns = world.stdout.columns ?? COLUMNS_DEFAULT;
        printer.answer({ ...why, times }, (style) =>
          whyText(why, times, { now: world.now(), columns, style }),
        );
      }),
    );
}

function addAwake(program: Command, run: Run): void {
  program
    .command('awake')
    .description('List who is awake now and why, the costliest of the last day first')
    .option('--limit <n>', `How many at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer, world }, _, flags: { readonly limit?: string }) => {
        const limit = parsed('--limit', flags.limit, integer({ min: 1, max: LIMIT_MAX }));
        const found = await (await server()).awake.now({ limit: limit ?? LIMIT_DEFAULT });
        const columns = world.stdout.columns ?? COLUMNS_DEFAULT;
        printer.answer(found, (style) => awakeText(found, columns, style));
      }),
    );
}
