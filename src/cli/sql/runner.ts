/** Runs statements and backslash commands of one `dynabase sql`, and prints what they give. */
import type { Printer } from '../printer.ts';
import { spanWords } from '../words.ts';
import type { World } from '../world.ts';
import { BACKSLASH_HELP, parseBackslash } from './backslash.ts';
import { rowsJson } from './json-rows.ts';
import type { StatementResult } from './query.ts';
import { resultText } from './rows-text.ts';
import { type Notice, SqlSession, type Transaction } from './session.ts';
import type { Piece } from './splitter.ts';

export type RunnerParts = {
  readonly world: World;
  readonly printer: Printer;
  /** A fresh login to the tenant. */
  readonly ticket: () => Promise<string>;
};

/** Connects at the first statement, and again at the next one when the session was lost. */
export class SqlRunner {
  readonly #parts: RunnerParts;
  #session: SqlSession | undefined;
  #expanded = false;
  #timing = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  get transaction(): Transaction {
    return this.#session?.alive ? this.#session.transaction : 'none';
  }

  /** Connects now, so that a prompt does not open on a tenant that is not there. */
  async connect(): Promise<void> {
    await this.#connected();
  }

  /** Runs one piece; whether there may be more. Throws `SqlError`, `BAD_REQUEST`. */
  async run(piece: Piece): Promise<'more' | 'quit'> {
    if (piece.text.startsWith('\\')) return this.#command(piece.text);
    const { world, printer } = this.#parts;
    const session = await this.#connected();
    const before = world.now();
    await session.run(piece, (result) => this.#print(result));
    if (this.#timing) printer.note(`time: ${spanWords(world.now() - before)}`);
    return 'more';
  }

  cancel(): void {
    this.#session?.cancel();
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  async #command(line: string): Promise<'more' | 'quit'> {
    const { printer } = this.#parts;
    const command = parseBackslash(line);
    switch (command.kind) {
      case 'quit':
        return 'quit';
      case 'help':
        printer.line(BACKSLASH_HELP);
        return 'more';
      case 'expanded':
        this.#expanded = !this.#expanded;
        printer.note(`each row is shown as ${this.#expanded ? 'a record' : 'a line of a table'}`);
        return 'more';
      case 'timing':
        this.#timing = !this.#timing;
        printer.note(`times are ${this.#timing ? 'shown' : 'not shown'}`);
        return 'more';
      case 'queries': {
        const session = await this.#connected();
        for (const { title, sql } of command.queries) {
          await session.run({ text: sql, line: 1 }, (result) => {
            if (command.queries.length > 1 && result.rows.length === 0) return;
            if (!printer.json) printer.line(printer.style.bold(title));
            this.#print(result);
          });
        }
        return 'more';
      }
      default:
        return command satisfies never;
    }
  }

  #print(result: StatementResult): void {
    const { printer } = this.#parts;
    printer.line(
      printer.json ? rowsJson(result) : resultText(result, this.#expanded, printer.style),
    );
  }

  async #connected(): Promise<SqlSession> {
    if (this.#session?.alive) return this.#session;
    const { world, printer, ticket } = this.#parts;
    if (this.#session) printer.note('the connection was lost; connecting again');
    this.#session = await SqlSession.open({
      connectionUri: await ticket(),
      onNotice: (notice) => this.#notice(notice),
      onCopy: (chunk) => world.stdout.write(chunk),
    });
    return this.#session;
  }

  #notice({ severity, message }: Notice): void {
    this.#parts.world.stderr.write(`${severity.toLowerCase()}: ${message}\n`);
  }
}
