/**
 * Whether functions of a database may leave something in a session, unseen.
 *
 * Between two calls over HTTP a backend is cleared, unless the first can have left nothing. Of what a
 * statement says itself `evidence.ts` judges; what a trigger or a function does shows in no text. So
 * PostgreSQL is asked, now and then, whether there is any function that could: of a language that we do not
 * read, or with a word in it that makes settings, locks, temporary tables, or statements from text.
 */
import { elapsed, type Instant, seconds } from '../../domain/units.ts';
import { HttpAnswer } from '../../wire/http-answer.ts';
import type { Call } from '../../wire/http-call.ts';
import { Descriptions } from '../../wire/http-description.ts';
import { callMessages } from '../../wire/http-messages.ts';
import type { PooledBackend } from '../pooled-backend.ts';

/** A function that somebody makes by another way is known after this. */
const HOLDS_FOR = seconds(5);

/** Its own are PostgreSQL's. Source: `FirstNormalObjectId`. */
const FIRST_OWN_OID = 16_384;

const WORDS =
  'set_config|setseed|advisory|\\mtemp(orary)?\\M|\\mhold\\M|\\mlisten\\M|\\mexecute\\M|\\mload\\M|' +
  '(^|;|\\m(begin|then|else|loop)\\M)\\s*(set|reset|discard|prepare)\\s';

const QUESTION: Call = {
  batch: null,
  isRaw: true,
  statements: [
    {
      rowAsArray: true,
      parameters: [],
      sql: `select exists (select from pg_catalog.pg_proc as p
 join pg_catalog.pg_language as l on l.oid operator(pg_catalog.=) p.prolang
 where p.oid operator(pg_catalog.>=) ${FIRST_OWN_OID} and case
 when l.lanname operator(pg_catalog.=) any ('{sql,plpgsql}') then
 pg_catalog.concat(p.prosrc, pg_catalog.pg_get_function_sqlbody(p.oid))
 operator(pg_catalog.~*) '${WORDS}'
 when l.lanname operator(pg_catalog.=) any ('{c,internal}') then
 p.proname operator(pg_catalog.~) '^dblink' else true end)`,
    },
  ],
};

const BYTES = callMessages(QUESTION);
const ANSWER_BYTES_MAX = 64 * 1024;
const DESCRIPTIONS = new Descriptions();

/** The answer if there is none. */
const NONE_OF_THEM = '"rows":[["f"]]';

export class Routines {
  #areHarmless = false;
  #askedAt: Instant | null = null;

  /** Whether that is known now. */
  isKnown(now: Instant): boolean {
    return this.#askedAt !== null && elapsed(this.#askedAt, now) < HOLDS_FOR;
  }

  areHarmless(now: Instant): boolean {
    return this.isKnown(now) && this.#areHarmless;
  }

  /** One may have been made. */
  forget(): void {
    this.#askedAt = null;
  }

  /** Asks `backend`, which is the caller's and at rest. Does not call back if it is lost. */
  ask(backend: PooledBackend, now: Instant, then: () => void): void {
    // Once is enough, however many calls end meanwhile.
    this.#askedAt = now;
    this.#areHarmless = false;
    exchange(backend, BYTES, (answer) => {
      this.#areHarmless = answer.error === null && answer.json().includes(NONE_OF_THEM);
      then();
    });
  }
}

/** Sends a call of ours and hears its answer. A backend that does not give one is closed. */
export function exchange(
  backend: PooledBackend,
  bytes: Buffer,
  then: (answer: HttpAnswer) => void,
): void {
  const answer = new HttpAnswer(QUESTION, ANSWER_BYTES_MAX, DESCRIPTIONS);
  backend.owner = {
    fromBackend: (buffer, end) => {
      answer.feed(buffer, end);
      if (answer.isReady && !answer.isInTransaction) then(answer);
      else if (answer.isReady || answer.stopped !== null) backend.destroy();
      return false;
    },
    backendDrained: () => {},
    backendEnded: () => {},
  };
  backend.socket.write(bytes);
}
