/** `dynabase people ...` and `token-issuers ...`: who may log in, and whose tokens are taken. */
import type { Command } from 'commander';
import type { NewTokenIssuer, Person, TokenIssuer } from '../../contract/access/access.ts';
import { PERSON_ROLES } from '../../contract/limits.ts';
import type { Context, Run } from '../command.ts';
import { badOption, badRequest, onFile } from '../failure.ts';
import { firstOf, given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, url } from '../options/parse.ts';
import { visible } from '../sql/rows-text.ts';
import { factsText, tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { agoWords } from '../words/words.ts';

export function addPeopleCommands(program: Command, run: Run): void {
  const people = program.command('people').description('List, add and remove who may log in');
  addPeopleList(people, run);
  addPerson(people, run);
  addRemovePerson(people, run);
  const issuers = program
    .command('token-issuers')
    .description('Change which applications sign tokens that are taken in place of keys');
  addIssuerList(issuers, run);
  addIssuerShow(issuers, run);
  addIssuerAdd(issuers, run);
  addIssuerChange(issuers, run);
  addIssuerRemove(issuers, run);
}

type Whose = { readonly customer?: string };

const withCustomer = (command: Command): Command =>
  command.option('--customer <id>', "Of this customer; the operator's own if not given");

function addPeopleList(people: Command, run: Run): void {
  withCustomer(people.command('list').alias('ls').description('List who may log in')).action(
    run(
      async ({ server, printer, world }, _, { customer = null }: { customer?: string | null }) => {
        const found = await firstOf((await server()).people.list(customer));
        printer.answer(found, (style) => peopleText(found, world.now(), style));
      },
    ),
  );
}

function addPerson(people: Command, run: Run): void {
  withCustomer(
    people
      .command('add')
      .argument('<email>', 'Their address, as the identity provider has verified it')
      .argument('<person-role>', PERSON_ROLES.join(', '))
      .description('Let somebody log in, or give them another role, which logs them out'),
  ).action(
    run(async ({ server, printer }, [email = '', given = ''], { customer }: Whose) => {
      const role = parsed('role', given, choice(PERSON_ROLES)) ?? 'viewer';
      const person = await (await server()).people.put(email, { role, customer: customer ?? null });
      printer.answer(
        person,
        () => `${person.email} may log in as ${person.role} of ${ownerOf(person)}`,
      );
    }),
  );
}

function addRemovePerson(people: Command, run: Run): void {
  withCustomer(
    people
      .command('remove')
      .alias('rm')
      .argument('<email>', 'Their address')
      .description('Let somebody no longer log in; their sessions and personal keys end'),
  ).action(
    run(async ({ server, printer }, [email = ''], { customer }: Whose) => {
      await (await server()).people.remove(email, customer ?? null);
      printer.answer({ email, removed: true }, () => `${email} may no longer log in`);
    }),
  );
}

const ownerOf = ({ customer }: Person): string =>
  customer === null ? 'the operator' : `customer ${customer}`;

function peopleText(people: readonly Person[], now: number, style: Style): string {
  if (people.length === 0) return 'nobody; add them with: dynabase people add EMAIL ROLE';
  const columns = [
    { head: 'EMAIL' },
    { head: 'ROLE' },
    { head: 'OF' },
    { head: 'ADDED' },
    { head: 'LAST SEEN' },
  ] as const;
  const rows = people.map((person) => [
    visible(person.email),
    person.role,
    ownerOf(person),
    agoWords(person.createdAt, now),
    person.lastSeenAt === null ? 'never' : agoWords(person.lastSeenAt, now),
  ]);
  return tableText(columns, rows, style);
}

function addIssuerList(issuers: Command, run: Run): void {
  issuers
    .command('list')
    .alias('ls')
    .description('List the applications whose tokens are taken')
    .action(
      run(async ({ server, printer }) => {
        const found = await (await server()).tokenIssuers.list();
        printer.answer(found, (style) => issuersText(found, style));
      }),
    );
}

const withIssuer = (issuers: Command, name: string): Command =>
  issuers.command(name).argument('<id>', 'Of the issuer');

function addIssuerShow(issuers: Command, run: Run): void {
  withIssuer(issuers, 'show')
    .description('Show an application whose tokens are taken')
    .action(
      run(async ({ server, printer }, [id = '']) => {
        const found = await (await server()).tokenIssuers.get(id);
        printer.answer(found, (style) => issuerText(found, style));
      }),
    );
}

type IssuerFlags = {
  readonly name?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly keysUrl?: string;
  readonly keysFile?: string;
  readonly customerClaim?: string;
  readonly role?: string;
};

const withIssuerFields = (command: Command): Command =>
  command
    .option('--issuer <text>', 'What its tokens say in "iss"')
    .option('--audience <text>', 'What its tokens must say in "aud"')
    .option('--keys-url <url>', 'Where its public keys are to be had')
    .option('--keys-file <file>', 'Its public keys, a JSON Web Key Set; "-" for standard input')
    .option('--customer-claim <text>', 'The claim that names the customer (customer)')
    .option('--role <person-role>', `What its tokens may do: ${PERSON_ROLES.join(', ')}`);

async function issuerFields(context: Context, flags: IssuerFlags) {
  const { keysUrl, keysFile } = flags;
  if (keysUrl !== undefined && keysFile !== undefined) {
    throw badOption('--keys-url', 'and --keys-file exclude each other');
  }
  return given({
    name: flags.name,
    issuer: flags.issuer,
    audience: flags.audience,
    keysUrl: parsed('--keys-url', keysUrl, url(['https:', 'http:'])),
    keys: keysFile === undefined ? undefined : await keysIn(context, keysFile),
    customerClaim: flags.customerClaim,
    role: parsed('--role', flags.role, choice(PERSON_ROLES)),
  });
}

async function keysIn({ world }: Context, file: string): Promise<TokenIssuer['keys']> {
  const parts = file === '-' ? world.stdin : await onFile(file, 'read', () => world.readFile(file));
  if (parts === undefined) throw badRequest(`there is no file ${file}`);
  const chunks: Uint8Array[] = [];
  for await (const part of parts) chunks.push(Buffer.from(part));
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as TokenIssuer['keys'];
  } catch {
    throw badRequest(`${file} is not a JSON Web Key Set`);
  }
}

