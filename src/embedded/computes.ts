/**
 * The computes that this process knows to run, by the directory they run in.
 *
 * Everything done to one compute is done one after the other. An end that nobody asked for is told
 * once; after it the compute is forgotten, and the next start finds out what is left of it.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Log } from '../domain/log.ts';
import { Serial } from '../domain/serial.ts';
import type { Limits } from '../domain/tier.ts';
import { type DurationMs, ms, seconds } from '../domain/units.ts';
import type { Cages } from './cages/cages.ts';
import { dataCapOf, UNCAPPED_DATA } from './cages/own-memory.ts';
import type { Compute, StopPatience } from './compute.ts';
import type { ComputeFiles } from './layout.ts';
import { rotateLog } from './log-file.ts';
import { isLocked } from './machine/lock.ts';
import { killAll } from './machine/processes.ts';
import type { Setting } from './settings.ts';
import { type LiveSettings, writeSettings } from './settings-file.ts';
import { findCompute, type Ground, startCompute } from './start.ts';
import { staying } from './staying.ts';

export type ComputesParts = {
  readonly ground: Ground;
  readonly log: Log;
  readonly patience: StopPatience;
  readonly cages: Cages;
};

export type Start = {
  readonly files: ComputeFiles;
  readonly settings: readonly Setting[];
  readonly limits: Limits;
  readonly giveUpAfter: DurationMs;
};

/** How long a compute that is found starting, in a long recovery perhaps, may take to be ready. */
const FOUND_READY_WITHIN = seconds(300);

/** How often the lock of killed orphans is tried. */
const ORPHANS_LOOK_EVERY = ms(5);

/** How often logs are looked at for rotation; a tenant that means to writes some 50 MB a second. */
const ROTATE_EVERY = seconds(5);

/** By which a compute's control group is told from the others of the server. */
const nameOf = (files: ComputeFiles): string => basename(files.root);

export class Computes {
  readonly #parts: ComputesParts;
  readonly #running = new Map<string, Compute>();
  readonly #serial = new Serial<string>();
  #onLost: (root: string, reason: string) => void = () => {};
  #onStopping: (compute: Compute) => void = () => {};
  #cancelRotation: () => void = () => {};

  constructor(parts: ComputesParts) {
    this.#parts = parts;
    this.#rotateLater();
  }

  onLost(listener: (root: string, reason: string) => void): void {
    this.#onLost = listener;
  }

  /** Calls `listener` before a compute is told to end. */
  onStopping(listener: (compute: Compute) => void): void {
    this.#onStopping = listener;
  }

