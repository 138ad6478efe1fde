/** Requests that have been done, as rows. */
import { sql } from 'kysely';
import type { Json } from '../../domain/decision.ts';
import type { DoneRequest, DoneRequests } from '../../domain/done-request.ts';
import type { Timestamp } from '../../domain/units.ts';
import type { Ask } from '../access/access-schema.ts';
import { toWallTime } from '../schema.ts';

type Row = {
  readonly request_hash: Uint8Array;
  readonly operation: string;
  readonly answer: Json;
  readonly subject: DoneRequest['subject'];
};

export class PgDoneRequests implements DoneRequests {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async find(keyHash: Uint8Array, since: Timestamp): Promise<DoneRequest | undefined> {
    const { rows } = await this.#ask((db) =>
      sql<Row>`
        select request_hash, operation, answer, subject from dynabase.done_requests
        where key_hash = ${keyHash} and at > ${toWallTime(since)}`.execute(db),
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const { operation, answer, subject } = row;
    return { keyHash, requestHash: row.request_hash, operation, answer, subject };
  }

  async save(done: DoneRequest, at: Timestamp): Promise<void> {
    const { keyHash, requestHash, operation, answer, subject } = done;
    await this.#ask((db) =>
      sql`
        insert into dynabase.done_requests (key_hash, request_hash, operation, answer, subject, at)
        values (${keyHash}, ${requestHash}, ${operation}, ${JSON.stringify(answer)}::jsonb,
          ${JSON.stringify(subject)}::jsonb, ${toWallTime(at)})
        on conflict (key_hash) do update set request_hash = excluded.request_hash,
          operation = excluded.operation, answer = excluded.answer, subject = excluded.subject,
          at = excluded.at`.execute(db),
    );
  }

  async forget(before: Timestamp, limit: number): Promise<number> {
    const { rows } = await this.#ask((db) =>
      sql`
        delete from dynabase.done_requests where key_hash in (
          select key_hash from dynabase.done_requests where at < ${toWallTime(before)}
          order by at limit ${limit} for update skip locked
        ) returning 1`.execute(db),
    );
    return rows.length;
  }
}
