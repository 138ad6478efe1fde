/**
 * Bounds for all processes of a compute together: one control group a compute, below one group a data
 * directory. What this system does not offer is told in `lacks`, and then nothing is done about it.
 *
 *   none ──prepare──▶ made ──enter──▶ holds the postmaster, and all it forks ──leave──▶ none
 *
 * Nothing here fails a start or a stop: a tenant is rather served without a bound than not at all, and
 * that is logged. A group lives as long as its compute, whichever server started that: the next one
 * finds it by its name. What a crash leaves empty is removed at the next `open`.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { Serial } from '../../domain/serial.ts';
import type { Limits } from '../../domain/tier.ts';
import { ms } from '../../domain/units.ts';
import { isErrno } from '../machine/durable.ts';
import type { CountedIn } from './cage-counters.ts';
import { CONTROL_FILES, type ControlFiles } from './cgroup-files.ts';
import { diskOf, writeLimits } from './cgroup-limits.ts';
import {
  findPlaces,
  makeServerGroup,
  type Place,
  RESOURCES,
  type Resource,
  settlePlace,
  unlessGone,
} from './cgroup-places.ts';

export type CagesOptions = {
  /** An existing directory, by which the groups of a server are told from another's. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Those of the system unless a test has others. */
  readonly files?: ControlFiles;
};

const SERVER_PREFIX = 'dynabase-';
const SERVER_NAME = /^dynabase-[0-9a-f]{12}$/;

/** How often a group is tried to be removed whose last process is just leaving the kernel. */
const REMOVALS_MAX = 20;
const REMOVE_EVERY = ms(10);

/** How often a postmaster's children are looked for that it forked before it was in its group. */
const ROUNDS_MAX = 5;

/** What is said where a resource cannot be limited. */
const LACKS: Readonly<Record<Resource, string>> = {
  memory:
    'no control group limits memory here, so only each process of a tenant has a bound of its own',
  cpu: 'no control group limits processors here, so one busy tenant slows down the others',
  pids: 'no control group limits processes here, so a tenant’s are only counted by user id, if it has its own',
  io: 'no control group limits the disk here, so one tenant that reads and writes much slows down the others',
};
const NO_DISK =
  'the disk under the data directory cannot be told, so reading and writing is not limited';
const SOFT_WRITES =
  'control groups of version 1 do not slow down writing that goes through the page cache';

export class Cages {
  /** What is not enforced here, one sentence each. */
  readonly lacks: readonly string[];
  readonly #parts: Required<CagesOptions>;
  readonly #server: string;
  readonly #places: readonly Place[];
  readonly #disk: string | null;
  readonly #serial = new Serial<string>();
  /** Computes that are to have a group now, and with which limits. */
  readonly #wanted = new Map<string, Limits>();
  readonly #told = new Set<string>();

  constructor(parts: Required<CagesOptions>, found: Found) {
    this.#parts = parts;
    this.#server = found.server;
    this.#places = found.places;
    this.#disk = found.disk;
    this.lacks = lacksOf(found);
  }

  /** Makes a group for a compute that is about to have these limits, unless it has one. */
  async prepare(name: string, limits: Limits): Promise<void> {
    if (isUnlimited(limits) && !this.#wanted.has(name)) return;
    this.#wanted.set(name, limits);
    await this.#serial.run(name, () => this.#each(name, (place) => this.#make(place, name)));
  }

  /**
   * Puts the process and its children into the group, if one was prepared, and the group under its
   * limits. The postmaster comes first: what it has not forked yet need not be moved.
   */
  enter(name: string, pid: number): Promise<void> {
    return this.#serial.run(name, async () => {
      if (!this.#wanted.has(name)) return;
      await this.#each(name, (place) => this.#put(place, name, pid));
      await this.#each(name, (place) => this.#collect(place, name, pid));
      await this.#each(name, (place) => this.#bound(place, name));
    });
  }

