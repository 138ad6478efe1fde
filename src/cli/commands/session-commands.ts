/** `dynabase sessions` and `restart`: what becomes of clients while their tenant sleeps or restarts. */
import type { Command } from 'commander';
import { RESTART_WITHIN_DEFAULT_MS, RESTART_WITHIN_MAX_MS } from '../../contract/limits.ts';
import type { Restart } from '../../contract/tenants/session.ts';
import type { Run } from '../command.ts';
import { doWork, type Waiting, withNoWait } from '../long-work.ts';
import { parsed } from '../options/flag.ts';
import { duration, durationText } from '../options/parse.ts';
import { sessionsText } from '../words/session-words.ts';
import { stateText } from '../words/tenant-words.ts';
import { spanWords } from '../words/words.ts';

export function addSessionCommands(program: Command, run: Run): void {
  addSessions(program, run);
  addRestart(program, run);
}

function addSessions(program: Command, run: Run): void {
  program
    .command('sessions')
    .argument('<name>', 'Name or id')
    .description('List the sessions of a tenant, and what keeps those that cannot be parked')
    .action(
      run(async ({ server, printer }, [name = '']) => {
        const sessions = await (await server()).tenants.sessions(name);
        printer.answer(sessions, (style) => sessionsText(sessions, style));
      }),
    );
}

type RestartFlags = Waiting & { readonly within?: string; readonly force?: true };

function addRestart(program: Command, run: Run): void {
  const byDefault = durationText(RESTART_WITHIN_DEFAULT_MS);
  withNoWait(
    program
      .command('restart')
      .argument('<name>', 'Name or id')
      .description('Stop a tenant and start it anew; clients at rest see a pause')
      .option('--within <duration>', `How long what is under way may take to end (${byDefault})`)
      .option('--force', 'End who is still at work then, or cannot be parked'),
  ).action(
    run(async (context, [name = ''], flags: RestartFlags) => {
      const { printer, world } = context;
      const within = parsed('--within', flags.within, withinParse);
      const how: Restart = {
        ...(within === undefined ? {} : { withinMs: within }),
        ...(flags.force === true ? { force: true } : {}),
      };
      const before = world.now();
      const input = { params: { ref: name }, body: how };
      const work = { name: 'restartTenant', input, doing: `restarting ${name}` } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      const tenant = done.answer;
      const took = spanWords(world.now() - before);
      printer.answer(tenant, (style) => {
        if (tenant.state === 'suspended') {
          return `${tenant.name} is ${stateText(tenant, style)}; its next start is a fresh one`;
        }
        return `${tenant.name} is ${stateText(tenant, style)} ${style.dim(`(${took})`)}`;
      });
    }),
  );
}

const withinParse = duration({ min: 0, max: RESTART_WITHIN_MAX_MS });
