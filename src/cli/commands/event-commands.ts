/** `dynabase events`: what happens, as it happens. */
import type { Command } from 'commander';
import type { Event } from '../../contract/events/events.ts';
import type { Run } from '../command.ts';
import { given, orDash } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { integer } from '../options/parse.ts';
import { visible } from '../sql/rows-text.ts';
import type { Style } from '../words/style.ts';
import { padEnd } from '../words/width.ts';

type Flags = {
  readonly types?: string;
  readonly tenant?: string;
  readonly after?: string;
  readonly limit?: string;
};

/** Of the longest common types, so that columns stay where they are. */
const TYPE_WIDTH = 16;
const NAME_WIDTH = 16;

export function addEventCommands(program: Command, run: Run): void {
  program
    .command('events')
    .description('Tell what happens as it happens, until Ctrl-C; with --json one event a line')
    .option('--types <types>', 'Only these, with commas between; such as tenant.state,operation.*')
    .option('--tenant <tenant>', 'Only of this tenant')
    .option('--after <event>', 'Begin behind the event of this id')
    .option('--limit <n>', 'End after so many')
    .action(
      run(async ({ server, printer, world }, _, flags: Flags) => {
        const range = integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
        const limit = parsed('--limit', flags.limit, range);
        const { tenant } = flags;
        const query = given({ types: flags.types, after: flags.after });
        const { events } = await server();
        const controller = new AbortController();
        const { signal } = controller;
        const stop = world.onInterrupt(() => controller.abort());
        try {
          const heard =
            tenant === undefined
              ? events.listen(query, { signal })
              : events.listenTenant(tenant, query, { signal });
          let count = 0;
          for await (const event of heard) {
            printer.line(printer.json ? JSON.stringify(event) : eventText(event, printer.style));
            count += 1;
            if (count === limit) break;
          }
        } catch (error) {
          // Who has stopped it knows.
          if (!signal.aborted) throw error;
        } finally {
          stop();
        }
      }),
    );
}

function eventText({ at, type, tenant, customer, data }: Event, style: Style): string {
  const said = Object.entries(data).map(([name, value]) => {
    return `${style.dim(`${name}=`)}${visible(typeof value === 'string' ? value : JSON.stringify(value))}`;
  });
  const whose = orDash(tenant?.name ?? customer);
  const head = `${style.dim(at)}  ${padEnd(type, TYPE_WIDTH)}  ${padEnd(whose, NAME_WIDTH)}`;
  return `${head}  ${said.join(' ')}`.trimEnd();
}
