/** `dynabase keys ...` and `whoami`: with what one calls the API. */
import type { Command } from 'commander';
import type { Key, KeySecret, NewKey } from '../../contract/access/access.ts';
import { CALLER_ROLES } from '../../contract/limits.ts';
import type { DynaBase } from '../../sdk/client.ts';
import type { Run } from '../command.ts';
import { badOption } from '../failure.ts';
import { firstOf, given, orDash } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, duration, momentFrom } from '../options/parse.ts';
import { visible } from '../sql/rows-text.ts';
import { factsText, tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { agoWords } from '../words/words.ts';

const grace = duration({ min: 0, max: 30 * 86_400_000 });

export function addKeyCommands(program: Command, run: Run): void {
  addWhoAmI(program, run);
  const keys = program.command('keys').description('Create, list, rotate and revoke keys');
  addList(keys, run);
  addShow(keys, run);
  addCreate(keys, run);
  addRotate(keys, run);
  addRevoke(keys, run);
}

function addWhoAmI(program: Command, run: Run): void {
  program
    .command('whoami')
    .description('Show who the server takes you for, and what you may do')
    .action(
      run(async ({ server, printer }) => {
        const caller = await (await server()).access.whoAmI();
        printer.answer(caller, (style) =>
          factsText(
            [
              ['name', style.bold(visible(caller.name))],
              ['id', caller.id],
              ['known by', caller.kind],
              ['reaches', reachText(caller.scope)],
              ['role', roleText(caller)],
            ],
            style,
          ),
        );
      }),
    );
}

function addList(keys: Command, run: Run): void {
  keys
    .command('list')
    .alias('ls')
    .description('List keys, and the sessions of people')
    .option('--customer <id>', 'Only those of this customer')
    .option('--tenant <tenant>', 'Only those of this tenant')
    .action(
      run(
        async (
          { server, printer, world },
          _,
          flags: { readonly customer?: string; readonly tenant?: string },
        ) => {
          const client = await server();
          const query = given({
            customer: flags.customer,
            tenant: await tenantId(client, flags.tenant),
          });
          const found = await firstOf(client.keys.list(query));
          printer.answer(found, (style) => keysText(found, world.now(), style));
        },
      ),
    );
}

function addShow(keys: Command, run: Run): void {
  keys
    .command('show')
    .argument('<id>', 'Of the key')
    .description('Show a key; its secret is shown only where it is made')
    .action(
      run(async ({ server, printer, world }, [id = '']) => {
        const key = await (await server()).keys.get(id);
        printer.answer(key, (style) => factsText(keyFacts(key, world.now(), style), style));
      }),
    );
}

type CreateFlags = {
  readonly role?: string;
  readonly customer?: string;
  readonly tenant?: string;
  readonly readOnly?: true;
  readonly expires?: string;
};

function addCreate(keys: Command, run: Run): void {
  keys
    .command('create')
    .argument('<text>', 'Its name, for people')
    .description('Create a key and print its secret; it reaches no further than you do')
    .option('--role <key-role>', `${CALLER_ROLES.join(', ')}; your own if not given`)
    .option('--customer <id>', 'For this customer and its tenants alone')
    .option('--tenant <tenant>', 'For this tenant alone')
    .option('--read-only', 'It reads, whatever its role')
    .option('--expires <time>', 'Not taken from then on: 2h, 7d, or such as 2030-12-31T18:00Z')
    .action(
      run(async ({ server, printer, world }, [name = ''], flags: CreateFlags) => {
        const role = parsed('--role', flags.role, choice(CALLER_ROLES));
        const expiresAt = parsed('--expires', flags.expires, momentFrom(world.now()));
        const client = await server();
        const wish: NewKey = {
          name,
          ...given({
            role,
            expiresAt,
            readOnly: flags.readOnly,
            scope: await scopeOf(client, flags),
          }),
        };
        const made = await client.keys.create(wish);
        printer.answer(made, (style) => secretText('created', made, style));
      }),
    );
}

async function scopeOf(
  client: DynaBase,
  { customer, tenant }: CreateFlags,
): Promise<NewKey['scope']> {
  if (customer !== undefined && tenant !== undefined) {
    throw badOption('--customer', 'and --tenant exclude each other');
  }
  if (customer !== undefined) return { kind: 'customer', customer };
  const id = await tenantId(client, tenant);
  return id === undefined ? undefined : { kind: 'tenant', tenant: id };
}

/** Keys know tenants by their ids. */
const tenantId = async (client: DynaBase, ref: string | undefined): Promise<string | undefined> =>
  ref === undefined ? undefined : (await client.tenants.get(ref)).id;

function addRotate(keys: Command, run: Run): void {
  keys
    .command('rotate')
    .argument('<id>', 'Of the key')
    .description('Give a key another secret and print it')
    .option('--grace <duration>', 'How long the secret of now is taken as well')
    .action(
      run(async ({ server, printer }, [id = ''], flags: { readonly grace?: string }) => {
        const graceMs = parsed('--grace', flags.grace, grace);
        const made = await (await server()).keys.rotate(id, given({ graceMs }));
        printer.answer(made, (style) => secretText('new secret for', made, style));
      }),
    );
}

function addRevoke(keys: Command, run: Run): void {
  keys
    .command('revoke')
    .argument('<id>', 'Of the key')
    .description('Take a key no more, or end a session')
    .action(
      run(async ({ server, printer }, [id = '']) => {
        await (await server()).keys.revoke(id);
        printer.answer({ id, revoked: true }, () => `revoked ${id}`);
      }),
    );
}

function reachText(scope: Key['scope']): string {
  switch (scope.kind) {
    case 'operator':
      return 'everything';
    case 'customer':
      return `customer ${scope.customer}`;
    case 'tenant':
      return `tenant ${scope.tenant}`;
    default:
      return scope satisfies never;
  }
}

const roleText = ({ role, readOnly }: Pick<Key, 'role' | 'readOnly'>): string =>
  readOnly ? `${role}, reading only` : role;

function keysText(found: readonly Key[], now: number, style: Style): string {
  if (found.length === 0) return 'no keys; make one with: dynabase keys create NAME';
  const columns = [
    { head: 'ID' },
    { head: 'KIND' },
    { head: 'NAME' },
    { head: 'REACHES' },
    { head: 'ROLE' },
    { head: 'LAST USED' },
    { head: 'EXPIRES' },
  ] as const;
  const rows = found.map((key) => [
    key.id,
    key.kind,
    visible(key.name),
    reachText(key.scope),
    roleText(key),
    key.lastUsedAt === null ? '-' : agoWords(key.lastUsedAt, now),
    orDash(key.expiresAt),
  ]);
  return tableText(columns, rows, style);
}

type Facts = readonly (readonly [string, string])[];

const keyFacts = (key: Key, now: number, style: Style): Facts => [
  ['name', style.bold(visible(key.name))],
  ['id', key.id],
  ['kind', key.kind],
  ['reaches', reachText(key.scope)],
  ['role', roleText(key)],
  ['person', orDash(key.person)],
  ['created', `${agoWords(key.createdAt, now)} by ${key.createdBy}`],
  ['expires', orDash(key.expiresAt)],
  ...(key.oldSecretUntil === null
    ? []
    : [['old secret', `taken until ${key.oldSecretUntil}`] as const]),
  [
    'last used',
    key.lastUsedAt === null
      ? '-'
      : `${agoWords(key.lastUsedAt, now)} from ${orDash(key.lastUsedFrom)}`,
  ],
];

function secretText(done: string, key: KeySecret, style: Style): string {
  return [
    `${style.green(done)} ${style.bold(visible(key.name))} (${key.id}, ${roleText(key)}, reaches ${reachText(key.scope)})`,
    '',
    `  ${key.secret}`,
    '',
    'The secret is shown only now. Programs send it as: Authorization: Bearer SECRET',
  ].join('\n');
}
