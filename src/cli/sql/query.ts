/** A simple query whose results are handed over statement by statement, in PostgreSQL's own text. */
import type { Connection, Submittable } from 'pg';

export type ResultColumn = { readonly name: string; readonly typeOid: number };

/** What one statement gave. */
export type StatementResult = {
  /** Null for a statement that gives no rows. */
  readonly columns: readonly ResultColumn[] | null;
  readonly rows: readonly (readonly (string | null)[])[];
  /** `INSERT 0 1` */
  readonly tag: string;
};

export type Outcome = {
  readonly onResult: (result: StatementResult) => void;
  /** Data of a COPY ... TO STDOUT. */
  readonly onCopy: (chunk: Buffer) => void;
  /** At the end: without an error if every statement succeeded. */
  readonly onEnd: (error: Error | null) => void;
};

type RowDescription = {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
};

/** What pg calls while it runs a query that is not its own. Source: pg-query-stream, pg `Client`. */
export class SimpleQuery implements Submittable {
  readonly #text: string;
  readonly #outcome: Outcome;
  #columns: readonly ResultColumn[] | null = null;
  #rows: (readonly (string | null)[])[] = [];

  constructor(text: string, outcome: Outcome) {
    this.#text = text;
    this.#outcome = outcome;
  }

  submit(connection: Connection): void {
    connection.query(this.#text);
  }

  handleRowDescription(message: RowDescription): void {
    this.#columns = message.fields.map(({ name, dataTypeID }) => ({ name, typeOid: dataTypeID }));
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(message.fields);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    const result = { columns: this.#columns, rows: this.#rows, tag: message.text };
    this.#columns = null;
    this.#rows = [];
    this.#outcome.onResult(result);
  }

  handleEmptyQuery(): void {}

  handleCopyInResponse(connection: Connection & { sendCopyFail(why: string): void }): void {
    connection.sendCopyFail('COPY ... FROM STDIN is not supported here; use psql');
  }

  handleCopyData(message: { readonly chunk: Buffer }): void {
    this.#outcome.onCopy(message.chunk);
  }

  handleError(error: Error): void {
    this.#outcome.onEnd(error);
  }

  handleReadyForQuery(): void {
    this.#outcome.onEnd(null);
  }
}
