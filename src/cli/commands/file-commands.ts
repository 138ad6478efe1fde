/** `dynabase export`: a tenant as one file. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { badRequest, onFile } from '../failure.ts';
import { addImportCommand } from '../import/command.ts';
import { interruptible } from '../interruptible.ts';
import { bytesWords, spanWords } from '../words/words.ts';
import type { World } from '../world.ts';

/** Stands for standard output . */
const STANDARD = '-';

type Parts = AsyncIterable<Uint8Array>;

export function addFileCommands(program: Command, run: Run): void {
  addExport(program, run);
  addImportCommand(program, run);
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
