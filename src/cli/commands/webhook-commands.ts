/** `dynabase webhooks ...`: events, sent to servers of one's own. */
import type { Command } from 'commander';
import type { Delivery, Webhook, WebhookSecret } from '../../contract/events/webhook.ts';
import type { Run } from '../command.ts';
import { badOption } from '../failure.ts';
import { firstOf, given, orDash } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { integer, type Parse } from '../options/parse.ts';
import { visible } from '../sql/rows-text.ts';
import { factsText, tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { agoWords, inWords } from '../words/words.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 10_000;

const patterns: Parse<string[]> = (text) => text.split(',').map((one) => one.trim());

export function addWebhookCommands(program: Command, run: Run): void {
  const webhooks = program
    .command('webhooks')
    .description('Have events sent to servers of yours, and see what came of it');
  addList(webhooks, run);
  addShow(webhooks, run);
  addCreate(webhooks, run);
  addChange(webhooks, run);
  addDelete(webhooks, run);
  addTest(webhooks, run);
  addRotate(webhooks, run);
  addDeliveries(webhooks, run);
  addRedeliver(webhooks, run);
}

const withId = (webhooks: Command, name: string): Command =>
  webhooks.command(name).argument('<id>', 'Of the webhook');

function addList(webhooks: Command, run: Run): void {
  webhooks
    .command('list')
    .alias('ls')
    .description('List webhooks')
    .action(
      run(async ({ server, printer, world }) => {
        const found = await firstOf((await server()).webhooks.list());
        printer.answer(found, (style) => webhooksText(found, world.now(), style));
      }),
    );
}

function addShow(webhooks: Command, run: Run): void {
  withId(webhooks, 'show')
    .description('Show a webhook')
    .action(
      run(async ({ server, printer, world }, [id = '']) => {
        const found = await (await server()).webhooks.get(id);
        printer.answer(found, (style) => webhookText(found, world.now(), style));
      }),
    );
}

const EVENTS_DOC = 'Types to send, with commas between; such as tenant.state,operation.*';

function addCreate(webhooks: Command, run: Run): void {
  webhooks
    .command('create')
    .argument('<url>', 'Where to, over https')
    .description('Have events sent somewhere, and print the secret that signs them')
    .option('--events <types>', `${EVENTS_DOC} (all)`)
    .option('--customer <id>', 'Those of this customer alone')
    .action(
      run(
        async (
          { server, printer },
          [url = ''],
          flags: { readonly events?: string; readonly customer?: string },
        ) => {
          const events = parsed('--events', flags.events, patterns);
          const wish = { url, ...given({ events, customer: flags.customer }) };
          const made = await (await server()).webhooks.create(wish);
          printer.answer(made, (style) => secretText('created', made, style));
        },
      ),
    );
}

type ChangeFlags = {
  readonly url?: string;
  readonly events?: string;
  readonly on?: true;
  readonly off?: true;
};

function addChange(webhooks: Command, run: Run): void {
  withId(webhooks, 'change')
    .description('Change where a webhook sends what, or stop it for a while')
    .option('--url <url>', 'Where to, over https')
    .option('--events <types>', EVENTS_DOC)
    .option('--on', 'Send again')
    .option('--off', 'Send nothing')
    .action(
      run(async ({ server, printer, world }, [id = ''], flags: ChangeFlags) => {
        const { url, on, off } = flags;
        if (on && off) throw badOption('--on', 'and --off exclude each other');
        const events = parsed('--events', flags.events, patterns);
        const isActive = on ?? (off ? false : undefined);
        const client = await server();
        const found = await client.webhooks.change(id, given({ url, events, isActive }));
        printer.answer(found, (style) => webhookText(found, world.now(), style));
      }),
    );
}

function addDelete(webhooks: Command, run: Run): void {
  withId(webhooks, 'delete')
    .alias('rm')
    .description('Delete a webhook and what is still to be sent')
    .action(
      run(async ({ server, printer }, [id = '']) => {
        await (await server()).webhooks.delete(id);
        printer.answer({ id, deleted: true }, () => `deleted ${id}`);
      }),
    );
}

function addTest(webhooks: Command, run: Run): void {
  withId(webhooks, 'test')
    .description('Send an event of type webhook.test there')
    .action(
      run(async ({ server, printer }, [id = '']) => {
        const sent = await (await server()).webhooks.test(id);
        printer.answer(sent, () => `sent ${sent.id}; dynabase webhooks deliveries ${id}`);
      }),
    );
}

function addRotate(webhooks: Command, run: Run): void {
  withId(webhooks, 'rotate-secret')
    .description('Give a webhook another secret; for a day both sign')
    .action(
      run(async ({ server, printer }, [id = '']) => {
        const made = await (await server()).webhooks.rotateSecret(id);
        printer.answer(made, (style) => secretText('new secret for', made, style));
      }),
    );
}

function addDeliveries(webhooks: Command, run: Run): void {
  withId(webhooks, 'deliveries')
    .description('List what was sent, and what came of it')
    .option('--limit <n>', `How many at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer, world }, [id = ''], flags: { readonly limit?: string }) => {
        const limit = parsed('--limit', flags.limit, integer({ min: 1, max: LIMIT_MAX }));
        const client = await server();
        const found = await firstOf(client.webhooks.deliveries(id), limit ?? LIMIT_DEFAULT);
        printer.answer(found, (style) => deliveriesText(found, world.now(), style));
      }),
    );
}

function addRedeliver(webhooks: Command, run: Run): void {
  withId(webhooks, 'redeliver')
    .argument('<delivery>', 'Id of the delivery')
    .description('Send something again, under the same id')
    .action(
      run(async ({ server, printer }, [id = '', delivery = '']) => {
        const sent = await (await server()).webhooks.redeliver(id, delivery);
        printer.answer(sent, () => `sending ${sent.id} again`);
      }),
    );
}

const stateText = ({ isActive, failingSince }: Webhook, now: number, style: Style): string => {
  if (!isActive) return style.dim('off');
  if (failingSince === null) return style.green('on');
  return style.red(`failing since ${agoWords(failingSince, now)}`);
};

function webhooksText(found: readonly Webhook[], now: number, style: Style): string {
  if (found.length === 0) return 'no webhooks; make one with: dynabase webhooks create URL';
  const columns = [
    { head: 'ID' },
    { head: 'URL' },
    { head: 'EVENTS' },
    { head: 'OF' },
    { head: 'STATE' },
  ] as const;
  const rows = found.map((one) => [
    one.id,
    visible(one.url),
    one.events.join(','),
    orDash(one.customer),
    stateText(one, now, style),
  ]);
  return tableText(columns, rows, style);
}

const webhookText = (one: Webhook, now: number, style: Style): string =>
  factsText(
    [
      ['id', style.bold(one.id)],
      ['url', visible(one.url)],
      ['events', one.events.join(', ')],
      ['customer', orDash(one.customer)],
      ['state', stateText(one, now, style)],
      ['created', agoWords(one.createdAt, now)],
    ],
    style,
  );

const secretText = (done: string, one: WebhookSecret, style: Style): string =>
  [
    `${style.green(done)} ${style.bold(one.id)} (${visible(one.url)}, ${one.events.join(', ')})`,
    '',
    `  ${one.secret}`,
    '',
    'The secret is shown only now. It signs what is sent, as Standard Webhooks says.',
  ].join('\n');

function deliveriesText(found: readonly Delivery[], now: number, style: Style): string {
  if (found.length === 0) return 'nothing was sent';
  const columns = [
    { head: 'ID' },
    { head: 'EVENT' },
    { head: 'WHEN' },
    { head: 'TRIES', align: 'right' },
    { head: 'OUTCOME' },
  ] as const;
  const rows = found.map((one) => [
    one.id,
    one.event,
    agoWords(one.createdAt, now),
    String(one.attempts),
    outcomeText(one, now, style),
  ]);
  return tableText(columns, rows, style);
}

function outcomeText(one: Delivery, now: number, style: Style): string {
  const { deliveredAt, nextAt, lastStatus, lastError } = one;
  if (deliveredAt !== null) return style.green(`arrived, ${orDash(lastStatus)}`);
  const why = visible(lastError ?? (lastStatus === null ? 'not sent yet' : String(lastStatus)));
  return nextAt === null ? style.red(`given up: ${why}`) : `${why}; again ${inWords(nextAt, now)}`;
}