  /** Those that this process knows to run, as they are now. */
  all(): readonly Compute[] {
    return [...this.#running.values()];
  }

  /** The compute in `root`, if this process knows it to run. */
  running(root: string): Compute | undefined {
    return this.#running.get(root);
  }

  /** Runs `work` when nothing else is being done to `root`. */
  exclusively<T>(root: string, work: () => Promise<T>): Promise<T> {
    return this.#serial.run(root, work);
  }

  start(start: Start): Promise<Compute> {
    const { root } = start.files;
    return this.#serial.run(root, async () => {
      return this.#running.get(root) ?? this.#keep(await this.#startCaged(start));
    });
  }

  /** Puts the compute in `files` under other limits, if one runs. */
  limit(files: ComputeFiles, limits: Limits): Promise<void> {
    const { cages, ground } = this.#parts;
    return this.#serial.run(files.root, async () => {
      const compute = await this.#find(files);
      if (!compute) return;
      await cages.prepare(nameOf(files), limits);
      await cages.enter(nameOf(files), compute.pid);
      // What the postmaster forks from now on has it.
      ground.os.softCap(compute.pid, dataCapOf(limits) ?? UNCAPPED_DATA);
    });
  }

  /** The compute that runs in `files`, known or left by an earlier run of this program. */
  find(files: ComputeFiles): Promise<Compute | undefined> {
    return this.#serial.run(files.root, () => this.#find(files));
  }

  /** Changes settings of the compute in `files`, if one runs; what outlives a stop also if none does. */
  change(files: ComputeFiles, live: Partial<LiveSettings>): Promise<void> {
    return this.#serial.run(files.root, async () => {
      const compute = await this.#find(files);
      if (!compute && live.readOnly === undefined) return;
      writeSettings(files, live);
      compute?.reload();
    });
  }

  /** Ends whatever runs in `files`. Resolves when the last process is gone. */
  stop(files: ComputeFiles): Promise<void> {
    return this.#serial.run(files.root, () => this.stopNow(files));
  }

  /** `stop`, for a caller inside `exclusively`. */
  async stopNow(files: ComputeFiles): Promise<void> {
    const compute = await this.#find(files);
    if (!compute) {
      await staying(() => this.#endOrphans(files));
      void this.#parts.cages.leave(nameOf(files));
      return;
    }
    this.#running.delete(files.root);
    this.#onStopping(compute);
    try {
      await compute.stop(this.#parts.patience);
      // Whoever waits for the stop need not wait for this; a start that follows is put behind it.
      void this.#parts.cages.leave(nameOf(files));
    } finally {
      compute.release();
    }
  }

  /** Forgets every compute without touching it, once nothing is under way. */
  async close(): Promise<void> {
    await this.#serial.idle();
    this.#cancelRotation();
    for (const compute of this.#running.values()) compute.release();
    this.#running.clear();
    await this.#parts.cages.close();
  }

  /** The group is made and entered beside the start, which does not wait for it. */
  async #startCaged(start: Start): Promise<Compute> {
    const { cages, ground } = this.#parts;
    const { files, limits } = start;
    const name = nameOf(files);
    void cages.prepare(name, limits);
    let isSpawned = false;
    const onSpawned = (pid: number) => {
      isSpawned = true;
      void cages.enter(name, pid);
    };
    try {
      const compute = await startCompute(ground, { ...start, onSpawned });
      if (!isSpawned) void cages.enter(name, compute.pid);
      return compute;
    } catch (error) {
      await cages.leave(name);
      throw error;
    }
  }

  async #find(files: ComputeFiles): Promise<Compute | undefined> {
    const known = this.#running.get(files.root);
    if (known) return known;
    if (!existsSync(files.data)) return undefined;
    const found = await findCompute(this.#parts.ground, files, FOUND_READY_WITHIN).catch(() => {
      // It ended, or was ended, while it was looked at.
      return undefined;
    });
    return found && this.#keep(found);
  }

  async #endOrphans(files: ComputeFiles): Promise<void> {
    if (!existsSync(files.lock)) return;
    const { os, clock } = this.#parts.ground;
    const { fast, immediate } = this.#parts.patience;
    const end = clock.now() + fast + immediate;
    while (isLocked(files.lock, os)) {
      killAll(files);
      if (clock.now() > end) throw new Error('processes of the compute do not end');
      await clock.sleep(ORPHANS_LOOK_EVERY);
    }
  }

  #keep(compute: Compute): Compute {
    const { root } = compute.files;
    this.#running.set(root, compute);
    void compute.ended.then((reason) => {
      if (this.#running.get(root) !== compute) return;
      this.#running.delete(root);
      compute.release();
      void this.#parts.cages.leave(nameOf(compute.files));
      this.#onLost(root, reason);
    });
    return compute;
  }

  #rotateLater(): void {
    const { clock } = this.#parts.ground;
    this.#cancelRotation = clock.timer(ROTATE_EVERY, () => {
      void this.rotateLogs().finally(() => this.#rotateLater());
    });
  }

  /** Cuts the logs that have grown too long. */
  async rotateLogs(): Promise<void> {
    for (const { files } of [...this.#running.values()]) {
      await rotateLog(files.log, this.#parts.ground.logBytesMax).catch((error: unknown) => {
        this.#parts.log.warn('the log of a compute could not be rotated', { error: String(error) });
      });
    }
  }
}
