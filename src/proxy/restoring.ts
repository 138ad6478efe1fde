/**
 * Gives one parked session's state to a new backend, and then what the client has said.
 *
 *   restoring ──all there──▶ restored
 *      │ └──backend lost, for no reason of ours──▶ another backend, the same again
 *      └──refused: on a second backend, which statements can no longer be prepared?
 *            └──▶ on a third, all but those ──▶ restored, or unrestorable
 *
 * What the client said is sent when all of the state is there, and not before: should already the first
 * word of the restore fail (a timeout that the role begins with), a backend would read on. A
 * statement that can no longer be prepared is not there: the client's next use of it fails.
 */
import { STATUS } from '../wire/frames.ts';
import type { HiddenError, HiddenReplies } from '../wire/hidden-replies.ts';
import { message } from '../wire/messages.ts';
import { queryMessage } from '../wire/requests.ts';
import {
  brokenStatements,
  probeStatements,
  type Restoration,
  restore,
  restoreWithout,
} from '../wire/restore.ts';
import { FRESH_STATE, type SessionState } from '../wire/session-state.ts';
import type { PooledBackend } from './pooled-backend.ts';
import type { Relay } from './relay.ts';

/** Puts a new backend where the client of a lost transaction believes it is: in a failed one. */
const FAILED_TRANSACTION = {
  bytes: Buffer.concat([queryMessage('begin'), queryMessage('select 1 operator(pg_catalog./) 0')]),
  readyForQueries: 2,
} as const;

/** Of a compute that is being stopped, or has crashed: SQLSTATEs 57P01 to 57P05. */
const ENDING = '57P';

export type ToRestore = {
  readonly relay: Relay;
  readonly state: SessionState;
  /** The body of the last Parse without a name; null for none. */
  readonly unnamed: Buffer | null;
  /** The client believes to be in a transaction, which is lost. */
  readonly hasLostTransaction: boolean;
};

export type RestoringOptions = ToRestore & {
  /** The backend was good for nothing; `then` needs another. */
  readonly onNeed: (then: (backend: PooledBackend) => void) => void;
  /** With what came in reply; null if there was nothing to restore. */
  readonly onRestored: (replies: HiddenReplies | null) => void;
  readonly onUnrestorable: (why: string) => void;
};

export class Restoring {
  readonly #options: RestoringOptions;

  constructor(options: RestoringOptions) {
    this.#options = options;
  }

  begin(backend: PooledBackend): void {
    const { state, onRestored, hasLostTransaction } = this.#options;
    this.#attach(backend);
    const isFresh = state === FRESH_STATE && this.#unnamed === null && !hasLostTransaction;
    if (isFresh) onRestored(null);
    else this.#give(restore(state, this.#unnamed), false);
  }

  /** A whole message. */
  get #unnamed(): Buffer | null {
    const { unnamed } = this.#options;
    return unnamed === null ? null : message('P', unnamed);
  }

  #attach(backend: PooledBackend): void {
    const { relay, hasLostTransaction } = this.#options;
    relay.attach(backend, hasLostTransaction ? STATUS.failed : backend.status);
  }

  #give(restoration: Restoration, isLastTry: boolean): void {
    const { relay, onRestored, hasLostTransaction } = this.#options;
    const parts = hasLostTransaction ? [restoration, FAILED_TRANSACTION] : [restoration];
    relay.ask({
      bytes: Buffer.concat(parts.map(({ bytes }) => bytes)),
      readyForQueries: parts.reduce((sum, part) => sum + part.readyForQueries, 0),
      withHeldBack: false,
      keepNotices: false,
      onDone: (replies) => {
        const failed = replies.errors.find(({ at }) => at < restoration.tolerantFrom);
        if (failed === undefined) onRestored(replies);
        else this.#refused(failed, isLastTry);
      },
      onLost: (replies) => this.#refused(replies.errors.at(-1) ?? null, isLastTry),
    });
  }

  /** The backend has ended without having read what the client said. */
  #refused(error: HiddenError | null, isLastTry: boolean): void {
    const { state, relay, onNeed, onUnrestorable } = this.#options;
    relay.takeBack().destroy();
    // No reason given: the compute was lost on the way, and the next one will do.
    if (error === null || error.sqlstate.startsWith(ENDING))
      onNeed((backend) => this.begin(backend));
    else if (isLastTry || state.statements.length === 0) onUnrestorable(error.message);
    else onNeed((backend) => this.#findBroken(backend));
  }

  #findBroken(backend: PooledBackend): void {
    const { relay, state, onNeed, onUnrestorable } = this.#options;
    this.#attach(backend);
    const probe = probeStatements(state);
    const done = (replies: HiddenReplies): void => {
      relay.takeBack().destroy();
      const ground = replies.errors.find(({ at }) => at < probe.tolerantFrom);
      if (ground !== undefined) {
        onUnrestorable(ground.message);
        return;
      }
      const broken = brokenStatements(state, replies.errors);
      onNeed((next) => {
        this.#attach(next);
        this.#give(restoreWithout(state, broken, this.#unnamed), true);
      });
    };
    const { bytes, readyForQueries } = probe;
    const asked = { bytes, readyForQueries, withHeldBack: false, keepNotices: false };
    relay.ask({ ...asked, onDone: done, onLost: done });
  }
}
