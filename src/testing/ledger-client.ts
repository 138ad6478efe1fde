/**
 * A client that appends entries to a ledger and remembers what was acknowledged, so that afterwards the
 * ledger can be audited. Each number is asked for once: whether one is there whose answer was lost is
 * nobody's promise, but twice it may never be there.
 */
import pg from 'pg';

const TABLE = 'create table if not exists ledger (client text not null, n int not null)';

export type Audit = {
  /** Acknowledged, and not there. */
  readonly lost: readonly number[];
  readonly twice: readonly number[];
  /** There, and never asked for. */
  readonly strange: readonly number[];
};

/** What an audit should find. */
export const WHOLE: Audit = { lost: [], twice: [], strange: [] };

type Counted = { readonly n: number; readonly times: number };

export class LedgerClient {
  readonly #uri: () => string;
  readonly #name: string;
  readonly #acknowledged: number[] = [];
  #asked = 0;
  #session: pg.Client | null = null;
  /** Sessions that it has had; one that ends is replaced by the next query. */
  sessions = 0;

  /** `uri` is asked before every new session. */
  constructor(name: string, uri: () => string) {
    this.#name = name;
    this.#uri = uri;
  }

  async begin(): Promise<void> {
    await this.query(TABLE);
  }

  /** Appends the next entry; it is remembered once it is acknowledged. */
  async append(): Promise<void> {
    const n = this.#asked;
    this.#asked += 1;
    await this.query(`insert into ledger values ('${this.#name}', ${n})`);
    this.#acknowledged.push(n);
  }

  async query<Row extends pg.QueryResultRow>(sql: string): Promise<readonly Row[]> {
    const session = this.#session ?? (await this.#open());
    return (await session.query<Row>(sql)).rows;
  }

  async audit(): Promise<Audit> {
    const rows = await this.query<Counted>(
      `select n, count(*)::int as times from ledger where client = '${this.#name}' group by n`,
    );
    const times = new Map(rows.map(({ n, times }) => [n, times]));
    return {
      lost: this.#acknowledged.filter((n) => !times.has(n)),
      twice: rows.filter((row) => row.times > 1).map(({ n }) => n),
      strange: rows.filter(({ n }) => n >= this.#asked).map(({ n }) => n),
    };
  }

  async end(): Promise<void> {
    await this.#session?.end();
  }

  async #open(): Promise<pg.Client> {
    const session = new pg.Client(this.#uri());
    const forget = (): void => {
      if (this.#session === session) this.#session = null;
    };
    session.on('error', forget);
    session.on('end', forget);
    await session.connect();
    this.#session = session;
    this.sessions += 1;
    return session;
  }
}
