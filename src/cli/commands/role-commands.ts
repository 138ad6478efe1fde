/** `dynabase roles ...` and `databases ...`: who is in a tenant, and what. */
import type { Command } from 'commander';
import type { Database, Role, RoleSecret } from '../../contract/inside/role.ts';
import { ROLE_ACCESSES, ROLE_CONNECTIONS_MAX } from '../../contract/limits.ts';
import { askFirst, type Confirmed } from '../ask-first.ts';
import type { Run } from '../command.ts';
import { badOption } from '../failure.ts';
import { given, orDash } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, integer, momentFrom, type Parse } from '../options/parse.ts';
import { visible } from '../sql/rows-text.ts';
import { tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { bytesWords } from '../words/words.ts';

const NONE = 'none';
const NEVER = 'never';

/** Other users of the machine can read the arguments of a process. */
const PASSWORD_VARIABLE = 'DYNABASE_ROLE_PASSWORD';

const connectionsMax: Parse<number | null> = (text, place) =>
  text === NONE ? null : integer({ min: 0, max: ROLE_CONNECTIONS_MAX })(text, place);

export function addRoleCommands(program: Command, run: Run): void {
  const roles = program.command('roles').description('Create, list and change roles of a tenant');
  addList(roles, run);
  addCreate(roles, run);
  addChange(roles, run);
  addDelete(roles, run);
  addRotate(roles, run);
  const databases = program
    .command('databases')
    .description('Create, list and delete databases of a tenant');
  addDatabaseList(databases, run);
  addDatabaseCreate(databases, run);
  addDatabaseDelete(databases, run);
}

const TENANT = 'Name or id of the tenant';

function addList(roles: Command, run: Run): void {
  roles
    .command('list')
    .alias('ls')
    .argument('<name>', TENANT)
    .argument('[role]', 'Only this role')
    .description('List the roles of a tenant, and what they may do; wakes it')
    .action(
      run(async ({ server, printer }, [name = '', role]) => {
        const { inside } = await server();
        const found =
          role === undefined ? await inside.roles(name) : [await inside.role(name, role)];
        printer.answer(found, (style) => rolesText(found, style));
      }),
    );
}

type Fields = {
  readonly access?: string;
  readonly login?: boolean;
  readonly connectionsMax?: string;
  readonly validUntil?: string;
};

const withFields = (command: Command): Command =>
  command
    .option(
      '--access <access>',
      `What it may do with all that there is: ${ROLE_ACCESSES.join(', ')}`,
    )
    .option('--login', 'It may log in')
    .option('--no-login', 'It may not')
    .option('--connections-max <n>', `Backends that it may have at once, or "${NONE}" for no limit`)
    .option('--valid-until <time>', `When its password ends: 7d, 2030-12-31, or "${NEVER}"`);

const fieldsOf = (flags: Fields, now: number) =>
  given({
    access: parsed('--access', flags.access, choice(ROLE_ACCESSES)),
    login: flags.login,
    connectionsMax: parsed('--connections-max', flags.connectionsMax, connectionsMax),
    validUntil:
      flags.validUntil === NEVER
        ? null
        : parsed('--valid-until', flags.validUntil, momentFrom(now)),
  });

function addCreate(roles: Command, run: Run): void {
  withFields(
    roles
      .command('create')
      .argument('<name>', TENANT)
      .argument('<role>', 'Name of the new role')
      .description('Create a role in a tenant and print how it connects; wakes the tenant'),
  ).action(
    run(async ({ server, printer, world }, [tenant = '', name = ''], flags: Fields) => {
      const wish = { name, ...fieldsOf(flags, world.now()) };
      const made = await (await server()).inside.createRole(tenant, wish);
      printer.answer(made, (style) => secretText('created', made, style));
    }),
  );
}

function addChange(roles: Command, run: Run): void {
  withFields(
    roles
      .command('change')
      .argument('<name>', TENANT)
      .argument('<role>', 'Name of the role')
      .description('Change what a role may do; wakes the tenant'),
  ).action(
    run(async ({ server, printer, world }, [tenant = '', role = ''], flags: Fields) => {
      const change = fieldsOf(flags, world.now());
      const found = await (await server()).inside.changeRole(tenant, role, change);
      printer.answer(found, (style) => rolesText([found], style));
    }),
  );
}

function addDelete(roles: Command, run: Run): void {
  roles
    .command('delete')
    .alias('rm')
    .argument('<name>', TENANT)
    .argument('<role>', 'Name of the role')
    .description("Delete a role; what it has becomes the owner's")
    .action(
      run(async ({ server, printer }, [tenant = '', role = '']) => {
        await (await server()).inside.deleteRole(tenant, role);
        printer.answer({ tenant, role, deleted: true }, () => `deleted ${visible(role)}`);
      }),
    );
}

function addRotate(roles: Command, run: Run): void {
  roles
    .command('rotate-password')
    .argument('<name>', TENANT)
    .argument('<role>', 'Name of the role')
    .description('Give a role a new password; the old one is refused from then on')
    .option('--own', `Take the password from ${PASSWORD_VARIABLE} instead of making one`)
    .action(
      run(async ({ server, printer, world }, [tenant = '', role = ''], flags: { own?: true }) => {
        const own = flags.own === true ? world.env[PASSWORD_VARIABLE] : undefined;
        if (flags.own === true && !own)
          throw badOption(PASSWORD_VARIABLE, 'must hold the password');
        const made = await (await server()).inside.rotateRolePassword(tenant, role, own);
        printer.answer(made, (style) => secretText('new password for', made, style));
      }),
    );
}

function rolesText(roles: readonly Role[], style: Style): string {
  const columns = [
    { head: 'ROLE' },
    { head: 'ACCESS' },
    { head: 'LOGIN' },
    { head: 'CONNECTIONS MAX', align: 'right' },
    { head: 'VALID UNTIL' },
    { head: 'MEMBER OF' },
  ] as const;
  const rows = roles.map((role) => [
    visible(role.name),
    role.isOwner ? `${role.access} (of all)` : role.access,
    loginText(role),
    orDash(role.connectionsMax),
    orDash(role.validUntil),
    visible(orDash(role.memberOf.join(', '))),
  ]);
  return tableText(columns, rows, style);
}

function loginText({ login, hasPassword }: Role): string {
  if (!login) return 'no';
  return hasPassword ? 'yes' : 'no password';
}

const secretText = (done: string, role: RoleSecret, style: Style): string =>
  [
    `${style.green(done)} ${style.bold(visible(role.name))} (access ${role.access})`,
    '',
    `  ${role.connectionUri}`,
    ...(role.password === null ? [] : ['', 'The password is shown only now.']),
  ].join('\n');

function addDatabaseList(databases: Command, run: Run): void {
  databases
    .command('list')
    .alias('ls')
    .argument('<name>', TENANT)
    .description('List the databases of a tenant; wakes it')
    .action(
      run(async ({ server, printer }, [name = '']) => {
        const found = await (await server()).inside.databases(name);
        printer.answer(found, (style) => databasesText(found, style));
      }),
    );
}

function addDatabaseCreate(databases: Command, run: Run): void {
  databases
    .command('create')
    .argument('<name>', TENANT)
    .argument('<database>', 'One that no tenant can have, such as NAME.reports')
    .description('Create another database in a tenant; wakes it')
    .action(
      run(async ({ server, printer }, [name = '', database = '']) => {
        const made = await (await server()).inside.createDatabase(name, database);
        printer.answer(made, (style) =>
          [`${style.green('created')} ${visible(made.name)}`, '', `  ${made.connectionUri}`].join(
            '\n',
          ),
        );
      }),
    );
}

function addDatabaseDelete(databases: Command, run: Run): void {
  databases
    .command('delete')
    .alias('rm')
    .argument('<name>', TENANT)
    .argument('<database>', 'Name of the database')
    .description('Delete a database of a tenant, and all that is in it')
    .option('-y, --yes', 'Do not ask')
    .action(
      run(async ({ server, printer, world }, [tenant = '', name = ''], flags: Confirmed) => {
        const client = await server();
        await askFirst(world, flags, {
          name,
          doing: `deleting database "${name}"`,
          undone: 'nothing was deleted',
          question: `Type "${name}" to delete it and all that is in it`,
        });
        await client.inside.deleteDatabase(tenant, name);
        printer.answer({ tenant, name, deleted: true }, () => `deleted ${visible(name)}`);
      }),
    );
}

function databasesText(found: readonly Database[], style: Style): string {
  const columns = [
    { head: 'DATABASE' },
    { head: 'OWNER' },
    { head: 'SIZE', align: 'right' },
    { head: 'CONNECTION' },
  ] as const;
  const rows = found.map((one) => [
    visible(one.name),
    visible(one.owner),
    bytesWords(one.bytes),
    visible(one.connectionUri),
  ]);
  return tableText(columns, rows, style);
}
