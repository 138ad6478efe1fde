/**
 * Tells a compute to give up what a backend is doing.
 *
 * One connection a cancel, as the protocol has it, and at most one at a time for one backend: a
 * client that repeats itself meanwhile gets one more, if there is still anything to cancel then. At most `CANCELS_MAX` are under way; the rest
 * wait in the order they came, at most one a session, and are dropped if by their turn there is
 * nothing left to cancel. One compute gets at most `CANCELS_OF_COMPUTE_MAX` of the places, so that
 * one that does not answer cannot keep the cancels of other tenants waiting. PostgreSQL closes the
 * connection once the signal is sent.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import { seconds } from '../domain/units.ts';
import { cancelRequest } from '../wire/cancel-request.ts';
import type { Backend } from './backend.ts';

export const CANCELS_MAX = 32;
export const CANCELS_OF_COMPUTE_MAX = 4;

const GIVE_UP_AFTER = seconds(5);

export type CancelSenderOptions = {
  readonly dial: (path: string) => Socket;
  readonly clock: Clock;
};

/** Somebody's query. */
export interface Cancellable {
  readonly backend: Pick<Backend, 'address' | 'key'>;
  /** Whether there is anything to cancel. */
  readonly isBusy: boolean;
}

export class CancelSender {
  readonly #options: CancelSenderOptions;
  readonly #underWay = new Set<Cancellable>();
  readonly #waiting = new Set<Cancellable>();
  /** Told when the next cancel of each has reached its compute, or is dropped. */
  readonly #told = new Map<Cancellable, (() => void)[]>();
  /** Under way, by socket path. */
  readonly #ofCompute = new Map<string, number>();

  constructor(options: CancelSenderOptions) {
    this.#options = options;
  }

  /** Harmless if there is nothing to cancel. Resolves when the compute has it; never rejects. */
  send(target: Cancellable): Promise<void> {
    return new Promise((resolve) => {
      this.#told.set(target, [...(this.#told.get(target) ?? []), resolve]);
      this.#waiting.add(target);
      this.#next();
    });
  }

  /** Whether a cancel may still hit what this backend does next. */
  isUnderWay(target: Cancellable): boolean {
    return this.#underWay.has(target) || this.#waiting.has(target);
  }

  #next(): void {
    for (const target of this.#waiting) {
      if (this.#underWay.size >= CANCELS_MAX) return;
      if (this.#underWay.has(target)) continue;
      if (target.isBusy && this.#countOf(pathOf(target)) >= CANCELS_OF_COMPUTE_MAX) continue;
      this.#waiting.delete(target);
      const told = this.#told.get(target) ?? [];
      this.#told.delete(target);
      const tell = (): void => {
        for (const resolve of told) resolve();
      };
      if (target.isBusy) this.#dial(target, tell);
      else tell();
    }
  }

  #countOf(path: string): number {
    return this.#ofCompute.get(path) ?? 0;
  }

  #count(path: string, change: 1 | -1): void {
    const count = this.#countOf(path) + change;
    if (count > 0) this.#ofCompute.set(path, count);
    else this.#ofCompute.delete(path);
  }

  /** By the time the cancel is done the target may have another backend, or none. */
  #dial(target: Cancellable, tell: () => void): void {
    const path = pathOf(target);
    this.#underWay.add(target);
    this.#count(path, 1);
    const socket = this.#options.dial(path);
    const giveUp = this.#options.clock.timer(GIVE_UP_AFTER, () => socket.destroy());
    // A compute that cannot be reached has nothing left to cancel.
    socket.on('error', () => {});
    socket.on('close', () => {
      giveUp();
      this.#underWay.delete(target);
      this.#count(path, -1);
      tell();
      this.#next();
    });
    socket.end(cancelRequest(target.backend.key));
    socket.resume();
  }
}

const pathOf = ({ backend }: Cancellable): string => backend.address.socketPath;
