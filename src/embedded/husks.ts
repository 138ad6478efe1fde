/**
 * Husks: data directories made in advance, so that creating a tenant is one rename.
 *
 *   template ──copy──▶ making-<name> ──identity, owner, sync──▶ <name> ──claim──▶ a tenant
 *
 * They are made one at a time in the background, two at once while a tenant waits for one. Under a name that begins with `making-` one may be
 * half done: its maker holds its lock, and what nobody holds is removed at the next start.
 */
import { existsSync, statfsSync } from 'node:fs';
import { copyFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Failpoints } from '../domain/failpoints.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';
import { type DurationMs, seconds } from '../domain/units.ts';
import { copyTree, type FileOwner } from './copy-tree.ts';
import { type ComputeFiles, computeFiles } from './layout.ts';
import { discard, ensureDir, isErrno, renameDurably, syncDir } from './machine/durable.ts';
import { tryLock } from './machine/lock.ts';
import type { Ground } from './start.ts';
import { newSystemIdentifier, setSystemIdentifier } from './system-identifier.ts';
import { makeComputeDirs, syncTree } from './template.ts';

export type HuskParts = {
  readonly ground: Ground;
  readonly random: Random;
  readonly log: Log;
  readonly failpoints: Failpoints;
  readonly husks: string;
  readonly trash: string;
  readonly template: ComputeFiles;
  /** How many to keep ready, until `keep` says otherwise. */
  readonly target: number;
  /** Whom the next husk belongs to. */
  readonly nextOwner: () => Promise<FileOwner>;
};

const MAKING = 'making-';

/** After a husk could not be made, the next is tried when one is claimed, or after this. */
const RETRY_AFTER = seconds(30);

/**
 * A husk is claimed for somebody who waits, and whose start needs the same disk and processor as the copy
 * of the next one; that copy is put off while others are ready.
 */
const REFILL_AFTER = seconds(1);

/** Made at once while somebody waits for one: what it costs is the kernel's work of a thousand files. */
const AT_ONCE = 2;

/** Claims that may find their husk taken by another server before one gives up. */
const CLAIM_TRIES_MAX = 100;

/** Free space below which no husk is made ahead of need. */
const SPARE_BYTES = 256 * 1024 * 1024;

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

export class HuskPool {
  readonly #parts: HuskParts;
  readonly #ready: string[];
  #target: number;
  #isClearing = false;
  /** The husks being made; those who need one share them. */
  readonly #making = new Set<Promise<void>>();
  #isClosed = false;
  #cancelRefill: () => void = () => {};

  constructor(parts: HuskParts, ready: readonly string[]) {
    this.#parts = parts;
    this.#ready = [...ready];
    this.#target = parts.target;
  }

  /** How many are to be ready. */
  get target(): number {
    return this.#target;
  }

