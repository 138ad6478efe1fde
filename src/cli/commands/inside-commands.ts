/** `dynabase extensions ...`, `settings ...` and `connect`: how a tenant is set up, and reached. */
import type { Command } from 'commander';
import type { Extension, TenantSetting } from '../../contract/inside/inside.ts';
import { askFirst, type Confirmed } from '../ask-first.ts';
import type { Run } from '../command.ts';
import { formsFor } from '../connection-forms.ts';
import { badOption, badRequest } from '../failure.ts';
import { closest } from '../options/closest.ts';
import { given, orDash, restOf } from '../options/fields.ts';
import { visible } from '../sql/rows-text.ts';
import { tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';

const TENANT = 'Name or id of the tenant';

type InDatabase = { readonly database?: string };

const withDatabase = (command: Command): Command =>
  command.option('--database <database>', "The tenant's own if not given");

export function addInsideCommands(program: Command, run: Run): void {
  const extensions = program
    .command('extensions')
    .description('List, add, update and remove extensions of a tenant');
  addExtensionList(extensions, run);
  addExtension(extensions, run, 'add');
  addExtension(extensions, run, 'update');
  addExtensionRemove(extensions, run);
  const settings = program
    .command('settings')
    .description('Show and change settings of PostgreSQL for a tenant');
  addSettingList(settings, run);
  addSettingSet(settings, run);
  addSettingReset(settings, run);
  addConnect(program, run);
}

function addExtensionList(extensions: Command, run: Run): void {
  withDatabase(
    extensions
      .command('list')
      .alias('ls')
      .argument('<name>', TENANT)
      .description('List the extensions that a tenant has; wakes it')
      .option('--all', 'Also those that it could have, and those that it may not'),
  ).action(
    run(
      async (
        { server, printer },
        [name = ''],
        { database, all }: InDatabase & { readonly all?: true },
      ) => {
        const known = await (await server()).inside.extensions(name, given({ database }));
        const found = all ? known : known.filter((one) => one.installedVersion !== null);
        printer.answer(found, (style) => extensionsText(found, style));
      },
    ),
  );
}

type WishFlags = InDatabase & { readonly to?: string; readonly schema?: string };

function addExtension(extensions: Command, run: Run, verb: 'add' | 'update'): void {
  const description =
    verb === 'add'
      ? 'Install an extension in a tenant; wakes it'
      : 'Bring an extension to its default version, or to another; wakes the tenant';
  withDatabase(
    extensions
      .command(verb)
      .argument('<name>', TENANT)
      .argument('<extension>', 'Such as pg_trgm')
      .description(description)
      .option('--to <version>', 'The default version if not given')
      .option('--schema <schema>', 'Where its objects go; made if it is not there'),
  ).action(
    run(async ({ server, printer }, [name = '', extension = ''], flags: WishFlags) => {
      const { database, to: version, schema } = flags;
      const wish = given({ database, version, schema });
      const found = await (await server()).inside.putExtension(name, extension, wish);
      printer.answer(
        found,
        () =>
          `${visible(found.name)} ${orDash(found.installedVersion)} is in schema ${orDash(found.schema)}`,
      );
    }),
  );
}

type RemoveFlags = InDatabase & Confirmed & { readonly cascade?: true };

function addExtensionRemove(extensions: Command, run: Run): void {
  withDatabase(
    extensions
      .command('remove')
      .alias('rm')
      .argument('<name>', TENANT)
      .argument('<extension>', 'Name of the extension')
      .description('Remove an extension that nothing depends on; wakes the tenant')
      .option('--cascade', 'Also what depends on it, which may be columns with their data')
      .option('-y, --yes', 'Do not ask'),
  ).action(
    run(async ({ server, printer, world }, [tenant = '', name = ''], flags: RemoveFlags) => {
      const { database, cascade } = flags;
      const client = await server();
      if (cascade === true) {
        await askFirst(world, flags, {
          name,
          doing: `removing "${name}" with what depends on it`,
          undone: 'nothing was removed',
          question: `Type "${name}" to remove it with all that depends on it`,
        });
      }
      await client.inside.deleteExtension(tenant, name, given({ database, cascade }));
      printer.answer({ tenant, name, removed: true }, () => `removed ${visible(name)}`);
    }),
  );
}

function extensionsText(found: readonly Extension[], style: Style): string {
  if (found.length === 0) return 'no extensions; see --all';
  const columns = [
    { head: 'EXTENSION' },
    { head: 'INSTALLED' },
    { head: 'DEFAULT' },
    { head: 'SCHEMA' },
    { head: 'IS' },
  ] as const;
  const rows = found.map((one) => [
    visible(one.name),
    orDash(one.installedVersion),
    one.defaultVersion,
    visible(orDash(one.schema)),
    one.allowed ? visible(one.comment) : style.dim(`not allowed: ${orDash(one.because)}`),
  ]);
  return tableText(columns, rows, style);
}

function addSettingList(settings: Command, run: Run): void {
  withDatabase(
    settings
      .command('list')
      .alias('ls')
      .argument('<name>', TENANT)
      .description('Show the settings that were changed for a tenant; wakes it')
      .option('--all', 'Also those that it may change'),
  ).action(
    run(
      async (
        { server, printer },
        [name = ''],
        { database, all }: InDatabase & { readonly all?: true },
      ) => {
        const known = await (await server()).inside.settings(name, given({ database }));
        const found = all ? known : known.filter(({ set }) => set !== null);
        printer.answer(found, (style) => settingsText(found, style));
      },
    ),
  );
}

function addSettingSet(settings: Command, run: Run): void {
  withDatabase(
    settings
      .command('set')
      .argument('<name>', TENANT)
      .argument('<assignments...>', 'Such as work_mem=16MB statement_timeout=30s')
      .description('Change settings, all of them or none; new sessions have them'),
  ).action(
    run(async ({ server, printer }, [name = '', assignments], { database }: InDatabase) => {
      const pairs = restOf(assignments).map((assignment) => {
        const [, setting, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
        if (setting === undefined || value === undefined) {
          throw badRequest(`"${assignment}" is not SETTING=VALUE`);
        }
        return [setting.trim(), value] as const;
      });
      const { inside } = await server();
      const known = await inside.changeSettings(
        name,
        Object.fromEntries(pairs),
        given({ database }),
      );
      const names = new Set(pairs.map(([setting]) => setting.toLowerCase()));
      printer.answer(known, (style) =>
        settingsText(
          known.filter((one) => names.has(one.name.toLowerCase())),
          style,
        ),
      );
    }),
  );
}

function addSettingReset(settings: Command, run: Run): void {
  withDatabase(
    settings
      .command('reset')
      .argument('<name>', TENANT)
      .argument('<settings...>', 'Names of settings')
      .description('Take settings back, so that those of the server hold'),
  ).action(
    run(async ({ server, printer }, [name = '', given_], { database }: InDatabase) => {
      const names = restOf(given_);
      const { inside } = await server();
      const change = Object.fromEntries(names.map((setting) => [setting, null]));
      const known = await inside.changeSettings(name, change, given({ database }));
      printer.answer(known, () => `reset ${names.map(visible).join(', ')}`);
    }),
  );
}

function settingsText(found: readonly TenantSetting[], style: Style): string {
  if (found.length === 0) return 'nothing was changed; see --all';
  const columns = [
    { head: 'SETTING' },
    { head: 'VALUE' },
    { head: 'SET BY' },
    { head: 'BOUNDS' },
    { head: 'IS' },
  ] as const;
  const rows = found.map((one) => [
    one.name,
    visible(one.value),
    one.source,
    boundsText(one),
    visible(one.summary),
  ]);
  return tableText(columns, rows, style);
}

function boundsText({ min, max, unit, choices }: TenantSetting): string {
  if (choices !== null) return choices.join(', ');
  if (min === null && max === null) return '-';
  return `${min ?? ''} to ${max ?? ''} ${unit ?? ''}`.trim();
}

type ConnectFlags = InDatabase & {
  readonly for?: string;
  readonly pooled?: true;
  readonly role?: string;
};

function addConnect(program: Command, run: Run): void {
  withDatabase(
    program
      .command('connect')
      .argument('<name>', 'Name or id')
      .description('Print how clients of many kinds connect to a tenant; wakes nobody')
      .option('--for <client>', 'Only for one: psql, node, python, jdbc, prisma, ...')
      .option('--pooled', 'With a backend for a transaction at a time, for clients in swarms')
      .option('--role <role>', 'The owner if not given'),
  ).action(
    run(async ({ server, printer }, [name = ''], flags: ConnectFlags) => {
      const { database, pooled, role } = flags;
      const query = given({ database, pooled, role });
      const found = await (await server()).inside.connectionStrings(name, query);
      const kinds = found.forms.map(({ kind }) => kind);
      const forms = flags.for === undefined ? found.forms : formsFor(found.forms, flags.for);
      if (flags.for !== undefined && forms.length === 0) {
        const near = closest(flags.for, kinds);
        const hint = near === undefined ? `they are ${kinds.join(', ')}` : `did you mean ${near}?`;
        throw badOption('--for', `"${flags.for}" is no client that is known; ${hint}`);
      }
      printer.answer({ ...found, forms }, (style) => {
        const [only] = forms;
        if (forms.length === 1 && only !== undefined) return only.text;
        const head = `clients connect to ${found.host}:${found.port} as ${visible(found.user)}`;
        const told = forms.map(
          ({ kind, title, text }) =>
            `${style.bold(title)} ${style.dim(`(${kind})`)}\n${indented(text)}`,
        );
        return [head, ...told].join('\n\n');
      });
    }),
  );
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');
