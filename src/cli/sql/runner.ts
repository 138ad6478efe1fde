/** Runs statements and backslash commands of one `dynabase sql`, and prints what they give. */
import { badRequest, onFile } from '../failure.ts';
import type { Printer } from '../words/printer.ts';
import { spanWords } from '../words/words.ts';
import type { World } from '../world.ts';
import { BACKSLASH_HELP, type BackslashCommand, parseBackslash } from './backslash.ts';
import { NAMES_QUERY, type TitledQuery } from './catalog-queries.ts';
import { type Display, widthFor } from './display.ts';
import { rowsJson } from './json-rows.ts';
import { noticeText } from './notice-text.ts';
import { Output } from './output.ts';
import type { StatementResult } from './query.ts';
import { rowsCsv } from './rows-csv.ts';
import { resultText } from './rows-text.ts';
import { SqlSession, type Transaction } from './session.ts';
import { type Piece, Splitter } from './splitter.ts';

/** A tenant that was asked this lately is awake. */
const SURELY_AWAKE_MS = 1_000;

/** Files that run files. */
const INCLUDED_MAX = 16;

/** Changes what names there are. */
const CHANGES_NAMES = /^(?:CREATE|ALTER|DROP|IMPORT|SELECT INTO|DO|CALL)\b/;

export type RunnerParts = {
  readonly world: World;
  readonly printer: Printer;
  readonly tenant: string;
  readonly display: Display;
  /** A fresh login to a tenant. */
  readonly ticket: (tenant: string) => Promise<string>;
  /** Whether a statement would have to wake it; null where nobody wants to know. */
  readonly sleeps: ((tenant: string) => Promise<boolean>) | null;
};