  /** So many are to be ready from now on; those beyond it are removed, behind everybody's back. */
  keep(count: number): void {
    this.#target = count;
    if (this.#ready.length > count) void this.#clear();
    else this.refill();
  }

  get readyCount(): number {
    return this.#ready.length;
  }

  /** Turns a husk into `root`, which must not exist. Throws `NO_UIDS`, and as the disk does. */
  async claim(root: string): Promise<void> {
    for (let tries = 0; tries < CLAIM_TRIES_MAX; tries++) {
      const name = this.#ready.shift();
      if (name === undefined) {
        await this.#makeOrThrow();
        continue;
      }
      try {
        await renameDurably(join(this.#parts.husks, name), root);
        return;
      } catch (error) {
        // Another server on this directory took it.
        if (!isErrno(error, 'ENOENT')) throw error;
      } finally {
        if (this.#ready.length === 0) this.refill();
        else this.#refillAfter(REFILL_AFTER);
      }
    }
    throw new Error('no husk could be had');
  }

  /** Makes husks in the background until there are enough. */
  refill(): void {
    if (this.#isClosed || this.#making.size > 0) return;
    if (this.#ready.length >= this.#target) return;
    this.#cancelRefill();
    // On a disk that is nearly full, those who have data need the space more than those to come.
    if (freeBytes(this.#parts.husks) < SPARE_BYTES) {
      this.#refillAfter(RETRY_AFTER);
      return;
    }
    this.#make().then(
      () => this.refill(),
      (error: unknown) => {
        this.#parts.log.warn('a husk could not be made', { error: String(error) });
        this.#refillAfter(RETRY_AFTER);
      },
    );
  }

  #refillAfter(wait: DurationMs): void {
    this.#cancelRefill();
    if (this.#isClosed) return;
    this.#cancelRefill = this.#parts.ground.clock.timer(wait, () => this.refill());
  }

  /** Resolves when the husks that are being made are done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRefill();
    await Promise.allSettled(this.#making);
  }

  async #clear(): Promise<void> {
    if (this.#isClearing) return;
    this.#isClearing = true;
    const { husks, trash, log } = this.#parts;
    try {
      while (!this.#isClosed && this.#ready.length > this.#target) {
        const name = this.#ready.pop();
        if (name !== undefined) await discard(join(husks, name), trash);
      }
    } catch (error) {
      log.warn('a husk that nobody needs could not be removed', { error: String(error) });
    } finally {
      this.#isClearing = false;
    }
  }

  /** Several at once, while somebody waits. What became of one that others began fails nobody else. */
  async #makeOrThrow(): Promise<void> {
    if (this.#making.size < AT_ONCE) await this.#make();
    else await Promise.race(this.#making).catch(() => {});
  }

  #make(): Promise<void> {
    const making = makeHusk(this.#parts)
      .then((name) => {
        this.#ready.push(name);
      })
      .finally(() => this.#making.delete(making));
    this.#making.add(making);
    return making;
  }
}

/** Opens the pool with the husks that are there; removes half-made ones and those of other engines. */
export async function openHusks(parts: HuskParts): Promise<HuskPool> {
  await ensureDir(parts.husks, 0o711);
  const ready: string[] = [];
  for (const name of await readdir(parts.husks)) {
    if (name.startsWith(MAKING)) await removeAbandoned(parts.husks, name, parts);
    else if (name.startsWith(kindOf(parts))) ready.push(name);
    else await discard(join(parts.husks, name), parts.trash);
  }
  return new HuskPool(parts, ready);
}

/** Husks are named after their template, so that an old one is never taken for a new one. */
const kindOf = ({ template }: HuskParts): string => `${template.root.split('/').at(-1)}-`;

/** Removes half-made files, unless somebody is still making them and holds their lock. */
export async function removeAbandoned(
  parent: string,
  name: string,
  { trash, ground }: Pick<HuskParts, 'trash' | 'ground'>,
): Promise<void> {
  const files = computeFiles(join(parent, name));
  if (!existsSync(files.lock)) return discard(files.root, trash);
  const lock = tryLock(files.lock, ground.os);
  if (!lock) return;
  try {
    await discard(files.root, trash);
  } finally {
    lock.close();
  }
}

async function makeHusk(parts: HuskParts): Promise<string> {
  const { ground, husks, template, trash, failpoints } = parts;
  const name = `${kindOf(parts)}${randomName(parts.random)}`;
  const draft = computeFiles(join(husks, MAKING + name));
  const owner = await parts.nextOwner();
  try {
    await makeComputeDirs(draft, owner, ground.os);
    const lock = tryLock(draft.lock, ground.os);
    try {
      await copyTree(template.data, draft.data, owner);
      await copyFile(template.firstSecret, draft.firstSecret);
      await failpoints.reach('husk.copied');
      const identifier = newSystemIdentifier(parts.random, ground.clock.wall());
      await setSystemIdentifier(draft.data, identifier);
      await syncTree(draft.root, ground.os);
      await rename(draft.root, join(husks, name));
      await syncDir(husks);
    } finally {
      lock?.close();
    }
  } catch (error) {
    await discard(draft.root, trash);
    throw error;
  }
  await failpoints.reach('husk.done');
  return name;
}

const randomName = (random: Random): string => Buffer.from(random.bytes(6)).toString('hex');
