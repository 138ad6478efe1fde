/** `dynabase customers ...`: whose tenants are. */
import type { Command } from 'commander';
import { TENANT_PLANS } from '../../contract/limits.ts';
import type { Run } from '../command.ts';
import { firstOf, given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, integer, type Parse } from '../options/parse.ts';
import { visible } from '../sql/rows-text.ts';
import { type CustomerRow, customersText, customerText } from '../words/customer-words.ts';

/** What takes a value back. */
const NONE = 'none';

const orNone =
  <T>(parse: Parse<T>): Parse<T | null> =>
  (text, place) =>
    text === NONE ? null : parse(text, place);

const tenantsMax = orNone(integer({ min: 1, max: 1_000_000 }));

export const CUSTOMER_ID = 'Id of the customer; "me" for your own';

export function addCustomerCommands(program: Command, run: Run): void {
  const customers = program.command('customers').description('Create, list and change customers');
  addList(customers, run);
  addShow(customers, run);
  addCreate(customers, run);
  addChange(customers, run);
  addDelete(customers, run);
}

type ListFlags = { readonly plan?: string; readonly search?: string };

function addList(customers: Command, run: Run): void {
  customers
    .command('list')
    .alias('ls')
    .description('List customers, sorted by name')
    .option('--plan <plan>', `Only those of ${TENANT_PLANS.join(', ')}`)
    .option('--search <text>', 'Only those whose name or external id has this in it')
    .action(
      run(async ({ server, printer, world }, _, flags: ListFlags) => {
        const plan = parsed('--plan', flags.plan, choice(TENANT_PLANS));
        const client = await server();
        const query = given({ plan, search: flags.search });
        const found: readonly CustomerRow[] = await firstOf(client.customers.list(query));
        printer.answer(found, (style) => customersText(found, world.now(), style));
      }),
    );
}

function addShow(customers: Command, run: Run): void {
  customers
    .command('show')
    .argument('[id]', CUSTOMER_ID, 'me')
    .description('Show a customer, and how many tenants it has')
    .action(
      run(async ({ server, printer }, [id = 'me']) => {
        const found = await (await server()).customers.get(id);
        printer.answer(found, (style) => customerText(found, style));
      }),
    );
}

type Fields = {
  readonly plan?: string;
  readonly externalId?: string;
  readonly tenantsMax?: string;
};

const withFields = (command: Command): Command =>
  command
    .option('--plan <plan>', TENANT_PLANS.join(', '))
    .option('--external-id <text>', `What your own books call it, or "${NONE}"`)
    .option('--tenants-max <n>', `Most tenants that it may have, or "${NONE}" for any number`);

const fieldsOf = (flags: Fields) =>
  given({
    plan: parsed('--plan', flags.plan, choice(TENANT_PLANS)),
    externalId: flags.externalId === NONE ? null : flags.externalId,
    tenantsMax: parsed('--tenants-max', flags.tenantsMax, tenantsMax),
  });

function addCreate(customers: Command, run: Run): void {
  withFields(
    customers
      .command('create')
      .argument('<text>', 'Its name, for people')
      .description('Create a customer'),
  ).action(
    run(async ({ server, printer }, [name = ''], flags: Fields) => {
      const made = await (await server()).customers.create({ name, ...fieldsOf(flags) });
      printer.answer(
        made,
        (style) =>
          `${style.green('created')} ${style.bold(visible(made.name))} (${made.id}, plan ${made.plan})`,
      );
    }),
  );
}

function addChange(customers: Command, run: Run): void {
  withFields(
    customers
      .command('change')
      .argument('<id>', CUSTOMER_ID)
      .description('Change a customer; another plan is at once that of its tenants')
      .option('--name <text>', 'For people'),
  ).action(
    run(async ({ server, printer }, [id = ''], flags: Fields & { readonly name?: string }) => {
      const change = given({ name: flags.name, ...fieldsOf(flags) });
      const found = await (await server()).customers.change(id, change);
      printer.answer(found, (style) => customerText(found, style));
    }),
  );
}

function addDelete(customers: Command, run: Run): void {
  customers
    .command('delete')
    .alias('rm')
    .argument('<id>', 'Id of the customer')
    .description('Delete a customer that has no tenants; its keys and people go with it')
    .action(
      run(async ({ server, printer }, [id = '']) => {
        await (await server()).customers.delete(id);
        printer.answer({ id, deleted: true }, () => `deleted ${id}`);
      }),
    );
}
