/**
 * The prompt of `dynabase sql`.
 *
 * Lines that arrive while a statement runs (a paste) wait in a queue. Ctrl-C takes back what was
 * typed, or cancels what runs; Ctrl-D ends.
 */
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { failureText } from '../failure.ts';
import { styleFor } from '../style.ts';
import type { World } from '../world.ts';
import type { SqlRunner } from './runner.ts';
import { type Inside, Splitter } from './splitter.ts';

/** Lines kept in the history file. */
const HISTORY_MAX = 1_000;
const HISTORY_FILE = '.dynabase_history';

type Event = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'end' };

export async function runPrompt(world: World, runner: SqlRunner, name: string): Promise<void> {
  const path = join(world.homeDir, HISTORY_FILE);
  const saved = await world.readText(path).catch(() => undefined);
  let history = (saved ?? '').split('\n').filter((line) => line !== '');
  const terminal = createInterface({
    input: world.stdin,
    output: world.stdout,
    terminal: true,
    history: history.toReversed(),
    historySize: HISTORY_MAX,
    removeHistoryDuplicates: true,
  });
  terminal.on('history', (newestFirst: string[]) => {
    history = newestFirst.toReversed();
  });
  try {
    await new Prompt({ world, runner, name, terminal }).run();
  } finally {
    terminal.close();
    await world.writeText(path, `${history.join('\n')}\n`).catch(() => undefined);
  }
}

type PromptParts = {
  readonly world: World;
  readonly runner: SqlRunner;
  readonly name: string;
  readonly terminal: Interface;
};

class Prompt {
  readonly #world: World;
  readonly #runner: SqlRunner;
  readonly #name: string;
  readonly #terminal: Interface;
  readonly #splitter = new Splitter();
  readonly #events: Event[] = [];
  #waiting: ((event: Event) => void) | undefined;

  constructor({ world, runner, name, terminal }: PromptParts) {
    this.#world = world;
    this.#runner = runner;
    this.#name = name;
    this.#terminal = terminal;
    terminal.on('line', (text) => this.#arrived({ kind: 'line', text }));
    terminal.on('close', () => this.#arrived({ kind: 'end' }));
    terminal.on('SIGINT', () => this.#interrupted());
  }

  async run(): Promise<void> {
    for (;;) {
      const event = await this.#next();
      if (event.kind === 'end') {
        this.#world.stdout.write('\n');
        return;
      }
      for (const piece of this.#splitter.push(`${event.text}\n`)) {
        try {
          if ((await this.#runner.run(piece)) === 'quit') return;
        } catch (error) {
          const style = styleFor(this.#world.stderr, this.#world.env);
          this.#world.stderr.write(`${failureText(error, style)}\n`);
        }
      }
    }
  }

  #next(): Promise<Event> {
    const arrived = this.#events.shift();
    if (arrived) return Promise.resolve(arrived);
    this.#ask();
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #arrived(event: Event): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(event);
    else this.#events.push(event);
  }

  #interrupted(): void {
    if (this.#waiting === undefined) {
      this.#runner.cancel();
      return;
    }
    this.#splitter.clear();
    this.#world.stdout.write('^C\n');
    this.#ask();
  }

  #ask(): void {
    this.#terminal.setPrompt(promptText(this.#name, this.#splitter.inside, this.#runner));
    this.#terminal.prompt();
  }
}

const MARKS: Readonly<Record<Inside, string>> = {
  nothing: '=',
  statement: '-',
  string: "'",
  identifier: '"',
  dollar: '$',
  comment: '*',
  parentheses: '(',
};

/** `acme=> `, `acme-> ` inside a statement, `acme=*> ` inside a transaction: psql's signs. */
function promptText(name: string, inside: Inside, { transaction }: SqlRunner): string {
  const sign = { none: '', open: '*', failed: '!' }[transaction];
  return `${name}${MARKS[inside]}${sign}> `;
}
