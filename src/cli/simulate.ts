/** `dynabase simulate`: what a policy would do with a fleet, without a server. */

import { basename } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Command, Option } from 'commander';
import type { Run } from './command.ts';
import { badRequest, onFile } from './failure.ts';
import { parsed } from './options/flag.ts';
import { duration, integer, type Parse, text } from './options/parse.ts';
import { type Column, factsText, tableText } from './words/layout.ts';
import type { Style } from './words/style.ts';
import type { World } from './world.ts';

/** What is to be simulated: a trace, or a fleet that is made up. */
export type SimulateRequest = {
  readonly source: {
    readonly kind: 'trace' | 'fleet';
    readonly name: string;
    readonly text: string;
  };
  readonly policy: string;
  /** Every so many-th tenant. */
  readonly sample: number;
  readonly warmupSeconds: number | null;
  readonly busySeconds: number | null;
  /** Cost reduction against always on, in percent. */
  readonly budget: number;
  readonly seed: number | null;
  readonly compare: boolean;
  /** Drive the real orchestrator too. */
  readonly orchestrate: boolean;
};

export type SimulateSection = {
  readonly title: string;
  readonly facts?: readonly (readonly [name: string, value: string])[];
  readonly table?: {
    readonly columns: readonly Column[];
    readonly rows: readonly (readonly string[])[];
  };
  /** What must be known to read it. */
  readonly note?: string;
};

export type SimulateAnswer = {
  /** For programs. */
  readonly value: unknown;
  readonly sections: readonly SimulateSection[];
  /** Of the frontier, as SVG; null where nothing is compared. */
  readonly picture: string | null;
};

/** Handed in by `main`, which may know the simulator. `tell` is told what is done next. */
export type Simulate = (
  request: SimulateRequest,
  tell: (what: string) => void,
) => Promise<SimulateAnswer>;

type Flags = {
  readonly trace?: string;
  readonly fleet?: string;
  readonly policy: string;
  readonly sample: string;
  readonly warmup?: string;
  readonly busy?: string;
  readonly budget: string;
  readonly seed?: string;
  readonly compare?: true;
  readonly orchestrate?: true;
  readonly svg?: string;
};

export function addSimulateCommand(program: Command, run: Run, simulate: Simulate): void {
  program
    .command('simulate')
    .description('Show what a policy would do with the tenants of a trace; needs no server')
    .option('--trace <file>', 'When tenants were busy; docs/policy.md tells the format')
    .option('--fleet <file>', 'A made-up fleet instead, described in JSON')
    .option(
      '--policy <policy>',
      'adaptive, fixed:15m, hybrid:4h, hazard:1h, ... (adaptive)',
      'adaptive',
    )
    .option('--sample <n>', 'Take every n-th tenant (1)', '1')
    .option('--warmup <time>', 'Learn, but do not score, so long (a third of the trace)')
    .option('--busy <time>', 'How long an event keeps its tenant busy (as the trace says, or 1s)')
    .option('--budget <percent>', 'Cost reduction against always on to aim for (95)', '95')
    .option('--seed <n>', 'Of all chance')
    .option('--compare', 'Beside all baselines, at equal idle time')
    .option(
      '--orchestrate',
      'Also run the real orchestrator on it, and check that it keeps its promises',
    )
    .addOption(
      new Option('--svg <file>', 'Write a picture of the comparison').implies({ compare: true }),
    )
    .action(
      run(async ({ printer, world }, _, flags: Flags) => {
        const request = await requestOf(world, flags);
        const answer = await simulate(request, (what) => printer.note(what));
        if (flags.svg !== undefined && answer.picture !== null) {
          const [file, picture] = [flags.svg, answer.picture];
          await onFile(file, 'written', () => written(world, file, picture));
        }
        printer.answer(answer.value, (style) => sectionsText(answer.sections, style));
      }),
    );
}

const WEEKS_MAX = 520 * 7 * 86_400_000;

