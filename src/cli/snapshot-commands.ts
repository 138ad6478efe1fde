/** `dynabase snapshots ...` and `fork`: a tenant's data as it was. */
import type { Command } from 'commander';
import { TENANT_PLANS } from '../contract/limits.ts';
import type { Run } from './command.ts';
import { parsed } from './flag.ts';
import { choice } from './parse.ts';
import { snapshotsText } from './snapshot-words.ts';
import { secretText, stateText } from './tenant-words.ts';
import { bytesWords, spanWords } from './words.ts';

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
  snapshots
    .command('create')
    .argument('<name>', 'Name or id of the tenant')
    .option('--called <text>', 'Keeps it until it is deleted; without, later ones replace it')
    .description('Take a snapshot of a tenant, awake or asleep')
    .action(
      run(async ({ server, printer, world }, [name = ''], flags: { readonly called?: string }) => {
        const client = await server();
        const before = world.now();
        const body = flags.called === undefined ? {} : { name: flags.called };
        const snapshot = await client.tenants.snapshot(name, body);
        const took = spanWords(world.now() - before);
        printer.answer(
          snapshot,
          (style) =>
            `${style.green('took')} ${style.bold(snapshot.id)} of ${name}: ` +
            `${bytesWords(snapshot.logicalBytes)}, ${bytesWords(snapshot.addedBytes)} of it new ` +
            style.dim(`(${took})`),
        );
      }),
    );
}

type Confirmed = { readonly yes?: true };

function addRestore(snapshots: Command, run: Run): void {
  snapshots
    .command('restore')
    .argument('<name>', 'Name or id of the tenant')
    .argument('<id>', 'Of the snapshot')
    .description('Make a snapshot the data of its tenant; what there is now is kept as a snapshot')
    .option('-y, --yes', 'Do not ask')
    .action(
      run(async ({ server, printer, world }, [ref = '', id = ''], flags: Confirmed) => {
        const client = await server();
        const { id: tenantId, name } = await client.tenants.get(ref);
        if (flags.yes !== true) {
          const { confirmByName } = await import('./confirm.ts');
          await confirmByName(world, {
            name,
            doing: `restoring "${name}"`,
            undone: 'nothing was restored',
            question: `Type "${name}" to replace its data by snapshot ${id}`,
          });
        }
        const tenant = await client.tenants.restore(tenantId, id);
        printer.answer(
          tenant,
          (style) => `${name} has the data of ${id} and is ${stateText(tenant, style)}`,
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
        if (flags.yes !== true) {
          const { confirmByName } = await import('./confirm.ts');
          await confirmByName(world, {
            name: tenant.name,
            doing: `deleting a snapshot of "${tenant.name}"`,
            undone: 'nothing was deleted',
            question: `Type "${tenant.name}" to delete its snapshot ${id}`,
          });
        }
        await client.tenants.deleteSnapshot(tenant.id, id);
        const { name } = tenant;
        printer.answer({ tenant: name, id, deleted: true }, () => `deleted ${id} of ${name}`);
      }),
    );
}

function addFork(program: Command, run: Run): void {
  program
    .command('fork')
    .argument('<name>', 'Name or id')
    .argument('<as>', 'Name of the new tenant')
    .description('Create a tenant with the data that another has now')
    .option('--plan <plan>', `${TENANT_PLANS.join(', ')}; that of the other if not given`)
    .action(
      run(async ({ server, printer }, [ref = '', as = ''], flags: { readonly plan?: string }) => {
        const plan = parsed('--plan', flags.plan, choice(TENANT_PLANS));
        const fork = { name: as, ...(plan === undefined ? {} : { plan }) };
        const tenant = await (await server()).tenants.fork(ref, fork);
        printer.answer(tenant, (style) => secretText(tenant, `forked ${ref} as`, style));
      }),
    );
}
