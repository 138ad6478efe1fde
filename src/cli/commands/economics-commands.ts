/** `dynabase cost`, `price-book`, `tariffs`, `budget` and `what-if`: what it costs, what is charged, and what would be if. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Budget, PriceBook, WhatIf, WhatIfWish } from '../../contract/economics/economics.ts';
import { COST_KEYS, POLICY_PRESETS, TENANT_PLANS, TENANT_TIERS } from '../../contract/limits.ts';
import type { DynaBase } from '../../sdk/client.ts';
import type { Run } from '../command.ts';
import { badRequest } from '../failure.ts';
import { dayMoment } from '../options/day-moment.ts';
import { collected, given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, duration, integer } from '../options/parse.ts';
import { costText, moneyWords, ownCostText, percentWords } from '../words/economics-words.ts';
import { factsText, tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import type { World } from '../world.ts';

const DAY_MS = 86_400_000;

export function addEconomicsCommands(program: Command, run: Run): void {
  addCost(program, run);
  addPriceBooks(program, run);
  addTariffs(program, run);
  addBudgets(program, run);
  addWhatIf(program, run);
}

type CostFlags = {
  readonly by?: string;
  readonly of?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
};

function addCost(program: Command, run: Run): void {
  program
    .command('cost')
    .argument('[name]', 'Tenant, or what --of says; the whole fleet if not given')
    .description('Show what it costs and brings in, this month so far if not said otherwise')
    .option('--by <key>', `Of the fleet: ${COST_KEYS.join(', ')} (plan)`)
    .option('--of <owner>', 'tenant, customer (tenant)')
    .option('--from <day>', 'The first day, such as 2026-11-01, in UTC')
    .option('--to <day>', 'The last day')
    .option('--limit <count>', 'Lines at most (20)')
    .action(
      run(async ({ server, printer }, [name], flags: CostFlags) => {
        const by = parsed('--by', flags.by, choice(COST_KEYS));
        const of = parsed('--of', flags.of, choice(['tenant', 'customer'] as const)) ?? 'tenant';
        const limit = parsed('--limit', flags.limit, integer({ min: 1, max: 1_000 })) ?? 20;
        const [from, to] = [dayMoment('--from', flags.from), dayMoment('--to', flags.to)];
        const { economics } = await server();
        if (name === undefined) {
          const found = await economics.costs({ ...given({ by, from, to }), limit });
          printer.answer(found, (style) => costText(found, by ?? 'plan', style));
          return;
        }
        const span = given({ from, to });
        const found = await (of === 'tenant'
          ? economics.cost(name, span)
          : economics.customerCost(name, span));
        printer.answer(found, (style) => ownCostText(found, style));
      }),
    );
}

async function documentOf(world: World, path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await world.readText(resolve(world.cwd, path));
  if (text === undefined) throw badRequest(`there is no file ${path}`);
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
      return { ...document };
    }
  } catch {
    // Told below.
  }
  throw badRequest(`${path} holds no JSON object`);
}

function addPriceBooks(program: Command, run: Run): void {
  const books = program
    .command('price-book')
    .description('Show, make and choose the prices by which costs are reckoned');
  books
    .command('list')
    .description('List price books, presets too')
    .action(
      run(async ({ server, printer }) => {
        const found = await (await server()).economics.priceBooks();
        printer.answer({ priceBooks: found }, (style) => booksText(found, style));
      }),
    );
  books
    .command('show')
    .argument('[name]', 'Such as railway; the one in force if not given')
    .description('Show a price book as the document that it is made from')
    .action(
      run(async ({ server, printer }, [name]) => {
        const { economics } = await server();
        const found =
          name === undefined
            ? (await economics.priceBooks()).find(({ isInForce }) => isInForce)
            : await economics.priceBook(name);
        if (found === undefined) throw badRequest('no price book is in force');
        printer.answer(found, () => JSON.stringify(found.document, null, 2));
      }),
    );
  books
    .command('set')
    .argument('<name>', 'A new one, or one to change')
    .argument('<file>', 'JSON, as docs/economics.md describes it')
    .description('Make a price book, or change what comes; what has been settled stays')
    .option('--use', 'And put it in force')
    .action(
      run(async ({ server, printer, world }, [name = '', file = ''], flags: { use?: true }) => {
        const document = await documentOf(world, file);
        const { economics } = await server();
        const put = await economics.putPriceBook(name, document);
        const found = flags.use ? await economics.usePriceBook(name) : put;
        printer.answer(found, (style) => bookText(found, style));
      }),
    );
  books
    .command('use')
    .argument('<name>', 'Such as railway')
    .description('Put a price book in force, from the first day on that is not settled')
    .action(
      run(async ({ server, printer }, [name = '']) => {
        const found = await (await server()).economics.usePriceBook(name);
        printer.answer(found, (style) => bookText(found, style));
      }),
    );
}

const bookText = (book: PriceBook, style: Style): string =>
  factsText(
    [
      ['price book', book.name],
      ['revision', String(book.revision)],
      ['currency', book.currency],
      ['in force', book.isInForce ? 'yes' : 'no'],
    ],
    style,
  );

const booksText = (books: readonly PriceBook[], style: Style): string =>
  tableText(
    [{ head: 'NAME' }, { head: 'KIND' }, { head: 'CURRENCY' }, { head: 'IN FORCE' }],
    books.map(({ name, isPreset, revision, currency, isInForce }) => [
      ...[name, isPreset ? 'preset' : `own, revision ${revision}`],
      ...[currency, isInForce ? 'yes' : ''],
    ]),
    style,
  );

function addTariffs(program: Command, run: Run): void {
  const tariffs = program.command('tariffs').description('Show and set what plans are sold for');
  const shown = (document: unknown): string => JSON.stringify(document, null, 2);
  tariffs
    .command('show')
    .description('Show what plans are sold for, as the document that it is made from')
    .action(
      run(async ({ server, printer }) => {
        const found = await (await server()).economics.tariffs();
        printer.answer(found, () => shown(found.document));
      }),
    );
  tariffs
    .command('set')
    .argument('<file>', 'JSON, as docs/economics.md describes it')
    .description('Set what plans are sold for')
    .action(
      run(async ({ server, printer, world }, [file = '']) => {
        const document = await documentOf(world, file);
        const found = await (await server()).economics.setTariffs(document);
        printer.answer(found, () => shown(found.document));
      }),
    );
}

type BudgetFlags = {
  readonly of?: string;
  readonly hardCap?: boolean;
  readonly email?: readonly string[];
};

const HOLDERS = ['fleet', 'tenant', 'customer'] as const;

function addBudgets(program: Command, run: Run): void {
  const budget = program.command('budget').description('Show and set how much a month may come to');
  budget
    .command('list')
    .description('List budgets, how they stand, and what was told of them of late')
    .action(
      run(async ({ server, printer }) => {
        const { economics } = await server();
        const [budgets, alerts] = await Promise.all([economics.budgets(), economics.alerts()]);
        printer.answer({ budgets, alerts }, (style) => {
          const told = alerts.slice(0, 10).map(({ at, owner, says }) => `${at}  ${owner}  ${says}`);
          return [budgetsText(budgets, style), ...(told.length > 0 ? ['', ...told] : [])].join(
            '\n',
          );
        });
      }),
    );
  budget
    .command('set')
    .argument('<amount>', 'For a month, such as 25; none for no budget')
    .argument('[name]', 'Tenant, or what --of says; the whole fleet if not given')
    .description('Set a budget: told at 50, 75, 90 and 100 percent')
    .option('--of <owner>', 'tenant, customer (tenant)')
    .option('--hard-cap', 'Use ends where the budget does')
    .option('--no-hard-cap', 'It does not, for tenants of plan free either')
    .option('--email <address>', 'Who is written to; may be given several times', collected)
    .action(
      run(async ({ server, printer }, [amount = '', name], flags: BudgetFlags) => {
        const holder = parsed('--of', flags.of, choice(HOLDERS)) ?? 'tenant';
        const { hardCap, email } = flags;
        const wish = {
          ...{ amount: amount === 'none' ? null : amount },
          ...given({ hardCap, emails: email === undefined ? undefined : [...email] }),
        };
        const found = await setBudget((await server()).economics, holder, name, wish);
        printer.answer({ budget: found }, (style) =>
          found === null ? 'there is no budget now' : budgetsText([found], style),
        );
      }),
    );
}

async function setBudget(
  economics: DynaBase['economics'],
  holder: (typeof HOLDERS)[number],
  name: string | undefined,
  wish: Parameters<DynaBase['economics']['setBudget']>[0],
): Promise<Budget | null> {
  if (name === undefined || holder === 'fleet') return await economics.setBudget(wish);
  return await (holder === 'tenant'
    ? economics.setTenantBudget(name, wish)
    : economics.setCustomerBudget(name, wish));
}

const budgetsText = (budgets: readonly Budget[], style: Style): string =>
  tableText(
    [
      ...[{ head: 'WHOSE' }, { head: 'OF' }, { head: 'BUDGET', align: 'right' } as const],
      ...[{ head: 'SPENT', align: 'right' } as const, { head: 'USED', align: 'right' } as const],
      ...[{ head: 'HARD' }, { head: 'TOLD TO' }],
    ],
    budgets.map(({ owner, name, measure, amount, currency, spent, hardCap, emails }) => [
      ...[name ?? owner, measure, moneyWords(amount, currency), moneyWords(spent, currency)],
      ...[percentWords(Number(spent) / Number(amount)), hardCap ? 'yes' : '', emails.join(' ')],
    ]),
    style,
  );

type WhatIfFlags = {
  readonly idle?: string;
  readonly tier?: string;
  readonly plan?: string;
  readonly policy?: string;
  readonly days?: string;
  readonly sample?: string;
};

function addWhatIf(program: Command, run: Run): void {
  program
    .command('what-if')
    .argument('[name]', 'Tenant; a sample of the fleet if not given')
    .description('Tell what it would cost, and how long people would wait, if')
    .option('--idle <time>', 'A compute slept after so long without use, such as 60s')
    .option('--tier <tier>', 'It were in this tier')
    .option('--plan <plan>', 'It were on this plan')
    .option('--policy <rules>', 'These rules were in force: a preset, or a policy file')
    .option('--days <count>', 'Days to replay (14)')
    .option('--sample <count>', 'Tenants to replay (50)')
    .action(
      run(async ({ server, printer, world }, [name], flags: WhatIfFlags) => {
        const wish = {
          ...given({ tenant: name }),
          ...(await rulesAsked(world, flags.policy)),
          ...given({
            idleMs: parsed('--idle', flags.idle, duration({ min: 1_000, max: DAY_MS })),
            tier: parsed('--tier', flags.tier, choice(TENANT_TIERS)),
            plan: parsed('--plan', flags.plan, choice(TENANT_PLANS)),
            days: parsed('--days', flags.days, integer({ min: 1, max: 28 })),
            sample: parsed('--sample', flags.sample, integer({ min: 1, max: 200 })),
          }),
        };
        const { idle, tier, plan, policy } = flags;
        if ([idle, tier, plan, policy].every((one) => one === undefined)) {
          throw badRequest('say what would be: --idle, --tier, --plan or --policy');
        }
        const found = await (await server()).economics.whatIf(wish);
        printer.answer(found, (style) => whatIfText(found, style));
      }),
    );
}

/** What is no preset is a file. */
async function rulesAsked(
  world: World,
  policy: string | undefined,
): Promise<Pick<WhatIfWish, 'policy' | 'policyFile'>> {
  if (policy === undefined) return {};
  if (POLICY_PRESETS.some((preset) => preset === policy)) return { policy };
  const file = await world.readText(resolve(world.cwd, policy));
  // The server says which presets there are.
  return file === undefined ? { policy } : { policyFile: file };
}

function whatIfText(found: WhatIf, style: Style): string {
  const { cost, coldStarts, waitedMs, currency, charged, verdict, tenants, days } = found;
  const right = { align: 'right' } as const;
  const columns = [
    ...[{ head: 'IN 30 DAYS' }, { head: 'NOW', ...right }],
    ...[
      { head: 'THEN', ...right },
      { head: 'DIFFERENCE', ...right },
    ],
  ];
  const money = (of: typeof cost): string[] =>
    [of.before, of.after, of.difference].map((one) => moneyWords(one, currency));
  const counts = (of: typeof coldStarts, scale = 1): string[] =>
    [of.before, of.after, of.difference].map((one) => (one / scale).toFixed(1));
  const rows = [
    ['cost', ...money(cost)],
    ['cold starts', ...counts(coldStarts)],
    ['seconds waited', ...counts(waitedMs, 1_000)],
    ...(charged === null ? [] : [['charged (this month)', ...money(charged)]]),
  ];
  const whom = tenants === 1 ? 'one tenant' : `${tenants} tenants`;
  return [tableText(columns, rows, style), '', `${verdict}: replayed ${days} days of ${whom}`].join(
    '\n',
  );
}
