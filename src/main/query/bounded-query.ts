/**
 * Statements put to a connection of `pg` so that never more is held than was asked for.
 *
 * One statement by itself goes by the extended protocol: its rows are fetched some at a time, and no more are
 * fetched when there are enough. Several statements go by the simple one, which has no such pauses; rows that are too many are
 * let go as they come.
 */
import type pg from 'pg';
import type { StatementResult } from '../../domain/query.ts';
import type { Notices } from './notices.ts';
import { builtinType, fromText, toText } from './values.ts';

/** Rows that are fetched first, before anything is known of their size. */
const FIRST_ROWS = 4;

/** By which the next fetch may be larger. */
const GROWTH = 8;

const ROWS_AT_ONCE_MAX = 5_000;

export type Bounds = {
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly arrayMode: boolean;
  readonly jsonAsText: boolean;
};

export type Asked = {
  readonly text: string;
  /** Null for the simple protocol. */
  readonly params: readonly unknown[] | null;
  readonly bounds: Bounds;
  readonly notices: Notices;
  /** Told with every row: what comes is wanted. */
  readonly accept: () => void;
};

type Fields = {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
};
type DataRow = { readonly fields: readonly (string | null)[]; readonly length: number };

/** What `pg` hands to a query; its types have numbers as text, and leave some out. */
type Wire = {
  query(text: string): void;
  parse(message: { readonly name: string; readonly text: string }): void;
  bind(message: { readonly values: readonly (string | null)[] }): void;
  describe(message: { readonly type: 'P'; readonly name: string }): void;
  execute(message: { readonly portal: string; readonly rows: number }): void;
  flush(): void;
  sync(): void;
  sendCopyFail(why: string): void;
};

type Gathering = {
  columns: StatementResult['columns'];
  rows: unknown[];
  bytes: number;
  truncated: boolean;
};

const nothing = (): Gathering => ({ columns: [], rows: [], bytes: 0, truncated: false });

export class BoundedQuery {
  readonly done: Promise<readonly StatementResult[]>;
  readonly #asked: Asked;
  readonly #settle: PromiseWithResolvers<readonly StatementResult[]>;
  readonly #results: StatementResult[] = [];
  #now = nothing();
  #batch = FIRST_ROWS;
  #hasCopied = false;

  constructor(asked: Asked) {
    this.#asked = asked;
    this.#settle = Promise.withResolvers();
    this.done = this.#settle.promise;
    this.done.catch(() => {});
  }

  submit(connection: pg.Connection): void {
    const { text, params } = this.#asked;
    const wire = connection as unknown as Wire;
    if (params === null) {
      wire.query(text);
      return;
    }
    wire.parse({ name: '', text });
    wire.bind({ values: params.map(toText) });
    wire.describe({ type: 'P', name: '' });
    this.#fetch(wire);
  }

  handleRowDescription({ fields }: Fields): void {
    const columns = fields.map(({ name, dataTypeID: typeId }) => ({
      ...{ name, typeId },
      type: builtinType(typeId) ?? '',
    }));
    this.#now = { ...nothing(), columns };
  }

  handleDataRow({ fields, length }: DataRow): void {
    this.#asked.accept();
    const now = this.#now;
    const { rowsMax, bytesMax } = this.#asked.bounds;
    // Nothing behind a row that is left out is told, so that what is told is the beginning.
    now.truncated ||= now.rows.length >= rowsMax || now.bytes + length > bytesMax;
    if (now.truncated) return;
    now.bytes += length;
    now.rows.push(this.#rowOf(fields));
  }

  handlePortalSuspended(connection: Wire): void {
    if (this.#now.truncated) {
      this.#finish(wordOf(this.#asked.text), null);
      connection.sync();
      return;
    }
    this.#batch = this.#nextBatch();
    this.#fetch(connection);
  }

  handleCommandComplete({ text }: { readonly text: string }, connection: Wire): void {
    const [command = '', ...counts] = text.split(' ');
    const count = counts.at(-1);
    const told = count !== undefined && /^\d+$/.test(count) ? Number(count) : null;
    const words = counts.filter((word) => !/^\d+$/.test(word));
    this.#finish([command, ...words].join(' '), told);
    if (this.#asked.params !== null) connection.sync();
  }

  handleEmptyQuery(connection: Wire): void {
    this.#finish('', null);
    if (this.#asked.params !== null) connection.sync();
  }

  handleError(error: Error, connection: Wire): void {
    if (this.#asked.params !== null) connection.sync();
    this.#settle.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#hasCopied) this.#settle.reject(new CopyRefused());
    else this.#settle.resolve(this.#results);
  }

  handleCopyInResponse(connection: Wire): void {
    connection.sendCopyFail('COPY is not supported over the API');
  }

  handleCopyData(): void {
    this.#hasCopied = true;
    this.#asked.accept();
  }

  #rowOf(fields: DataRow['fields']): unknown {
    const { columns } = this.#now;
    const { arrayMode, jsonAsText } = this.#asked.bounds;
    const values = fields.map((text, at) => fromText(text, columns[at]?.typeId ?? 0, jsonAsText));
    if (arrayMode) return values;
    return Object.fromEntries(columns.map(({ name }, at) => [name, values[at]]));
  }

  #fetch(connection: Wire): void {
    connection.execute({ portal: '', rows: this.#batch });
    connection.flush();
  }

  /** As many as may still be told, by the size of those that came; one more shows that there are more. */
  #nextBatch(): number {
    const { rowsMax, bytesMax } = this.#asked.bounds;
    const { rows, bytes } = this.#now;
    const size = Math.max(1, bytes / Math.max(1, rows.length));
    const wanted = Math.min(rowsMax - rows.length, Math.floor((bytesMax - bytes) / size)) + 1;
    return Math.max(1, Math.min(wanted, this.#batch * GROWTH, ROWS_AT_ONCE_MAX));
  }

  #finish(command: string, told: number | null): void {
    const { columns, rows, truncated } = this.#now;
    // Of a statement that was fetched in parts PostgreSQL counts the last part.
    const isGiven = columns.length > 0 && !/^(INSERT|UPDATE|DELETE|MERGE)/.test(command);
    const rowCount = isGiven && !truncated ? rows.length : truncated ? null : told;
    const notices = this.#asked.notices.next();
    this.#results.push({ columns, rows, rowCount, command, truncated, notices });
    this.#now = nothing();
  }
}

/** Data that goes beside the rows has no place in the answer. */
export class CopyRefused extends Error {}

const wordOf = (text: string): string => {
  const word = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'SELECT';
  return word === 'WITH' ? 'SELECT' : word;
};