  /** Where the kernel counts what a compute uses; nowhere if it has no group. */
  countedIn(name: string): CountedIn {
    if (!this.#wanted.has(name)) return { groups: [], disk: null };
    const groups = this.#places.map((place) => ({ ...place, path: this.#group(place, name) }));
    return { groups, disk: this.#disk };
  }

  /**
   * Removes the group of a compute whose last process is gone. One that is still busy is tried again
   * behind the caller's back.
   */
  async leave(name: string): Promise<void> {
    this.#wanted.delete(name);
    if (!(await this.#remove(name))) void this.#removeLater(name);
  }

  /** Forgets the groups that are in use; removes the server's own if none is. */
  async close(): Promise<void> {
    await this.#serial.idle();
    for (const { home } of this.#places) {
      await this.#parts.files.removeGroup(join(home, this.#server));
    }
  }

  async #make(place: Place, name: string): Promise<void> {
    const { files } = this.#parts;
    const group = this.#group(place, name);
    try {
      await files.makeGroup(group);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      await makeServerGroup(files, place, this.#server);
      await files.makeGroup(group);
    }
  }

  async #bound(place: Place, name: string): Promise<void> {
    const limits = this.#wanted.get(name);
    if (!limits) return;
    const group = this.#group(place, name);
    const request = { place, group, limits, disk: this.#disk };
    const failed = await writeLimits(this.#parts.files, request);
    for (const [resource, why] of failed) this.#tell(name, `${resource}: ${why}`);
  }

  async #put(place: Place, name: string, pid: number): Promise<void> {
    const file = join(this.#group(place, name), 'cgroup.procs');
    await this.#parts.files.write(file, `${pid}`).catch(unlessGone);
  }

  /** What was forked before the postmaster had been moved stays where that was. */
  async #collect(place: Place, name: string, pid: number): Promise<void> {
    const { files } = this.#parts;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const children = pidsOf(await files.read(`/proc/${pid}/task/${pid}/children`));
      const inside = pidsOf(await files.read(join(this.#group(place, name), 'cgroup.procs')));
      const outside = children.filter((child) => !inside.includes(child));
      if (outside.length === 0) return;
      for (const child of outside) await this.#put(place, name, Number(child));
    }
  }

  /** Another server that opens on the same directory sweeps a group that is just empty: it is made again. */
  async #each(name: string, work: (place: Place) => Promise<void>): Promise<void> {
    for (const place of this.#places) {
      try {
        await work(place).catch(async (error: unknown) => {
          if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
          await this.#make(place, name);
          await work(place);
        });
      } catch (error) {
        this.#tell(name, `${place.resources.join(', ')}: ${String(error)}`);
      }
    }
  }

  #remove(name: string): Promise<boolean> {
    return this.#serial.run(name, async () => {
      let isGone = true;
      for (const place of this.#places) {
        if (this.#wanted.has(name)) return true;
        if (!(await this.#parts.files.removeGroup(this.#group(place, name)))) isGone = false;
      }
      return isGone;
    });
  }

  async #removeLater(name: string): Promise<void> {
    for (let tries = 0; tries < REMOVALS_MAX; tries++) {
      await this.#parts.clock.sleep(REMOVE_EVERY);
      if (await this.#remove(name)) return;
    }
    this.#parts.log.warn('the control group of a compute could not be removed', { compute: name });
  }

  /** Once for each reason: it would be the same for every wake. */
  #tell(name: string, why: string): void {
    if (this.#told.has(why)) return;
    this.#told.add(why);
    this.#parts.log.error('a limit of a compute is not enforced', { compute: name, why });
  }

  #group(place: Place, name: string): string {
    return join(place.home, this.#server, name);
  }
}

type Found = {
  readonly server: string;
  readonly places: readonly Place[];
  readonly disk: string | null;
};

/** Finds what this system offers, and removes the groups that crashes left behind. */
export async function openCages(options: CagesOptions): Promise<Cages> {
  const files = options.files ?? CONTROL_FILES;
  const { dev, ino } = statSync(options.dataDir, { bigint: true });
  const digest = createHash('sha256').update(`${options.dataDir}\0${dev}:${ino}`).digest('hex');
  const server = `${SERVER_PREFIX}${digest.slice(0, 12)}`;
  const places: Place[] = [];
  for (const place of await findPlaces(files)) {
    const settled = await settlePlace(files, place, server);
    if (!settled) continue;
    places.push(settled);
    await sweep(files, settled.home);
  }
  const disk = await diskOf(files, dev);
  return new Cages({ ...options, files }, { server, places, disk });
}

/**
 * Removes what is empty, of this server and of others, whose directory may be gone. Groups of computes
 * that run are not, and one that a server was just about to use is made again by it.
 */
async function sweep(files: ControlFiles, home: string): Promise<void> {
  for (const server of await files.groupsBelow(home)) {
    if (!SERVER_NAME.test(server)) continue;
    const group = join(home, server);
    for (const name of await files.groupsBelow(group)) await files.removeGroup(join(group, name));
    await files.removeGroup(group);
  }
}

function lacksOf({ places, disk }: Found): string[] {
  const has = (resource: Resource) => places.some(({ resources }) => resources.includes(resource));
  const lacks = RESOURCES.filter((resource) => !has(resource)).map((resource) => LACKS[resource]);
  if (!has('io')) return lacks;
  if (disk === null) return [...lacks, NO_DISK];
  const isSoft = places.some(({ version, resources }) => version === 1 && resources.includes('io'));
  return isSoft ? [...lacks, SOFT_WRITES] : lacks;
}

const isUnlimited = (limits: Limits): boolean => Object.values(limits).every((max) => max === null);

const pidsOf = (text: string | undefined): readonly string[] => (text ?? '').match(/\d+/g) ?? [];
