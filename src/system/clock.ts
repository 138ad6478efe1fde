import type { CancelTimer, Clock } from '../domain/clock.ts';
import { type DurationMs, type Instant, type Timestamp, timestamp } from '../domain/units.ts';

/** Beyond this `setTimeout` fires at once; a longer wait is taken in pieces. About 24 days. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The machine's clock. */
export class SystemClock implements Clock {
  now(): Instant {
    return performance.now() as Instant;
  }

  wall(): Timestamp {
    return timestamp(Date.now());
  }

  sleep(wait: DurationMs, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.timer(wait, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  timer(wait: DurationMs, run: () => void): CancelTimer {
    let left = wait as number;
    let timeout: NodeJS.Timeout;
    const arm = (): void => {
      const piece = Math.min(left, TIMER_MAX_MS);
      left -= piece;
      timeout = setTimeout(() => (left > 0 ? arm() : run()), Math.max(0, piece));
      timeout.unref();
    };
    arm();
    return () => clearTimeout(timeout);
  }
}
