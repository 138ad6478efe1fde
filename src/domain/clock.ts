import type { DurationMs, Instant, Timestamp } from './units.ts';

/** Ends a timer before it fires; harmless after. */
export type CancelTimer = () => void;

/** The only way to learn or spend time. */
export interface Clock {
  /** Monotonic. Compare only with instants from the same clock. */
  now(): Instant;
  /** Wall time, for records and display. */
  wall(): Timestamp;
  /** Resolves after `wait`; rejects with the signal's reason if it aborts first. */
  sleep(wait: DurationMs, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `wait`. A pending timer does not keep the process alive. */
  timer(wait: DurationMs, run: () => void): CancelTimer;
}
