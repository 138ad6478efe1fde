/** `dynabase quota ...`, `consumption` and `allow`: what may be used, was, and from where. */
import type { Command } from 'commander';
import { QUOTA_NAMES, TENANT_PLANS } from '../../contract/limits.ts';
import type { Consumption, Quota, QuotaState } from '../../contract/quotas/quota.ts';
import type { DynaBase } from '../../sdk/client.ts';
import type { Run } from '../command.ts';
import { badOption, badRequest } from '../failure.ts';
import { collected, given, restOf } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { bytes, choice, duration, integer, type Parse } from '../options/parse.ts';
import { factsText, tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { bytesWords, countWords, inWords, spanWords } from '../words/words.ts';

/** Whose limits, or use, is meant by the name. */
export const QUOTA_HOLDERS = ['tenant', 'customer', 'plan'] as const;
type Holder = (typeof QUOTA_HOLDERS)[number];
type OfFlag = { readonly of?: string };
type QuotaName = (typeof QUOTA_NAMES)[number];

const NONE = 'none';
const TARGET = 'Name or id of the tenant, or what --of says';

export function addQuotaCommands(program: Command, run: Run): void {
  const quota = program.command('quota').description('Show and change what may be used');
  addShow(quota, run);
  addSet(quota, run);
  addConsumption(program, run);
  addAllow(program, run);
}

const holderOf = ({ of }: OfFlag, holders: readonly Holder[]): Holder =>
  parsed('--of', of, choice(holders)) ?? 'tenant';

const planOf = (name: string) => parsed('plan', name, choice(TENANT_PLANS)) ?? 'free';

function addShow(quota: Command, run: Run): void {
  quota
    .command('show')
    .argument('<name>', TARGET)
    .description('Show limits, who has set them, and how much of them is used')
    .option('--of <holder>', `${QUOTA_HOLDERS.join(', ')} (tenant)`)
    .action(
      run(async ({ server, printer, world }, [name = ''], flags: OfFlag) => {
        const holder = holderOf(flags, QUOTA_HOLDERS);
        const { limits } = await server();
        if (holder === 'plan') {
          const found = await limits.planQuota(planOf(name));
          printer.answer(found, (style) => planText(found, style));
          return;
        }
        const found = await (holder === 'tenant' ? limits.quota(name) : limits.customerQuota(name));
        printer.answer(found, (style) => stateText(found, world.now(), style));
      }),
    );
}

type SetFlags = OfFlag & {
  readonly soft?: readonly string[];
  readonly hard?: readonly string[];
};

function addSet(quota: Command, run: Run): void {
  quota
    .command('set')
    .argument('<name>', TARGET)
    .description('Change limits; those that are not named stay as you have set them')
    .option('--of <holder>', `${QUOTA_HOLDERS.join(', ')} (tenant)`)
    .option(
      '--soft <limit>',
      `Is told of: such as logicalSizeBytes=1GB or sessions=${NONE}`,
      collected,
    )
    .option('--hard <limit>', 'Stops: such as activeTimeSeconds=100h', collected)
    .addHelpText('after', `\nLimits are ${QUOTA_NAMES.join(', ')}.`)
    .action(
      run(async ({ server, printer, world }, [name = ''], flags: SetFlags) => {
        const holder = holderOf(flags, QUOTA_HOLDERS);
        const change = [...gradesOf('soft', flags.soft), ...gradesOf('hard', flags.hard)];
        if (change.length === 0) throw badRequest('nothing to change; say --soft or --hard');
        const client = await server();
        const { limits } = client;
        if (holder === 'plan') {
          const plan = planOf(name);
          const set = changed(await limits.planQuota(plan), change);
          const found = await limits.setPlanQuota(plan, set);
          printer.answer(found, (style) => planText(found, style));
          return;
        }
        const isTenant = holder === 'tenant';
        const before = isTenant ? await limits.quota(name) : await limits.customerQuota(name);
        const set = changed(await ownOf(client, before), change);
        const found = await (isTenant
          ? limits.setQuota(name, set)
          : limits.setCustomerQuota(name, set));
        printer.answer(found, (style) => stateText(found, world.now(), style));
      }),
    );
}

/** What the caller has set: the operator's limits and a customer's own are kept apart. */
async function ownOf({ access }: DynaBase, { operator, own }: QuotaState): Promise<Quota> {
  const { scope } = await access.whoAmI();
  return scope.kind === 'operator' ? operator : own;
}

type Grade = {
  readonly grade: 'soft' | 'hard';
  readonly name: QuotaName;
  readonly amount: number | null;
};

const seconds: Parse<number> = (text, place) =>
  /^\d+$/.test(text)
    ? integer({ min: 0, max: Number.MAX_SAFE_INTEGER })(text, place)
    : Math.round(duration({ min: 0, max: 366 * 86_400_000 })(text, place) / 1_000);

function amountParse(name: QuotaName): Parse<number> {
  if (name.endsWith('Seconds')) return seconds;
  return name.endsWith('Bytes') ? bytes : integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
}

const gradesOf = (grade: 'soft' | 'hard', assignments: readonly string[] = []): readonly Grade[] =>
  assignments.map((assignment) => {
    const [named, text, ...more] = assignment.split('=');
    if (text === undefined || more.length > 0) {
      throw badOption(`--${grade}`, `"${assignment}" is not LIMIT=VALUE`);
    }
    const name = parsed(`--${grade}`, named, choice(QUOTA_NAMES)) ?? 'sessions';
    const amount = text === NONE ? null : parsed(`--${grade}`, text, amountParse(name));
    return { grade, name, amount: amount ?? null };
  });

function changed(before: Quota, change: readonly Grade[]): Quota {
  const after: Record<string, { soft: number | null; hard: number | null }> = { ...before };
  for (const { grade, name, amount } of change) {
    after[name] = { soft: null, hard: null, ...after[name], [grade]: amount };
  }
  return after;
}

function amountText(name: string, amount: number | null): string {
  if (amount === null) return '-';
  if (name.endsWith('Seconds')) return amount === 0 ? '0' : spanWords(amount * 1_000);
  return name.endsWith('Bytes') ? bytesWords(amount) : countWords(amount);
}

const gradesText = (name: QuotaName, quota: Quota): string =>
  [quota[name]?.soft ?? null, quota[name]?.hard ?? null]
    .map((amount) => amountText(name, amount))
    .join(' / ');

function planText(quota: Quota, style: Style): string {
  const columns = [{ head: 'LIMIT' }, { head: 'SOFT / HARD', align: 'right' }] as const;
  const rows = QUOTA_NAMES.map((name) => [name, gradesText(name, quota)]);
  return tableText(columns, rows, style);
}

function stateText(state: QuotaState, now: number, style: Style): string {
  const { operator, own, effective, used, passed, resetsAt } = state;
  const columns = [
    { head: 'LIMIT' },
    { head: 'USED', align: 'right' },
    { head: 'SOFT / HARD', align: 'right' },
    { head: 'BY THE OPERATOR', align: 'right' },
    { head: 'BY THE CUSTOMER', align: 'right' },
  ] as const;
  const rows = QUOTA_NAMES.map((name) => [
    name,
    amountText(name, used[name]),
    gradesText(name, effective),
    gradesText(name, operator),
    gradesText(name, own),
  ]);
  const told = passed.map(({ quota, grade, limit, until }) => {
    const paint = grade === 'hard' ? style.red : style.yellow;
    return `${paint(`${grade} limit passed:`)} ${quota} ${amountText(quota, limit)}, ${inWords(until, now)} it counts no more`;
  });
  const reset = `what is counted by the month begins anew ${inWords(resetsAt, now)}`;
  return [tableText(columns, rows, style), '', ...told, reset].join('\n');
}

function addConsumption(program: Command, run: Run): void {
  program
    .command('consumption')
    .argument('<name>', TARGET)
    .description('Show what a tenant, or all of a customer, used in a month')
    .option('--of <owner>', 'tenant, customer (tenant)')
    .option('--month <month>', 'Such as 2026-11, in UTC; this one if not given')
    .action(
      run(async ({ server, printer }, [name = ''], flags: OfFlag & { readonly month?: string }) => {
        const holder = holderOf(flags, ['tenant', 'customer']);
        const query = given({ month: flags.month });
        const { limits } = await server();
        const found = await (holder === 'tenant'
          ? limits.consumption(name, query)
          : limits.customerConsumption(name, query));
        printer.answer(found, (style) => consumptionText(found, style));
      }),
    );
}

const consumptionText = (found: Consumption, style: Style): string =>
  factsText(
    [
      ['month', found.from.slice(0, 'YYYY-MM'.length)],
      ...QUOTA_NAMES.map((name) => [name, amountText(name, found[name])] as const),
    ],
    style,
  );

type AllowFlags = OfFlag & { readonly any?: true };

function addAllow(program: Command, run: Run): void {
  program
    .command('allow')
    .argument('<name>', TARGET)
    .argument('[addresses...]', 'Addresses, networks and ranges; what there is if not given')
    .description('Show or change where clients may come from; sessions from elsewhere end')
    .option('--of <owner>', 'tenant, customer (tenant)')
    .option('--any', 'From anywhere')
    .action(
      run(async ({ server, printer }, [name = '', rest], flags: AllowFlags) => {
        const holder = holderOf(flags, ['tenant', 'customer']);
        const wanted = restOf(rest);
        if (flags.any && wanted.length > 0) throw badOption('--any', 'goes without addresses');
        const client = await server();
        const change = flags.any || wanted.length > 0 ? wanted : null;
        const found = await addressesOf(client, { holder, name, change });
        printer.answer({ allowedAddresses: found }, () =>
          found.length === 0 ? 'clients may come from anywhere' : found.join('\n'),
        );
      }),
    );
}

type Allowed = {
  readonly holder: Holder;
  readonly name: string;
  /** Null to look only. */
  readonly change: readonly string[] | null;
};

async function addressesOf(
  { tenants, limits }: DynaBase,
  { holder, name, change }: Allowed,
): Promise<readonly string[]> {
  if (holder === 'customer') {
    return change === null
      ? await limits.customerAddresses(name)
      : await limits.setCustomerAddresses(name, change);
  }
  const tenant =
    change === null
      ? await tenants.get(name)
      : await tenants.change(name, { allowedAddresses: [...change] });
  return tenant.allowedAddresses;
}
