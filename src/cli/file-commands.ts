/** `dynabase export` and `import`: a tenant as one file. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { TENANT_PLANS } from '../contract/limits.ts';
import type { Run } from './command.ts';
import { badRequest, onFile } from './failure.ts';
import { parsed } from './flag.ts';
import { choice } from './parse.ts';
import { secretText } from './tenant-words.ts';
import { bytesWords, spanWords } from './words.ts';
import type { World } from './world.ts';

/** Stands for standard output or input. */
const STANDARD = '-';

type Parts = AsyncIterable<Uint8Array>;

export function addFileCommands(program: Command, run: Run): void {
  addExport(program, run);
  addImport(program, run);
}

function addExport(program: Command, run: Run): void {
  program
    .command('export')
    .argument('<name>', 'Name or id')
    .argument('<file>', `Where to write it, or "${STANDARD}" for standard output`)
    .description('Write a tenant to one file, which is not encrypted')
    .option('--force', 'Replace the file if there is one')
    .action(
      run(async ({ server, printer, world }, [name = '', file = ''], flags: { force?: true }) => {
        const client = await server();
        const before = world.now();
        const bytes = await interruptible(world, async (signal) => {
          const from = () => client.tenants.export(name, { signal });
          if (file === STANDARD) return await toOutput(world, from);
          return await toFile(world, { file, replace: flags.force === true, from });
        });
        if (file === STANDARD) return;
        const took = spanWords(world.now() - before);
        printer.answer(
          { tenant: name, file, bytes },
          (style) => `wrote ${name} to ${file}: ${bytesWords(bytes)} ${style.dim(`(${took})`)}`,
        );
      }),
    );
}

function addImport(program: Command, run: Run): void {
  program
    .command('import')
    .argument('<name>', 'Of the new tenant')
    .argument('<file>', `What "dynabase export" wrote, or "${STANDARD}" for standard input`)
    .description('Create a tenant out of an exported file')
    .option('--plan <plan>', TENANT_PLANS.join(', '))
    .action(
      run(async (context, [name = '', file = ''], flags: { readonly plan?: string }) => {
        const { server, printer, world } = context;
        const plan = parsed('--plan', flags.plan, choice(TENANT_PLANS));
        const client = await server();
        const parts = file === STANDARD ? world.stdin : await partsOf(world, file);
        const query = { name, ...(plan === undefined ? {} : { plan }) };
        const tenant = await interruptible(world, (signal) =>
          client.tenants.import(query, parts, { signal }),
        );
        printer.answer(tenant, (style) => secretText(tenant, 'imported', style));
      }),
    );
}

async function partsOf(world: World, file: string): Promise<Parts> {
  const parts = await onFile(file, 'read', () => world.readFile(file));
  if (parts === undefined) throw badRequest(`there is no file ${file}`);
  return parts;
}

/** What is begun is left at Ctrl-C by `signal`, so that nothing half done stays. */
async function interruptible<T>(
  world: World,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = world.onInterrupt(() => controller.abort(badRequest('stopped; nothing is kept')));
  try {
    return await work(controller.signal);
  } finally {
    stop();
  }
}

/** Returns the bytes written. */
async function toOutput({ stdout }: World, from: () => Promise<Parts>): Promise<number> {
  if (stdout.isTTY === true) {
    throw badRequest('the file is not for a terminal; name a file, or redirect the output');
  }
  let bytes = 0;
  const counted = async function* (parts: Parts): Parts {
    for await (const part of parts) {
      bytes += part.length;
      yield part;
    }
  };
  await pipeline(Readable.from(counted(await from())), stdout, { end: false });
  return bytes;
}

type Target = {
  readonly file: string;
  readonly replace: boolean;
  readonly from: () => Promise<Parts>;
};

/** Returns the bytes written. A failure leaves no part of the file, and the one that was there. */
async function toFile(world: World, { file, replace, from }: Target): Promise<number> {
  const sink = await onFile(file, 'written', () => world.createFile(file, replace));
  if (sink === null) throw badRequest(`${file} is there already; say --force to replace it`);
  try {
    let bytes = 0;
    for await (const part of await from()) {
      await onFile(file, 'written', () => sink.write(part));
      bytes += part.length;
    }
    await onFile(file, 'written', () => sink.keep());
    return bytes;
  } catch (error) {
    await sink.discard();
    throw error;
  }
}