const anyTime = duration({ min: 0, max: WEEKS_MAX });

/** Also a bare number, which is of days. */
const daysOrTime: Parse<number> = (given, place) =>
  anyTime(/^\d+(\.\d+)?$/.test(given) ? `${given}d` : given, place);

const secondsOrTime: Parse<number> = (given, place) =>
  anyTime(/^\d+(\.\d+)?$/.test(given) ? `${given}s` : given, place);

const percentage: Parse<number> = (given) => {
  const read = /^\d{1,2}(\.\d{1,4})?$/.test(given) ? Number(given) : Number.NaN;
  if (Number.isNaN(read)) throw new Error(`"${given}" is not a percentage below 100`);
  return read;
};

const COUNT = integer({ min: 1, max: 1_000_000 });

async function requestOf(world: World, flags: Flags): Promise<SimulateRequest> {
  const inSeconds = (flag: string, given: string | undefined, parse: Parse<number>) => {
    const read = parsed(flag, given, parse);
    return read === undefined ? null : read / 1_000;
  };
  return {
    policy: parsed('--policy', flags.policy, text) ?? 'adaptive',
    sample: parsed('--sample', flags.sample, COUNT) ?? 1,
    warmupSeconds: inSeconds('--warmup', flags.warmup, daysOrTime),
    busySeconds: inSeconds('--busy', flags.busy, secondsOrTime),
    budget: parsed('--budget', flags.budget, percentage) ?? 95,
    seed: parsed('--seed', flags.seed, integer({ min: 0, max: 4_294_967_295 })) ?? null,
    compare: flags.compare === true,
    orchestrate: flags.orchestrate === true,
    source: await sourceOf(world, flags),
  };
}

async function sourceOf(world: World, flags: Flags): Promise<SimulateRequest['source']> {
  const { trace, fleet } = flags;
  if ((trace === undefined) === (fleet === undefined)) {
    throw badRequest('simulate needs --trace FILE or --fleet FILE');
  }
  const file = trace ?? fleet ?? '';
  const bytes = await onFile(file, 'read', () => wholeFile(world, file));
  if (bytes === undefined) throw badRequest(`there is no file ${file}`);
  const name = basename(file)
    .replace(/\.gz$/, '')
    .replace(/\.(tsv|json|txt)$/, '');
  const kind = flags.trace === undefined ? 'fleet' : 'trace';
  return { kind, name, text: await textOf(bytes, file) };
}

async function wholeFile(world: World, file: string): Promise<Buffer | undefined> {
  const parts = await world.readFile(file);
  if (parts === undefined) return undefined;
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** A trace that is longer than this does not fit into one text. */
const TEXT_BYTES_MAX = 500_000_000;

const GZIP = Buffer.from([0x1f, 0x8b]);

async function textOf(bytes: Buffer, file: string): Promise<string> {
  if (!bytes.subarray(0, 2).equals(GZIP)) return bytes.toString();
  try {
    return (await promisify(gunzip)(bytes, { maxOutputLength: TEXT_BYTES_MAX })).toString();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ERR_BUFFER_TOO_LARGE') throw badRequest(`${file} is too long to be simulated`);
    throw badRequest(`${file} begins as a gzip file and is none, or is cut short`);
  }
}

async function written(world: World, file: string, content: string): Promise<void> {
  const sink = await world.createFile(file, true);
  try {
    await sink?.write(Buffer.from(content));
    await sink?.keep();
  } catch (error) {
    await sink?.discard();
    throw error;
  }
}

function sectionsText(sections: readonly SimulateSection[], style: Style): string {
  return sections
    .map(({ title, facts, table, note }) =>
      [
        style.bold(title),
        facts && factsText(facts, style),
        table && tableText(table.columns, table.rows, style),
        note && style.dim(note),
      ]
        .filter((part) => part !== undefined)
        .join('\n'),
    )
    .join('\n\n');
}
