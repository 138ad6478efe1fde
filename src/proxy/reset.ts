/** Clears a backend that has been given up, so that another session can have it. */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { seconds } from '../domain/units.ts';
import { HiddenReplies } from '../wire/hidden-replies.ts';
import { resetBackend } from '../wire/restore.ts';
import type { PooledBackend } from './pooled-backend.ts';

/** A backend that takes longer than this is not worth it. */
const RESET_MAX = seconds(5);

const ANSWER_BYTES_MAX = 64 * 1024;

export type ResetOptions = {
  readonly clock: Clock;
  readonly onReset: () => void;
  /** It could not be cleared. It is nobody's. */
  readonly onLost: () => void;
};

export function reset(backend: PooledBackend, options: ResetOptions): void {
  const replies = new HiddenReplies({
    readyForQueries: 1,
    onAsync: () => {},
    keepNotices: false,
    bytesMax: ANSWER_BYTES_MAX,
  });
  let cancelTimer: CancelTimer = () => {};
  const finish = (isReset: boolean): void => {
    cancelTimer();
    backend.owner = NOBODY;
    if (isReset) options.onReset();
    else options.onLost();
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
      finish(replies.errors.length === 0);
      return false;
    },
    backendDrained: () => {},
    backendEnded: () => finish(false),
  };
  cancelTimer = options.clock.timer(RESET_MAX, () => finish(false));
  backend.socket.write(resetBackend);
}

const NOBODY = { fromBackend: () => false, backendDrained: () => {}, backendEnded: () => {} };