function addIssuerAdd(issuers: Command, run: Run): void {
  withIssuerFields(
    issuers
      .command('add')
      .argument('<text>', 'Its name, for people')
      .description('Take the tokens that an application signs for its customers'),
  ).action(
    run(async (context, [name = ''], flags: IssuerFlags) => {
      const { issuer, audience, ...more } = await issuerFields(context, flags);
      if (issuer === undefined) throw badOption('--issuer', 'must be given');
      if (audience === undefined) throw badOption('--audience', 'must be given');
      const wish: NewTokenIssuer = { ...more, name, issuer, audience };
      const made = await (await context.server()).tokenIssuers.create(wish);
      context.printer.answer(made, (style) => issuerText(made, style));
    }),
  );
}

function addIssuerChange(issuers: Command, run: Run): void {
  withIssuerFields(
    withIssuer(issuers, 'change')
      .description('Change how the tokens of an application are checked')
      .option('--name <text>', 'For people'),
  ).action(
    run(async (context, [id = ''], flags: IssuerFlags) => {
      const change = await issuerFields(context, flags);
      const found = await (await context.server()).tokenIssuers.change(id, change);
      context.printer.answer(found, (style) => issuerText(found, style));
    }),
  );
}

function addIssuerRemove(issuers: Command, run: Run): void {
  withIssuer(issuers, 'remove')
    .alias('rm')
    .description('Take no more tokens of an application')
    .action(
      run(async ({ server, printer }, [id = '']) => {
        await (await server()).tokenIssuers.delete(id);
        printer.answer({ id, removed: true }, () => `removed ${id}`);
      }),
    );
}

function issuersText(found: readonly TokenIssuer[], style: Style): string {
  if (found.length === 0) return 'no issuers; add one with: dynabase token-issuers add NAME';
  const columns = [
    { head: 'ID' },
    { head: 'NAME' },
    { head: 'ISSUER' },
    { head: 'AUDIENCE' },
    { head: 'ROLE' },
  ] as const;
  const rows = found.map((one) => [
    one.id,
    visible(one.name),
    visible(one.issuer),
    visible(one.audience),
    one.role,
  ]);
  return tableText(columns, rows, style);
}

function issuerText(one: TokenIssuer, style: Style): string {
  return factsText(
    [
      ['name', style.bold(visible(one.name))],
      ['id', one.id],
      ['issuer', visible(one.issuer)],
      ['audience', visible(one.audience)],
      ['keys', one.keysUrl ?? `${one.keys?.keys.length ?? 0} of its own`],
      ['customer claim', visible(one.customerClaim)],
      ['role', one.role],
      ['created', one.createdAt],
    ],
    style,
  );
}
