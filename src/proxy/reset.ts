/** Clears a backend that has been given up, so that another session can have it. */

import type { CancelTimer, Clock } from '../domain/clock.ts';
import { OURS } from '../domain/own-statements.ts';
import { seconds } from '../domain/units.ts';
import { HiddenReplies } from '../wire/hidden-replies.ts';
import { queryMessage } from '../wire/requests.ts';
import { resetBackend } from '../wire/restore.ts';
import type { Interrogated } from '../wire/session-state.ts';
import { readAnswer } from './asked-state.ts';
import { NOBODY, type PooledBackend } from './pooled-backend.ts';

/** A backend that takes longer than this is not worth it. */
const RESET_MAX = seconds(5);

const ANSWER_BYTES_MAX = 2 * 1024 * 1024;

export type ResetOptions = {
  readonly clock: Clock;
  /**
   * What the backend holds is not known: it is asked that first, with this. Says whether it may be
   * used again; null if it did not answer as it should.
   */
  readonly before?: {
    readonly question: Buffer;
    readonly mayGoOn: (answer: Interrogated | null) => boolean;
  };
  /** Its client is gone: what it has counted is told at once, as at the end of a connection. */
  readonly isLeft?: boolean;
  readonly onReset: () => void;
  /** It could not be cleared. It is nobody's. */
  readonly onLost: () => void;
};

export function reset(backend: PooledBackend, options: ResetOptions): void {
  const steps = stepsOf(options);
  const replies = new HiddenReplies({
    readyForQueries: steps.length,
    onAsync: () => {},
    keepNotices: false,
    bytesMax: ANSWER_BYTES_MAX,
  });
  let cancelTimer: CancelTimer = () => {};
  const finish = (isReset: boolean): void => {
    cancelTimer();
    backend.owner = NOBODY;
    if (!isReset) {
      options.onLost();
      return;
    }
    backend.lastUser = null;
    options.onReset();
  };
  backend.owner = {
    fromBackend: (buffer, end) => {
      try {
        replies.feed(buffer, 0, end);
      } catch {
        finish(false);
        return false;
      }
      if (!replies.isDone) return false;
      backend.reported(replies.parameters);
      finish(replies.errors.length === 0 && mayGoOn(replies, options));
      return false;
    },
    backendDrained: () => {},
    backendEnded: () => finish(false),
  };
  cancelTimer = options.clock.timer(RESET_MAX, () => finish(false));
  backend.socket.write(Buffer.concat(steps));
}

const mayGoOn = (replies: HiddenReplies, { before }: ResetOptions): boolean =>
  before?.mayGoOn(readAnswer(replies)) ?? true;

/** Else a backend tells its counts when it has been idle for ten seconds; upkeep goes by them. */
const TELL_STATISTICS = queryMessage(`select ${OURS} pg_catalog.pg_stat_force_next_flush()`);

/** One ReadyForQuery each. */
const stepsOf = ({ before, isLeft }: ResetOptions): readonly Buffer[] => [
  ...(before === undefined ? [] : [before.question]),
  ...(isLeft === true ? [TELL_STATISTICS] : []),
  resetBackend,
];
