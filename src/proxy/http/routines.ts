/**
 * Whether a call may leave something in a session, unseen.
 *
 * Between two calls over HTTP a backend is cleared, unless the first can have left nothing. Of what a
 * statement says itself `evidence.ts` judges, and `mayLeave`, which is stricter: nobody asks PostgreSQL afterwards
 * here. What a trigger, a function or a view does shows in no text. So PostgreSQL is asked, now and then, whether there
 * is anything that could: a function of a language that we do not read, or with a word in it that makes settings, locks,
 * temporary tables, or statements from text; a view, a rule, a default, a check, a policy, an aggregate or an operator
 * that calls one of PostgreSQL's own which do.
 */
import { OURS } from '../../domain/own-statements.ts';
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

/**
 * PostgreSQL's own functions that leave something, or run a text that may: `ts_stat` and the like. Those of extensions
 * that run texts are `MAKERS`.
 */
const OWN =
  '^(set_config|setseed|ts_stat|ts_rewrite|(pg_)?(try_)?advisory|.*advisory_.*lock|.*to_xml)';
const MAKERS = '^(dblink|crosstab|connectby|xpath_table)';

const WORDS =
  'set_config|setseed|advisory|\\mtemp(orary)?\\M|pg_temp|\\mhold\\M|\\mlisten\\M|\\mexecute\\M|\\mload\\M|' +
  'pg_settings|to_xml|ts_stat|ts_rewrite|\\mu&|' +
  '(^|;|\\m(begin|then|else|loop)\\M)\\s*(set|reset|discard|prepare)\\s';

/** The same of a statement: ways that `suspicion.ts` leaves to be asked for. */
const LEAVES = /u&["']|pg_temp|pg_settings|setseed|to_xml|ts_stat|ts_rewrite/i;

/** Whether a statement may leave something that neither its text nor its tag says. */
export const mayLeave = (sql: string): boolean => LEAVES.test(sql);

/** More views than these are not read each time; then calls are always cleared after. */
const VIEWS_MAX = 200;

/** Trees in which a call is stored, each as text. */
const TREES = `
 select ev_action::pg_catalog.text as tree from pg_catalog.pg_rewrite where ${isOwn('oid')}
 union all select ev_qual::pg_catalog.text from pg_catalog.pg_rewrite where ${isOwn('oid')}
 union all select adbin::pg_catalog.text from pg_catalog.pg_attrdef where ${isOwn('oid')}
 union all select conbin::pg_catalog.text from pg_catalog.pg_constraint where ${isOwn('oid')}
 union all select polqual::pg_catalog.text from pg_catalog.pg_policy where ${isOwn('oid')}
 union all select polwithcheck::pg_catalog.text from pg_catalog.pg_policy where ${isOwn('oid')}
 union all select tgqual::pg_catalog.text from pg_catalog.pg_trigger where ${isOwn('oid')}
 union all select typdefaultbin::pg_catalog.text from pg_catalog.pg_type where ${isOwn('oid')}
 union all select proargdefaults::pg_catalog.text from pg_catalog.pg_proc where ${isOwn('oid')}`;

function isOwn(oid: string): string {
  return `${oid} operator(pg_catalog.>=) ${FIRST_OWN_OID}`;
}

const HARMFUL = `
with ${OURS} own as (select p.oid from pg_catalog.pg_proc as p
 where not (${isOwn('p.oid')}) and p.proname operator(pg_catalog.~) '${OWN}'),
calls as (select pg_catalog.concat(':(funcid|opfuncid|aggfnoid|winfnoid) (',
 pg_catalog.string_agg(oid::pg_catalog.text, '|'), ') |:relid ',
 'pg_catalog.pg_settings'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.text, ' ') as pattern from own)
select pg_catalog.current_setting('search_path') operator(pg_catalog.~) 'pg_temp'
or exists (select from pg_catalog.pg_proc as p
 join pg_catalog.pg_language as l on l.oid operator(pg_catalog.=) p.prolang
 where ${isOwn('p.oid')} and case
 when l.lanname operator(pg_catalog.=) any ('{sql,plpgsql}') then
 pg_catalog.concat(p.prosrc, pg_catalog.pg_get_function_sqlbody(p.oid))
 operator(pg_catalog.~*) '${WORDS}'
 when l.lanname operator(pg_catalog.=) any ('{c,internal}') then
 p.proname operator(pg_catalog.~) '${MAKERS}' or p.prosrc operator(pg_catalog.~) '${OWN}' else true end)
or exists (select from pg_catalog.pg_operator as o, own
 where ${isOwn('o.oid')} and own.oid operator(pg_catalog.=) o.oprcode)
or exists (select from pg_catalog.pg_aggregate as a, own
 where ${isOwn('a.aggfnoid::pg_catalog.oid')} and own.oid operator(pg_catalog.=) any
 (array[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggmfinalfn]::pg_catalog.oid[]))
or (select pg_catalog.count(*) operator(pg_catalog.>) ${VIEWS_MAX} from pg_catalog.pg_rewrite where ${isOwn('oid')})
or exists (select from (${TREES}) as trees, calls
 where trees.tree operator(pg_catalog.~) calls.pattern)`;

const QUESTION: Call = {
  batch: null,
  isRaw: true,
  statements: [{ rowAsArray: true, parameters: [], sql: HARMFUL }],
};

const BYTES = callMessages(QUESTION);
const ANSWER_BYTES_MAX = 64 * 1024;
const DESCRIPTIONS = new Descriptions();

/** The answer if there is none. */
const NONE_OF_THEM = '"rows":[["f"]]';

export class Routines {
  #areHarmless = false;
  #askedAt: Instant | null = null;
  /** Grows with each question and whenever all is forgotten: an answer to an older one says nothing any more. */
  #asked = 0;

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
    this.#areHarmless = false;
    this.#asked += 1;
  }

  /** Asks `backend`, which is the caller's and at rest. Does not call back if it is lost. */
  ask(backend: PooledBackend, now: Instant, then: () => void): void {
    // Once is enough, however many calls end meanwhile.
    this.#askedAt = now;
    this.#areHarmless = false;
    this.#asked += 1;
    const asked = this.#asked;
    exchange(backend, BYTES, (answer) => {
      const isHarmless = answer.error === null && answer.body.bytes.includes(NONE_OF_THEM);
      if (asked === this.#asked) this.#areHarmless = isHarmless;
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