/** Connects at the first statement, and again at the next one when the session was lost. */
export class SqlRunner {
  readonly #parts: RunnerParts;
  readonly #output: Output;
  #tenant: string;
  #display: Display;
  #session: SqlSession | undefined;
  #timing = false;
  #last = '';
  #askedAt = 0;
  #names: readonly string[] | undefined;
  #depth = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#tenant = parts.tenant;
    this.#display = parts.display;
    this.#output = new Output(parts.world);
  }

  /** The tenant that statements go to. */
  get tenant(): string {
    return this.#tenant;
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
    if (piece.text.startsWith('\\')) return this.#command(parseBackslash(piece.text));
    const { world, printer } = this.#parts;
    this.#last = piece.text;
    const session = await this.#awake();
    const before = world.now();
    try {
      await session.run(piece, (result) => {
        if (CHANGES_NAMES.test(result.tag)) this.#names = undefined;
        this.#print(result);
      });
      await this.#output.settled();
    } finally {
      this.#askedAt = world.now();
    }
    if (this.#timing) printer.note(`time: ${spanWords(world.now() - before)}`);
    return 'more';
  }

  cancel(): void {
    this.#session?.cancel();
  }

  async close(): Promise<void> {
    await this.#output.goTo(null);
    await this.#session?.close();
  }

  /** Names that statements may hold, as last known where nothing can be asked. */
  async names(): Promise<readonly string[]> {
    const session = this.#session;
    if (this.#names === undefined && session?.alive && session.transaction !== 'failed') {
      const found: string[] = [];
      await session
        .run({ text: NAMES_QUERY, line: 1 }, ({ rows }) => {
          found.push(...rows.map(([name]) => name ?? ''));
        })
        .then(() => {
          this.#names = found;
        })
        .catch(() => undefined);
    }
    return this.#names ?? [];
  }

  async #command(command: BackslashCommand): Promise<'more' | 'quit'> {
    switch (command.kind) {
      case 'quit':
        return 'quit';
      case 'help':
        this.#line(BACKSLASH_HELP);
        return 'more';
      case 'display':
        this.#change(command.change(this.#display));
        return 'more';
      case 'timing':
        this.#timing = command.on ?? !this.#timing;
        this.#parts.printer.note(`times are ${this.#timing ? 'shown' : 'not shown'}`);
        return 'more';
      case 'connect':
        await this.#goTo(command.name);
        return 'more';
      case 'include':
        return this.#include(command.file);
      case 'output':
        await this.#output.goTo(command.file);
        return 'more';
      case 'edit':
        return this.#edit();
      case 'queries':
        await this.#queries(command.queries);
        return 'more';
      default:
        return command satisfies never;
    }
  }

  #change(display: Display): void {
    const { printer } = this.#parts;
    const before = this.#display;
    this.#display = display;
    if (display.expanded !== before.expanded) printer.note(EXPANDED_NOTES[display.expanded]);
    if (display.tuplesOnly !== before.tuplesOnly) {
      printer.note(display.tuplesOnly ? 'rows are shown alone' : 'rows are shown with heads');
    }
    if (display.nullText !== before.nullText) {
      printer.note(`NULL is shown as "${display.nullText}"`);
    }
  }

  /** Stays where it is if the other cannot be reached. */
  async #goTo(tenant: string): Promise<void> {
    const before = { tenant: this.#tenant, session: this.#session };
    this.#tenant = tenant;
    this.#session = undefined;
    try {
      await this.#connected();
    } catch (error) {
      this.#tenant = before.tenant;
      this.#session = before.session;
      throw error;
    }
    this.#names = undefined;
    await before.session?.close();
    this.#parts.printer.note(`connected to ${tenant}`);
  }

  async #include(file: string): Promise<'more' | 'quit'> {
    if (this.#depth >= INCLUDED_MAX) throw badRequest('too many files run files');
    const { world } = this.#parts;
    const parts = await onFile(file, 'read', () => world.readFile(file));
    if (parts === undefined) throw badRequest(`there is no file ${file}`);
    this.#depth += 1;
    try {
      return await this.#runLines(linesOf(parts));
    } finally {
      this.#depth -= 1;
    }
  }

  async #edit(): Promise<'more' | 'quit'> {
    const { world } = this.#parts;
    if (world.edit === null) throw badRequest('there is no terminal for an editor');
    const text = await world.edit(`${this.#last}\n`, '.sql');
    if (text === null) throw badRequest('the editor failed; nothing was run');
    return this.#runLines(linesOf([Buffer.from(text)]));
  }

  /** Statement by statement, until one fails or quits. */
  async #runLines(lines: AsyncIterable<string>): Promise<'more' | 'quit'> {
    const splitter = new Splitter();
    for await (const line of lines) {
      for (const piece of splitter.push(line)) {
        if ((await this.run(piece)) === 'quit') return 'quit';
      }
    }
    for (const piece of splitter.end()) await this.run(piece);
    return 'more';
  }

  async #queries(queries: readonly TitledQuery[]): Promise<void> {
    const { printer } = this.#parts;
    const session = await this.#awake();
    for (const { title, sql } of queries) {
      await session.run({ text: sql, line: 1 }, (result) => {
        if (queries.length > 1 && result.rows.length === 0) return;
        if (this.#display.format === 'table') this.#line(printer.style.bold(title));
        this.#print(result);
      });
    }
    this.#askedAt = this.#parts.world.now();
  }

  #print(result: StatementResult): void {
    const text = this.#textOf(result);
    if (text !== null) this.#line(text);
  }

  #textOf(result: StatementResult): string | null {
    const { world, printer } = this.#parts;
    const display = this.#display;
    switch (display.format) {
      case 'json':
        return rowsJson(result);
      case 'csv':
        return rowsCsv(result, display.tuplesOnly);
      case 'table': {
        const room = this.#output.isTerminal ? widthFor(world.stdout) : null;
        return resultText(result, { display, room, style: printer.style });
      }
      default:
        return display.format satisfies never;
    }
  }

  #line(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** A session with a tenant that is awake. Between transactions it may have gone to sleep. */
  async #awake(): Promise<SqlSession> {
    const { world, sleeps } = this.#parts;
    const session = await this.#connected();
    const isSure = world.now() - this.#askedAt < SURELY_AWAKE_MS;
    if (sleeps === null || isSure || session.transaction !== 'none') return session;
    if (await sleeps(this.#tenant)) {
      await this.#waking(() => session.run({ text: ';', line: 1 }, () => undefined));
    }
    return session;
  }

  async #connected(): Promise<SqlSession> {
    if (this.#session?.alive) return this.#session;
    const { world, printer, ticket, sleeps } = this.#parts;
    if (this.#session) printer.note('the connection was lost; connecting again');
    const connectionUri = await ticket(this.#tenant);
    const open = async () =>
      SqlSession.open({
        connectionUri,
        onNotice: (notice) => world.stderr.write(noticeText(notice)),
        onCopy: (chunk) => this.#output.write(chunk),
      });
    const isAsleep = sleeps !== null && (await sleeps(this.#tenant));
    this.#session = isAsleep ? await this.#waking(open) : await open();
    this.#askedAt = this.#parts.world.now();
    return this.#session;
  }

  /** Does what wakes the tenant, and says how long that took. */
  async #waking<T>(work: () => Promise<T>): Promise<T> {
    const { world, printer } = this.#parts;
    const before = world.now();
    const done = await work();
    const took = spanWords(world.now() - before);
    printer.note(printer.style.dim(`${this.#tenant} was asleep; it woke in ${took}`));
    return done;
  }
}

const EXPANDED_NOTES: Readonly<Record<Display['expanded'], string>> = {
  on: 'each row is shown as a record',
  off: 'each row is shown as a line of a table',
  auto: 'each row is shown as a record where a table is too wide',
};

/** Lines with their line feeds; the last one may have none. */
export async function* linesOf(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of parts) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield `${line}\n`;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
