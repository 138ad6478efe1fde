/** `dynabase snapshots ...` and `fork`: a tenant's data as it was. */
import type { Command } from 'commander';
import { TENANT_PLANS } from '../../contract/limits.ts';
import { askFirst, type Confirmed } from '../ask-first.ts';
import type { Run } from '../command.ts';
import { doWork, type Waiting, withNoWait } from '../long-work.ts';
import { given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice } from '../options/parse.ts';
import { snapshotsText } from '../words/snapshot-words.ts';
import { secretText, stateText } from '../words/tenant-words.ts';
import { bytesWords, spanWords } from '../words/words.ts';

export function addSnapshotCommands(program: Command, run: Run): void {
  const snapshots = program
    .command('snapshots')
    .description('Take, list, restore and delete snapshots of a tenant');
  addList(snapshots, run);
  addCreate(snapshots, run);
  addRestore(snapshots, run);
  addDelete(snapshots, run);
  addFork(program, run);
}

function addList(snapshots: Command, run: Run): void {
  snapshots
    .command('list')
    .alias('ls')
    .argument('<name>', 'Name or id of the tenant')
    .description('List the snapshots of a tenant, the latest first')
    .action(
      run(async ({ server, printer, world }, [name = '']) => {
        const found = await (await server()).tenants.snapshots(name);
        printer.answer(found, (style) => snapshotsText(found, world.now(), style));
      }),
    );
}

function addCreate(snapshots: Command, run: Run): void {
  withNoWait(
    snapshots
      .command('create')
      .argument('<name>', 'Name or id of the tenant')
      .option('--called <text>', 'Keeps it until it is deleted; without, later ones replace it')
      .description('Take a snapshot of a tenant, awake or asleep'),
  ).action(
    run(async (context, [ref = ''], flags: Waiting & { readonly called?: string }) => {
      const { printer, world } = context;
      const before = world.now();
      const input = { params: { ref }, body: given({ name: flags.called }) };
      const work = { name: 'createSnapshot', input, doing: `saving ${ref}` } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      const snapshot = done.answer;
      const took = spanWords(world.now() - before);
      printer.answer(
        snapshot,
        (style) =>
          `${style.green('took')} ${style.bold(snapshot.id)} of ${ref}: ` +
          `${bytesWords(snapshot.logicalBytes)}, ${bytesWords(snapshot.addedBytes)} of it new ` +
          style.dim(`(${took})`),
      );
    }),
  );
}

function addRestore(snapshots: Command, run: Run): void {
  withNoWait(
    snapshots
      .command('restore')
      .argument('<name>', 'Name or id of the tenant')
      .argument('<id>', 'Of the snapshot')
      .description(
        'Make a snapshot the data of its tenant; what there is now is kept as a snapshot',
      )
      .option('-y, --yes', 'Do not ask'),
  ).action(
    run(async (context, [ref = '', snapshot = ''], flags: Confirmed & Waiting) => {
      const { server, printer, world } = context;
      const { id, name } = await (await server()).tenants.get(ref);
      await askFirst(world, flags, {
        name,
        doing: `restoring "${name}"`,
        undone: 'nothing was restored',
        question: `Type "${name}" to replace its data by snapshot ${snapshot}`,
      });
      const input = { params: { ref: id, snapshot } };
      const work = { name: 'restoreSnapshot', input, doing: `restoring ${name}` } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      printer.answer(
        done.answer,
        (style) => `${name} has the data of ${snapshot} and is ${stateText(done.answer, style)}`,
      );
    }),
  );
}

function addDelete(snapshots: Command, run: Run): void {
  snapshots
    .command('delete')
    .alias('rm')
    .argument('<name>', 'Name or id of the tenant')
    .argument('<id>', 'Of the snapshot')
    .description('Delete a snapshot that has a name; the others go by themselves')
    .option('-y, --yes', 'Do not ask')
    .action(
      run(async ({ server, printer, world }, [ref = '', id = ''], flags: Confirmed) => {
        const client = await server();
        const tenant = await client.tenants.get(ref);
        await askFirst(world, flags, {
          name: tenant.name,
          doing: `deleting a snapshot of "${tenant.name}"`,
          undone: 'nothing was deleted',
          question: `Type "${tenant.name}" to delete its snapshot ${id}`,
        });
        await client.tenants.deleteSnapshot(tenant.id, id);
        const { name } = tenant;
        printer.answer({ tenant: name, id, deleted: true }, () => `deleted ${id} of ${name}`);
      }),
    );
}

function addFork(program: Command, run: Run): void {
  withNoWait(
    program
      .command('fork')
      .argument('<name>', 'Name or id')
      .argument('<as>', 'Name of the new tenant')
      .description('Create a tenant with the data that another has now')
      .option('--plan <plan>', `${TENANT_PLANS.join(', ')}; that of the other if not given`),
  ).action(
    run(async (context, [ref = '', as = ''], flags: Waiting & { readonly plan?: string }) => {
      const plan = parsed('--plan', flags.plan, choice(TENANT_PLANS));
      const input = { params: { ref }, body: { name: as, ...given({ plan }) } };
      const work = { name: 'forkTenant', input, doing: `forking ${ref}` } as const;
      const done = await doWork(context, flags, work);
      if (done === null) return;
      context.printer.answer(done.answer, (style) =>
        secretText(done.answer, `forked ${ref} as`, style),
      );
    }),
  );
}
