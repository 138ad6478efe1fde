/**
 * The prompt of `dynabase sql`.
 *
 * Lines that arrive while a statement runs (a paste) wait in a queue. Ctrl-C takes back what was
 * typed, or cancels what runs; Ctrl-D ends.
 */
import { createInterface, type Interface } from 'node:readline';
import { failureText } from '../failure.ts';
import { styleFor } from '../words/style.ts';
import type { World } from '../world.ts';
import { completionsFor } from './completion.ts';
import { HISTORY_MAX, isKept, joined, loadHistory, saveHistory } from './history.ts';
import type { SqlRunner } from './runner.ts';
import { type Inside, Splitter } from './splitter.ts';

type Event = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'end' };

export async function runPrompt(world: World, runner: SqlRunner): Promise<void> {
  const entries = await loadHistory(world);
  const terminal = createInterface({
    input: world.stdin,
    output: world.stdout,
    terminal: true,
    history: entries.toReversed(),
    historySize: HISTORY_MAX,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, offered: [string[], string]) => void) => {
      runner.names().then(
        (names) => {
          const [offered, word] = completionsFor(line, names);
          done(null, [[...offered], word]);
        },
        () => done(null, [[], line]),
      );
    },
  });
  const typed = new Typed(terminal);
  try {
    await new Prompt({ world, runner, terminal, typed }).run();
  } finally {
    terminal.close();
    await saveHistory(world, [...entries, ...typed.entries]);
  }
}

/** Makes one entry of the lines of a statement, on the arrow keys and for the file. */
class Typed {
  readonly entries: string[] = [];
  #newestFirst: string[] = [];
  #splitter = new Splitter();
  #lines: string[] = [];
  #spansQuotes = false;

  constructor(terminal: Interface) {
    terminal.on('history', (newestFirst: string[]) => {
      this.#newestFirst = newestFirst;
    });
    terminal.on('line', (line) => this.#typed(line));
  }

  /** What was begun is taken back. */
  clear(): void {
    this.#splitter.clear();
    this.#lines = [];
    this.#spansQuotes = false;
  }

  #typed(line: string): void {
    this.#splitter.push(`${line}\n`);
    this.#lines.push(line);
    const { inside } = this.#splitter;
    this.#spansQuotes ||= QUOTES.has(inside);
    if (inside !== 'nothing') return;
    const lines = this.#lines;
    const entry = joined(lines, this.#spansQuotes);
    this.clear();
    if (entry !== null && lines.length > 1) this.#replace(lines, entry);
    if (isKept(lines.join('\n'))) this.entries.push(...(entry === null ? lines : [entry]));
  }

  #replace(lines: readonly string[], entry: string): void {
    const shown = this.#newestFirst;
    for (const line of lines.toReversed()) if (shown[0] === line) shown.shift();
    if (entry !== '') shown.unshift(entry);
  }
}

const QUOTES: ReadonlySet<Inside> = new Set(['string', 'identifier', 'dollar', 'comment']);

type PromptParts = {
  readonly world: World;
  readonly runner: SqlRunner;
  readonly terminal: Interface;
  readonly typed: Typed;
};

class Prompt {
  readonly #parts: PromptParts;
  readonly #splitter = new Splitter();
  readonly #events: Event[] = [];
  #waiting: ((event: Event) => void) | undefined;

  constructor(parts: PromptParts) {
    this.#parts = parts;
    const { terminal } = parts;
    terminal.on('line', (text) => this.#arrived({ kind: 'line', text }));
    terminal.on('close', () => this.#arrived({ kind: 'end' }));
    terminal.on('SIGINT', () => this.#interrupted());
  }

  async run(): Promise<void> {
    const { world, runner } = this.#parts;
    for (;;) {
      const event = await this.#next();
      if (event.kind === 'end') {
        world.stdout.write('\n');
        return;
      }
      for (const piece of this.#splitter.push(`${event.text}\n`)) {
        try {
          if ((await runner.run(piece)) === 'quit') return;
        } catch (error) {
          const style = styleFor(world.stderr, world.env);
          world.stderr.write(`${failureText(error, style)}\n`);
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
    const { world, runner, typed, terminal } = this.#parts;
    if (this.#waiting === undefined) {
      runner.cancel();
      return;
    }
    this.#splitter.clear();
    typed.clear();
    world.stdout.write('^C\n');
    // To the end of the line, and back with all that is on it.
    terminal.write(null, { ctrl: true, name: 'e' });
    terminal.write(null, { ctrl: true, name: 'u' });
    this.#ask();
  }

  #ask(): void {
    const { terminal, runner } = this.#parts;
    terminal.setPrompt(promptText(this.#splitter.inside, runner));
    // What was typed while a statement ran keeps its cursor.
    terminal.prompt(true);
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
function promptText(inside: Inside, { tenant, transaction }: SqlRunner): string {
  const sign = { none: '', open: '*', failed: '!' }[transaction];
  return `${tenant}${MARKS[inside]}${sign}> `;
}
