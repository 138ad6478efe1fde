/** `dynabase billing ...`: who sells, to whom invoices are made out, and the payment provider. */
import type { Command } from 'commander';
import type { BillingProfile, BillingSettings } from '../../contract/billing/billing.ts';
import type { Run } from '../command.ts';
import { badOption, differing } from '../failure.ts';
import { given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, duration, type Parse } from '../options/parse.ts';
import { profileText, reconciliationText, settingsText } from '../words/billing-words.ts';
import { CUSTOMER_ID } from './customer-commands.ts';

const HOUR_MS = 3_600_000;

const NONE = 'none';

export function addBillingPartyCommands(program: Command, run: Run): void {
  const billing = program
    .command('billing')
    .description('Who sells, to whom invoices are made out, and the payment provider');
  addConfigure(billing, run);
  addProfile(billing, run);
  addReconcile(billing, run);
  addPortal(billing, run);
}

const textOrNull: Parse<string | null> = (text) => (text === NONE ? null : text);

/** Lines of an address in one argument. */
const lines: Parse<string[]> = (text) =>
  text === NONE ? [] : text.split(';').map((line) => line.trim());

const hoursOf: Parse<number> = (text, place) =>
  Math.round(duration({ min: 3 * HOUR_MS, max: 240 * HOUR_MS })(text, place) / HOUR_MS);

type ConfigureFlags = Readonly<
  Partial<
    Record<
      | 'seller'
      | 'address'
      | 'taxId'
      | 'logo'
      | 'footer'
      | 'prefix'
      | 'closesFrom'
      | 'grace'
      | 'tells'
      | 'prices',
      string
    >
  >
> & { readonly meter?: readonly string[] };

function addConfigure(billing: Command, run: Run): void {
  billing
    .command('configure')
    .description('Show or change who sells, when months are closed, what the provider is told')
    .option('--seller <name>', 'Of whoever sells')
    .option('--address <lines>', `With semicolons between, or "${NONE}"`)
    .option('--tax-id <id>', `Such as "VAT DE1", or "${NONE}"`)
    .option('--logo <text>', `In large letters at the head of printed invoices, or "${NONE}"`)
    .option('--footer <lines>', `At their foot, with semicolons between, or "${NONE}"`)
    .option('--prefix <text>', `What numbers of invoices begin with, or "${NONE}"`)
    .option(
      '--closes-from <month>',
      `This month and later ones are closed by themselves, or "${NONE}"`,
    )
    .option('--grace <duration>', 'How long after its end a month is closed')
    .option('--tells <what>', 'What the payment provider is told: invoices, meters, nothing')
    .option('--prices <ids>', `The provider’s, with commas between, or "${NONE}"`)
    .option('--meter <meter=event:per...>', 'Tell of these meters, and of no others')
    .action(
      run(async ({ server, printer }, _, flags: ConfigureFlags) => {
        const { billing: desk } = await server();
        const seller = given({
          name: flags.seller,
          address: parsed('--address', flags.address, lines),
          taxId: parsed('--tax-id', flags.taxId, textOrNull),
          logoText: parsed('--logo', flags.logo, (text) => (text === NONE ? '' : text)),
          footer: parsed('--footer', flags.footer, lines),
        });
        const change = given({
          seller: Object.keys(seller).length === 0 ? undefined : seller,
          numberPrefix: parsed('--prefix', flags.prefix, (text) => (text === NONE ? '' : text)),
          closesFrom: parsed('--closes-from', flags.closesFrom, textOrNull),
          graceHours: parsed('--grace', flags.grace, hoursOf),
          tells: parsed('--tells', flags.tells, choice(['invoices', 'meters', 'nothing'] as const)),
          prices: parsed('--prices', flags.prices, (text) =>
            text === NONE ? [] : text.split(','),
          ),
          meters: flags.meter && metersOf(flags.meter),
        });
        const isAsking = Object.keys(change).length === 0;
        const found = await (isAsking ? desk.settings() : desk.changeSettings(change));
        printer.answer(found, (style) => settingsText(found, style));
      }),
    );
}

function metersOf(given: readonly string[]): BillingSettings['meters'] {
  return Object.fromEntries(
    given.map((text) => {
      const [, meter = '', event = '', per = ''] = /^(\w+)=([^:]+):(\d+)$/.exec(text) ?? [];
      if (meter === '') throw badOption('--meter', `"${text}" is not METER=EVENT:PER`);
      return [meter, { event, per }];
    }),
  );
}

type ProfileFlags = Readonly<Partial<Record<'name' | 'address' | 'taxId', string>>> & {
  readonly tax?: readonly string[];
};

function addProfile(billing: Command, run: Run): void {
  billing
    .command('profile')
    .argument('[customer]', CUSTOMER_ID, 'me')
    .description('Show or change to whom a customer’s invoices are made out')
    .option('--name <text>', `On invoices, or "${NONE}" for the customer’s own`)
    .option('--address <lines>', `With semicolons between, or "${NONE}"`)
    .option('--tax-id <id>', `Such as "VAT DE1", or "${NONE}"`)
    .option('--tax <name=percent...>', `Taxes, as "VAT=19", "VAT=reverse-charge", or "${NONE}"`)
    .action(
      run(async ({ server, printer }, [customer = 'me'], flags: ProfileFlags) => {
        const { billing: desk } = await server();
        const change = given({
          legalName: parsed('--name', flags.name, textOrNull),
          address: parsed('--address', flags.address, lines),
          taxId: parsed('--tax-id', flags.taxId, textOrNull),
          taxes: flags.tax && taxesOf(flags.tax),
        });
        const isAsking = Object.keys(change).length === 0;
        const found = await (isAsking
          ? desk.profile(customer)
          : desk.changeProfile(customer, change));
        printer.answer(found, (style) => profileText(found, style));
      }),
    );
}

const REVERSE = 'reverse-charge';

function taxesOf(given: readonly string[]): BillingProfile['taxes'] {
  return given
    .filter((text) => text !== NONE)
    .map((text) => {
      const [, name = '', rate = ''] =
        /^(.+)=(\d{1,3}(?:\.\d{1,2})?|reverse-charge)$/.exec(text) ?? [];
      if (name === '') throw badOption('--tax', `"${text}" is not NAME=PERCENT`);
      if (rate === REVERSE) return { name, rate: 0, reverseCharge: true };
      return { name, rate: Math.round(Number(rate) * 100), reverseCharge: false };
    });
}

function addReconcile(billing: Command, run: Run): void {
  billing
    .command('reconcile')
    .argument('<month>', 'Such as 2026-11')
    .description('Show where your books and the payment provider’s differ')
    .option('--mend', 'Tell the provider what it lacks')
    .addHelpText('after', '\nEnds with status 1 if there is a difference that is not mended.')
    .action(
      run(async ({ server, printer }, [month = ''], { mend }: { readonly mend?: true }) => {
        const found = await (await server()).billing.reconcile({ month, ...given({ mend }) });
        printer.answer(found, (style) => reconciliationText(found, style));
        const left = found.differences.filter((one) => one.mended === null).length;
        if (left > 0) throw differing(left);
      }),
    );
}

function addPortal(billing: Command, run: Run): void {
  billing
    .command('portal')
    .argument('[customer]', CUSTOMER_ID, 'me')
    .description('Print the address of a page on which the customer sees and pays')
    .action(
      run(async ({ server, printer }, [customer = 'me']) => {
        const found = await (await server()).billing.portal(customer);
        printer.answer(found, () => found.url);
      }),
    );
}
