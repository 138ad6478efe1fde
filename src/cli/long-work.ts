/** Commands that begin long work: they tell how far it is, or leave it to itself. */
import type { Command } from 'commander';
import type { AnswerOf } from '../contract/routes.ts';
import type { WorkName } from '../contract/work/operations-work.ts';
import type { WorkOperation } from '../contract/work/work.ts';
import type { WorkInput } from '../sdk/work.ts';
import type { Context } from './command.ts';
import { progressLine } from './words/progress.ts';
import { bytesWords } from './words/words.ts';

export type Waiting = { readonly wait?: boolean };

export const withNoWait = (command: Command): Command =>
  command.option('--no-wait', 'Only begin it, and print the operation that does it');

export type Work<N extends WorkName> = {
  readonly name: N;
  readonly input: WorkInput<N>;
  /** What is done, where the server does not say it more exactly: `archiving acme`. */
  readonly doing: string;
};

/** Does it to its end, or prints what was begun and returns null. */
export async function doWork<N extends WorkName>(
  context: Context,
  { wait = true }: Waiting,
  { name, input, doing }: Work<N>,
): Promise<{ readonly answer: AnswerOf<N> } | null> {
  const { server, printer } = context;
  const client = await server();
  if (!wait) {
    const begun = await client.operations.begin(name, input);
    printer.answer(begun, () => `began ${begun.id}; dynabase operations wait ${begun.id}`);
    return null;
  }
  const progress = progressOf(context, doing);
  try {
    const answer = await client.operations.run(name, input, { onProgress: progress.told });
    return { answer };
  } finally {
    progress.end();
  }
}

/** A line that says how far an operation is, once it has said something. */
export function progressOf({ world, printer }: Context, doing: string) {
  const line = progressLine(world, printer);
  let isShown = false;
  return {
    told: ({ status, progress }: WorkOperation): void => {
      if (status !== 'running') return;
      isShown = true;
      line.show(progress?.step ?? doing, progress === null ? '' : doneText(progress));
    },
    end: (): void => {
      if (isShown) line.end();
    },
  };
}

/** `1.2 MB of 30 MB`. */
export function doneText({ doneBytes, allBytes }: NonNullable<WorkOperation['progress']>): string {
  if (doneBytes === null) return '';
  return allBytes === null
    ? bytesWords(doneBytes)
    : `${bytesWords(doneBytes)} of ${bytesWords(allBytes)}`;
}
