/**
 * One running compute: a postmaster and all it forked.
 *
 *   (nothing) ──startCompute──▶ running ──stop──▶ gone
 *   (left by an earlier run) ──adopt──▶ running ──by itself──▶ gone
 *
 * Running: its lock is held by its own processes, and this object watches that lock. `ended` tells
 * that the postmaster is gone; `gone` that the last process is, after which a new one may start.
 */
import { join } from 'node:path';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { Address } from '../domain/host.ts';
import { type DurationMs, ms, seconds } from '../domain/units.ts';
import type { ComputeFiles } from './layout.ts';
import type { Launched } from './machine/launcher.ts';
import type { Lifeline } from './machine/lock.ts';
import { findProcess, killAll, type ProcessRef, signalProcess } from './machine/processes.ts';
import { openSocketDir, SOCKET_NAME, type SocketDir } from './socket-place.ts';
import { staying } from './staying.ts';

export type StopPatience = {
  /** How long a fast shutdown may take before an immediate one is asked for. */
  readonly fast: DurationMs;
  /** How long an immediate shutdown may take before every process is killed. */
  readonly immediate: DurationMs;
};

/** Together shorter than a client waits for a wake, so that one who comes to a hung stop is served. */
export const STOP_PATIENCE: StopPatience = { fast: seconds(15), immediate: seconds(3) };

/** How long a dead postmaster's processes, which see that they are orphans, may take to end. */
const ORPHANS_GRACE = ms(200);

/** How long processes may take to vanish once they were killed. */
const KILLED_WITHIN = seconds(10);

/** How often an adopted postmaster is looked at, beside the watch on its lock. */
const LOOK_EVERY = seconds(2);

/** How often, once its lock is free. */
const LOOK_EVERY_AT_LAST = ms(1);

export type ComputeParts = {
  readonly files: ComputeFiles;
  readonly postmaster: ProcessRef;
  readonly lifeline: Lifeline;
  readonly clock: Clock;
  /** The postmaster as our child; absent when it was adopted. */
  readonly child?: Launched;
};

export class Compute {
  readonly address: Address;
  readonly files: ComputeFiles;
  /** Resolves with the reason when the postmaster is gone. */
  readonly ended: Promise<string>;
  /** Resolves when the last process is gone. */
  readonly gone: Promise<void>;
  readonly #postmaster: ProcessRef;
  readonly #lifeline: Lifeline;
  readonly #clock: Clock;
  readonly #socketDir: SocketDir;
  #cancelLook: CancelTimer = () => {};

  constructor(parts: ComputeParts) {
    this.files = parts.files;
    this.#postmaster = parts.postmaster;
    this.#lifeline = parts.lifeline;
    this.#clock = parts.clock;
    this.gone = parts.lifeline.gone;
    this.#socketDir = openSocketDir(parts.files.run);
    this.address = { socketPath: join(this.#socketDir.path, SOCKET_NAME) };
    this.ended = parts.child ? this.#exitOf(parts.child) : this.#watched();
  }

  get pid(): number {
    return this.#postmaster.pid;
  }

  /** Has every process read the settings file again. */
  reload(): void {
    signalProcess(this.#postmaster, 'SIGHUP');
  }

  /** Ends the compute, cleanly if it can be had in time. Resolves when its last process is gone. */
  stop(patience: StopPatience): Promise<void> {
    return staying(async () => {
      const steps = [
        ['SIGINT', patience.fast],
        ['SIGQUIT', patience.immediate],
      ] as const;
      for (const [signal, wait] of steps) {
        if (!signalProcess(this.#postmaster, signal)) break;
        const ended = this.ended.then(() => false);
        if (await this.#within(wait, [this.gone.then(() => true), ended])) return this.#reaped();
      }
      if (await this.#goneWithin(ORPHANS_GRACE)) return this.#reaped();
      await this.kill();
    });
  }

  /** Ends every process of the compute without ceremony. */
  kill(): Promise<void> {
    return staying(async () => {
      killAll(this.files);
      if (await this.#goneWithin(KILLED_WITHIN)) return this.#reaped();
      throw new Error('processes of the compute do not end');
    });
  }

  /** Forgets the compute without touching it. */
  release(): void {
    this.#lifeline.close();
    this.#cancelLook();
    this.#socketDir.close();
  }

  /** A process lets go of its lock a moment before it leaves the process table. */
  async #reaped(): Promise<void> {
    await this.ended;
  }

  #goneWithin(wait: DurationMs): Promise<boolean> {
    return this.#within(wait, [this.gone.then(() => true)]);
  }

  /** The first outcome, or false when `wait` has passed. */
  async #within(wait: DurationMs, outcomes: readonly Promise<boolean>[]): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<false>();
    const cancel = this.#clock.timer(wait, () => resolve(false));
    try {
      return await Promise.race([...outcomes, promise]);
    } finally {
      cancel();
    }
  }

  /**
   * The end of a postmaster that is our child: the system tells. Once its last process is gone it is asked
   * too, since a signal is not told to every thread.
   */
  async #exitOf({ ended, look }: Launched): Promise<string> {
    let isOver = false;
    const lookAgain = () => {
      this.#cancelLook();
      look();
      this.#cancelLook = isOver ? () => {} : this.#clock.timer(LOOK_EVERY_AT_LAST, lookAgain);
    };
    void this.gone.then(lookAgain);
    const reason = await ended;
    isOver = true;
    this.#cancelLook();
    return reason;
  }

  /** The end of a postmaster that is not our child: its lock is free, or it is found missing. */
  #watched(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const lookEvery = (wait: DurationMs) => {
      this.#cancelLook();
      if (findProcess(this.pid)?.startedAt === this.#postmaster.startedAt) {
        this.#cancelLook = this.#clock.timer(wait, () => lookEvery(wait));
      } else resolve('the server process ended');
    };
    lookEvery(LOOK_EVERY);
    void this.gone.then(() => lookEvery(LOOK_EVERY_AT_LAST));
    return promise;
  }
}
