/** `dynabase operations ...`: long work, whoever has begun it. */
import type { Command } from 'commander';
import { WORK_KINDS, WORK_STATUSES } from '../../contract/limits.ts';
import type { WorkOperation } from '../../contract/work/work.ts';
import type { Run } from '../command.ts';
import { doneText, progressOf } from '../long-work.ts';
import { firstOf, given, orDash } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, integer } from '../options/parse.ts';
import { factsText, tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { agoWords, spanWords } from '../words/words.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 10_000;

export function addWorkCommands(program: Command, run: Run): void {
  const operations = program
    .command('operations')
    .description('Watch, wait for and stop work that takes long');
  addList(operations, run);
  addShow(operations, run);
  addWait(operations, run);
  addCancel(operations, run);
}

type ListFlags = {
  readonly tenant?: string;
  readonly status?: string;
  readonly kind?: string;
  readonly limit?: string;
};

function addList(operations: Command, run: Run): void {
  operations
    .command('list')
    .alias('ls')
    .description('List long work, the latest first')
    .option('--tenant <tenant>', 'Only of this tenant')
    .option('--status <status>', `Only what is ${WORK_STATUSES.join(', ')}`)
    .option('--kind <work>', `Only of one kind: ${WORK_KINDS.join(', ')}`)
    .option('--limit <n>', `How many at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer, world }, _, flags: ListFlags) => {
        const limit = parsed('--limit', flags.limit, integer({ min: 1, max: LIMIT_MAX }));
        const query = given({
          tenant: flags.tenant,
          status: parsed('--status', flags.status, choice(WORK_STATUSES)),
          kind: parsed('--kind', flags.kind, choice(WORK_KINDS)),
        });
        const client = await server();
        const found = await firstOf(client.operations.list(query), limit ?? LIMIT_DEFAULT);
        printer.answer(found, (style) => operationsText(found, world.now(), style));
      }),
    );
}

const withOperation = (operations: Command, name: string): Command =>
  operations.command(name).argument('<id>', 'Of the operation');

function addShow(operations: Command, run: Run): void {
  withOperation(operations, 'show')
    .description('Show an operation, how far it is, or what came of it')
    .action(
      run(async ({ server, printer, world }, [id = '']) => {
        const found = await (await server()).operations.get(id);
        printer.answer(found, (style) => operationText(found, world.now(), style));
      }),
    );
}

function addWait(operations: Command, run: Run): void {
  withOperation(operations, 'wait')
    .description('Wait for the end of an operation; fails as it does')
    .action(
      run(async (context, [id = '']) => {
        const { server, printer, world } = context;
        const client = await server();
        const progress = progressOf(context, `waiting for ${id}`);
        try {
          const found = await client.operations.wait(id, { onProgress: progress.told });
          progress.end();
          printer.answer(found, (style) => operationText(found, world.now(), style));
        } finally {
          progress.end();
        }
      }),
    );
}

function addCancel(operations: Command, run: Run): void {
  withOperation(operations, 'cancel')
    .description('Stop an operation, where that leaves all as it was')
    .action(
      run(async ({ server, printer }, [id = '']) => {
        const found = await (await server()).operations.cancel(id);
        printer.answer(found, (style) => `${id} is ${statusText(found, style)}`);
      }),
    );
}

function operationsText(found: readonly WorkOperation[], now: number, style: Style): string {
  if (found.length === 0) return 'no operations';
  const columns = [
    { head: 'ID' },
    { head: 'KIND' },
    { head: 'TENANT' },
    { head: 'STATUS' },
    { head: 'BEGUN' },
    { head: 'TOOK' },
    { head: 'BY' },
  ] as const;
  const rows = found.map((one) => [
    one.id,
    one.kind,
    orDash(one.tenant?.name),
    statusText(one, style),
    agoWords(one.begunAt, now),
    one.endedAt === null ? '-' : spanWords(Date.parse(one.endedAt) - Date.parse(one.begunAt)),
    one.caller,
  ]);
  return tableText(columns, rows, style);
}

function operationText(found: WorkOperation, now: number, style: Style): string {
  const { progress, fault, result, endedAt } = found;
  return factsText(
    [
      ['id', style.bold(found.id)],
      ['kind', found.kind],
      ['tenant', orDash(found.tenant?.name)],
      ['status', statusText(found, style)],
      ...(found.status === 'running' && progress !== null
        ? [['progress', `${orDash(progress.step)} ${doneText(progress)}`.trimEnd()] as const]
        : []),
      ...(fault === null ? [] : [['failure', `${fault.message} [${fault.code}]`] as const]),
      ...Object.entries(result ?? {}).map(([name, value]) => [name, String(value)] as const),
      ...(found.answer === undefined ? [] : [['answer', JSON.stringify(found.answer)] as const]),
      ['begun', agoWords(found.begunAt, now)],
      ...(endedAt === null ? [] : [['ended', agoWords(endedAt, now)] as const]),
      ['by', found.caller],
    ],
    style,
  );
}

function statusText({ status }: WorkOperation, style: Style): string {
  switch (status) {
    case 'running':
      return style.yellow(status);
    case 'done':
      return style.green(status);
    case 'failed':
      return style.red(status);
    case 'cancelled':
      return style.dim(status);
    default:
      return status satisfies never;
  }
}
