/** SQL that is not typed by a person: an argument, or a script on standard input. */
import type { InputStream } from '../world.ts';
import { linesOf, type SqlRunner } from './runner.ts';
import { Splitter } from './splitter.ts';

/** Sends `text` as it is, in one message: several statements in it are one transaction. */
export async function runArgument(runner: SqlRunner, text: string): Promise<void> {
  await runner.run({ text, line: 1 });
}

/** Runs statement by statement as they come, and ends at the first error. */
export async function runScript(runner: SqlRunner, input: InputStream): Promise<void> {
  const splitter = new Splitter();
  for await (const line of linesOf(input)) {
    for (const piece of splitter.push(line)) {
      if ((await runner.run(piece)) === 'quit') return;
    }
  }
  for (const piece of splitter.end()) await runner.run(piece);
}
