/** SQL that somebody asks over the API, and the port to whoever puts it to the tenant's database. */
import type { DatabaseNotice } from './faults.ts';
import type { TicketRights } from './gate.ts';
import type { TenantId } from './ids.ts';
import type { DurationMs } from './units.ts';

/** Told of one query; a loop may raise one each time round, and the rest is counted. */
export const NOTICES_MAX = 100;
export const NOTICE_BYTES_MAX = 65_536;

export type QueryRequest = {
  readonly tenant: TenantId;
  readonly database: string;
  /** Who asks: a session is of one caller, so that what it wakes is told of the right one. */
  readonly caller: string;
  /** Whose login it is. */
  readonly rights: TicketRights;
  /** To act as; null for whoever logs in. */
  readonly role: string | null;
  readonly sql: string;
  /** Null where there are none, so that several statements may come at once. */
  readonly params: readonly unknown[] | null;
  readonly readOnly: boolean;
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** Once there is a session. */
  readonly timeout: DurationMs;
  readonly arrayMode: boolean;
  /** Values of json and jsonb as PostgreSQL writes them. */
  readonly jsonAsText: boolean;
};

export type QueryColumn = {
  readonly name: string;
  readonly type: string;
  readonly typeId: number;
};

export type StatementResult = {
  readonly columns: readonly QueryColumn[];
  readonly rows: readonly unknown[];
  readonly rowCount: number | null;
  readonly command: string;
  readonly truncated: boolean;
  readonly notices: readonly DatabaseNotice[];
};

export type QueryOutcome = {
  /** Of each statement, in order. */
  readonly results: readonly StatementResult[];
  /** Notices that were too many, or too long, to be told. */
  readonly noticesLeftOut: number;
  /** How long it took to get a session; 0 for one that was there. */
  readonly connecting: DurationMs;
  /** From asking to the last row. */
  readonly took: DurationMs;
};

/** A login that may be used once, soon. */
export type QueryLogin = { readonly user: string; readonly password: string };

export interface QueryRunner {
  /**
   * Runs it in a session of `login`, or in one that was there. Throws `QUERY_FAILED`, `QUERY_TIMEOUT`,
   * `SESSION_REFUSED`, `RESPONSE_TOO_LARGE`, and the reason of `signal`; what is under way is cancelled then.
   */
  run(
    request: QueryRequest,
    login: () => Promise<QueryLogin>,
    signal: AbortSignal,
  ): Promise<QueryOutcome>;
}
