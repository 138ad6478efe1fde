/** `dynabase top` */
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { parsed } from '../options/flag.ts';
import { choice, duration, integer } from '../options/parse.ts';
import { Asker } from './ask.ts';
import { FILTERS, frameLines, pageSize, SORTS, sorted, type View } from './view.ts';

const EVERY_DEFAULT_MS = 2_000;
const every = duration({ min: 200, max: 3_600_000 });

/** Tenants on a page where there is no terminal to fill. */
const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;

type Flags = {
  readonly once?: true;
  readonly every?: string;
  readonly sort?: string;
  readonly show?: string;
  readonly limit?: string;
};

export function addTopCommand(program: Command, run: Run): void {
  program
    .command('top')
    .description('Show what tenants do, live in a terminal')
    .option('--once', 'Print one picture and end, as is done where there is no terminal')
    .option('--every <duration>', 'How often it is asked again (2s)')
    .option('--show <which>', `${FILTERS.join(', ')} (awake)`)
    .option('--sort <order>', `${SORTS.join(', ')} (name)`)
    .option('--limit <n>', 'Tenants in one picture; what fits the terminal if not given')
    .action(
      run(async ({ server, printer, world }, _, flags: Flags) => {
        const { stdin, stdout } = world;
        const everyMs = parsed('--every', flags.every, every) ?? EVERY_DEFAULT_MS;
        const range = integer({ min: 1, max: LIMIT_MAX });
        const limit = parsed('--limit', flags.limit, range);
        const view: View = {
          filter: parsed('--show', flags.show, choice(FILTERS)) ?? 'awake',
          sort: parsed('--sort', flags.sort, choice(SORTS)) ?? 'name',
          before: [],
        };
        const asker = new Asker(await server(), () => world.now());
        const isLive = stdin.isTTY === true && stdout.isTTY === true && !printer.json;
        if (isLive && flags.once !== true) {
          const { live } = await import('./live.ts');
          await live({ world, asker, view, everyMs });
          return;
        }
        const fits = stdout.rows === undefined ? LIMIT_DEFAULT : pageSize(stdout.rows);
        const snapshot = await asker.ask(view, limit ?? fits);
        const { status, next } = snapshot;
        const tenants = sorted(snapshot.rows, view.sort).map((row) => ({
          ...row.tenant,
          measured: row.measured,
        }));
        printer.answer({ status, tenants, next }, (style) => {
          const columns = stdout.columns ?? Number.POSITIVE_INFINITY;
          const frame = { view, now: world.now(), style, columns, trouble: null };
          // Without the line of the keys.
          return frameLines(snapshot, frame).slice(0, -1).join('\n');
        });
      }),
    );
}
