/** `dynabase invoices ...` and `dynabase credits ...`: what customers owe, and what they have. */
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { badRequest, differing, onFile } from '../failure.ts';
import { firstOf, given } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice } from '../options/parse.ts';
import {
  creditsText,
  invoicesText,
  invoiceText,
  linesText,
  verdictsText,
} from '../words/billing-words.ts';
import type { World } from '../world.ts';
import { CUSTOMER_ID } from './customer-commands.ts';

const STANDARD = '-';

const FORMATS = ['json', 'csv', 'html'] as const;

export function addBillingCommands(program: Command, run: Run): void {
  const invoices = program
    .command('invoices')
    .description('List, close, check and export invoices');
  addList(invoices, run);
  addShow(invoices, run);
  addDraft(invoices, run);
  addExport(invoices, run);
  addClose(invoices, run);
  addVerify(invoices, run);
  const credits = program
    .command('credits')
    .description('What customers have with you, and what they were billed too little');
  addCreditList(credits, run);
  addCreditAdd(credits, run);
}

function addList(invoices: Command, run: Run): void {
  invoices
    .command('list')
    .alias('ls')
    .description('List invoices, the latest first')
    .option('--month <month>', 'Only those of this month, such as 2026-11')
    .option('--customer <id>', 'Only those of this customer')
    .action(
      run(
        async (
          { server, printer },
          _,
          { month, customer }: { readonly month?: string; readonly customer?: string },
        ) => {
          const { billing } = await server();
          const found = await firstOf(billing.invoices(given({ month, customer })));
          printer.answer(found, (style) => invoicesText(found, style));
        },
      ),
    );
}

const withNumber = (invoices: Command, name: string): Command =>
  invoices.command(name).argument('<number>', 'Of the invoice');

function addShow(invoices: Command, run: Run): void {
  withNumber(invoices, 'show')
    .description('Show an invoice as it was closed')
    .action(
      run(async ({ server, printer }, [number = '']) => {
        const found = await (await server()).billing.invoice(number);
        printer.answer(
          found,
          (style) => `${invoiceText(found, style)}\n\n${linesText(found.text, style)}`,
        );
      }),
    );
}

function addDraft(invoices: Command, run: Run): void {
  invoices
    .command('draft')
    .argument('[customer]', CUSTOMER_ID, 'me')
    .description('Show what the invoice of a month would say now')
    .option('--month <month>', 'Such as 2026-11, in UTC; this one if not given')
    .action(
      run(
        async ({ server, printer }, [customer = 'me'], { month }: { readonly month?: string }) => {
          const found = await (await server()).billing.draft(customer, given({ month }));
          printer.answer(found, (style) => linesText(found.text, style));
        },
      ),
    );
}

type ExportFlags = { readonly format?: string; readonly force?: true };

function addExport(invoices: Command, run: Run): void {
  withNumber(invoices, 'export')
    .argument('<file>', `Where to write it, or "${STANDARD}" for standard output`)
    .description('Write an invoice to a file; a browser prints the page as PDF')
    .option(
      '--format <format>',
      `${FORMATS.join(', ')}; what the file’s name ends with if not given`,
    )
    .option('--force', 'Replace the file if there is one')
    .action(
      run(async ({ server, printer, world }, [number = '', file = ''], flags: ExportFlags) => {
        const named = FORMATS.find((one) => file.endsWith(`.${one}`)) ?? 'html';
        const format = parsed('--format', flags.format, choice(FORMATS)) ?? named;
        const found = await (await server()).billing.render(number, { format });
        if (file === STANDARD) {
          printer.answer(found, () => found.content.trimEnd());
          return;
        }
        await write(world, file, found.content, flags.force === true);
        printer.answer({ number, file, format }, () => `wrote invoice ${number} to ${file}`);
      }),
    );
}

async function write(world: World, file: string, text: string, replace: boolean): Promise<void> {
  const sink = await onFile(file, 'written', () => world.createFile(file, replace));
  if (sink === null) throw badRequest(`${file} is there already; say --force to replace it`);
  try {
    await onFile(file, 'written', () => sink.write(new TextEncoder().encode(text)));
    await onFile(file, 'written', () => sink.keep());
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

function addClose(invoices: Command, run: Run): void {
  invoices
    .command('close')
    .argument('<month>', 'Such as 2026-11')
    .description('Close a month: every customer gets its invoice, which is never changed')
    .action(
      run(async ({ server, printer }, [month = '']) => {
        const done = await (await server()).billing.close(month);
        const { numbers, skipped } = done;
        printer.answer(done, (style) => {
          const made =
            numbers.length === 0
              ? 'no invoices'
              : numbers.length === 1
                ? `invoice ${numbers[0]}`
                : `${numbers.length} invoices, ${numbers[0]} to ${numbers.at(-1)}`;
          return `${style.green('closed')} ${month}: ${made}${skipped === 0 ? '' : `; ${skipped} customers had theirs or owe nothing`}`;
        });
      }),
    );
}

type VerifyFlags = { readonly month?: string; readonly correct?: true };

function addVerify(invoices: Command, run: Run): void {
  invoices
    .command('verify')
    .argument('[number]', 'Of the invoice; all of them if not given')
    .description('Make invoices again from the ledger, and compare them text for text')
    .option('--month <month>', 'Only those of this month')
    .option('--correct', 'Put what differs right in an open month')
    .addHelpText('after', '\nEnds with status 1 if there is a difference that is not put right.')
    .action(
      run(async ({ server, printer }, [invoice], { month, correct }: VerifyFlags) => {
        const found = await (await server()).billing.verify(given({ invoice, month, correct }));
        printer.answer(found, (style) => verdictsText(found, style));
        const bad = found.verdicts.filter(({ isGood }) => !isGood).length;
        if (bad > 0) throw differing(bad);
      }),
    );
}

function addCreditList(credits: Command, run: Run): void {
  credits
    .command('list')
    .alias('ls')
    .argument('[customer]', CUSTOMER_ID, 'me')
    .description('List a customer’s credits and adjustments, the oldest first')
    .action(
      run(async ({ server, printer }, [customer = 'me']) => {
        const found = await (await server()).billing.credits(customer);
        printer.answer(found, (style) => creditsText(found, style));
      }),
    );
}

type CreditFlags = { readonly says?: string; readonly adjustment?: true };

function addCreditAdd(credits: Command, run: Run): void {
  credits
    .command('add')
    .argument('<customer>', CUSTOMER_ID)
    .argument('<amount>', 'Such as 12.50')
    .description('Give a customer a credit, used by its next invoices')
    .option('--says <text>', 'What stands on the invoice (Credit)')
    .option('--adjustment', 'Bill what an earlier month was billed too little, instead')
    .action(
      run(async ({ server, printer }, [customer = '', amount = ''], flags: CreditFlags) => {
        const kind = flags.adjustment ? 'adjustment' : 'credit';
        const says = flags.says ?? (flags.adjustment ? 'Adjustment' : 'Credit');
        const made = await (await server()).billing.addCredit(customer, { amount, says, kind });
        printer.answer(
          made,
          (style) => `${style.green('added')} ${made.amount} ${made.currency} (${made.id})`,
        );
      }),
    );
}
