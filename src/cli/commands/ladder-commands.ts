/** `dynabase archive`, `levels` and `recover`: where a tenant's data is. */
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { doWork, type Waiting, withNoWait } from '../long-work.ts';
import { levelsText } from '../words/level-words.ts';
import { recoveryText } from '../words/recovery-words.ts';
import { levelText } from '../words/tenant-words.ts';
import { spanWords } from '../words/words.ts';

export function addLadderCommands(program: Command, run: Run): void {
  addArchive(program, run);
  addLevels(program, run);
  addRecover(program, run);
}

function addRecover(program: Command, run: Run): void {
  withNoWait(
    program
      .command('recover')
      .description('Enter the tenants that the archive has and this server has lost'),
  ).action(
    run(async (context, _, flags: Waiting) => {
      const { printer, world } = context;
      const work = { name: 'recoverTenants', input: {}, doing: 'recovering' } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      printer.answer(done.answer, (style) => recoveryText(done.answer, world.now(), style));
    }),
  );
}

function addArchive(program: Command, run: Run): void {
  withNoWait(
    program
      .command('archive')
      .argument('<name>', 'Name or id')
      .description('Take the files of a tenant to the archive; the next client brings them back'),
  ).action(
    run(async (context, [ref = ''], flags: Waiting) => {
      const { printer, world } = context;
      const before = world.now();
      const input = { params: { ref } };
      const work = { name: 'archiveTenant', input, doing: `archiving ${ref}` } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      const tenant = done.answer;
      const took = spanWords(world.now() - before);
      printer.answer(
        tenant,
        (style) => `${tenant.name} is at ${levelText(tenant)} ${style.dim(`(${took})`)}`,
      );
    }),
  );
}

function addLevels(program: Command, run: Run): void {
  program
    .command('levels')
    .argument('<name>', 'Name or id')
    .description('Show where the data of a tenant is, and what was done to it of late')
    .action(
      run(async ({ server, printer, world }, [name = '']) => {
        const levels = await (await server()).tenants.levels(name);
        printer.answer(levels, (style) => levelsText(levels, world.now(), style));
      }),
    );
}
