/**
 * A tenant's files, on their way to the archive and back.
 *
 * There: of a stopped compute the data directory itself is read, under its lock, so that nothing can
 * start in it meanwhile, and after a recovery if it was not shut down cleanly; of a running one a base
 * backup. Beside the data goes what we remember of the
 * tenant, as notes.
 *
 *   husk ──claim──▶ hydrating/<id> ──load, notes, identity──▶ whole ──rename──▶ tenants/<id>
 *
 * Back: a husk is turned into what the snapshot says, outside of where tenants are looked for, and
 * moved there as the last step. Whoever does it holds its lock; what nobody holds is removed at the
 * next start. Data of another tenant, for a fork or an import, gets a system identifier of its own
 * and is settled at its first start.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import pg from 'pg';
import type {
  Archive,
  Loaded,
  Notes,
  Snapshot,
  SnapshotRef,
  Source,
} from '../../domain/archive.ts';
import type { Failpoints } from '../../domain/failpoints.ts';
import type { ArchiveRequest } from '../../domain/host.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Random } from '../../domain/random.ts';
import { ms } from '../../domain/units.ts';
import { type Login, openReplication, SUPERUSER } from '../admin.ts';
import type { Compute } from '../compute.ts';
import type { Computes } from '../computes.ts';
import type { FileOwner } from '../copy-tree.ts';
import { type HuskPool, removeAbandoned } from '../husks.ts';
import { type ComputeFiles, hydratingFiles, type Layout, tenantFiles } from '../layout.ts';
import {
  discard,
  ensureDir,
  inPlainWords,
  isErrno,
  onDisk,
  renameDurably,
  writeDurably,
} from '../machine/durable.ts';
import { makeLock, tryLock } from '../machine/lock.ts';
import { isRoot } from '../machine/users.ts';
import type { Secrets } from '../secrets.ts';
import { NO_SECRET } from '../settling.ts';
import type { Ground } from '../start.ts';
import { newSystemIdentifier, setSystemIdentifier } from '../system-identifier.ts';
import { askForPasswords, knowServerByKernel } from './archiving-door.ts';
import { recover, wasShutDown } from './archiving-recovery.ts';
import { baseBackup } from './base-backup.ts';

export type ArchivingParts = {
  readonly ground: Ground;
  readonly layout: Layout;
  readonly computes: Computes;
  readonly husks: HuskPool;
  readonly secrets: Secrets;
  readonly archive: Archive;
  readonly failpoints: Failpoints;
  readonly random: Random;
};

/** The note on data whose superuser does not have the password that its tenant's should have. */
const UNSETTLED_NOTE = 'unsettled';
/** The note on which secrets the passwords of our roles come from; another machine has others. */
const SECRETS_NOTE = 'secrets';

/** Notes that are files of ours, word for word; lost without harm. */
const FILE_NOTES = { 'hot-list': 'hotList', access: 'access' } as const satisfies Record<
  string,
  keyof ComputeFiles
>;

/** "no pg_hba.conf entry for replication connection" */
const SQLSTATE_NO_DOOR = '28000';

/** A compute reads its rules again a moment after it is told to. */
const DOOR_LOOK_EVERY = ms(10);
const DOOR_LOOKS_MAX = 200;

export class Archiving {
  readonly #parts: ArchivingParts;
  readonly #closing = new AbortController();

  constructor(parts: ArchivingParts) {
    this.#parts = parts;
  }

  /** As `Host.archive` says. */
  async archive(tenant: TenantId, asked: ArchiveRequest): Promise<Snapshot> {
    const { computes, layout } = this.#parts;
    const request = { ...asked, signal: this.#untilClosed(asked.signal) };
    const files = tenantFiles(layout, tenant);
    const compute = computes.running(files.root) ?? (await computes.find(files));
    // A recovery writes, and so does a base backup, if little.
    return await tellable('a database that is saved needs some room of its own', async () => {
      const saved = compute ? undefined : await this.#saveStopped(files, request);
      return saved ?? (await this.#saveRunning(files, request));
    });
  }

  /** As `Host.hydrate` says. */
  hydrate(tenant: TenantId, ref: SnapshotRef, asked: AbortSignal): Promise<number> {
    const { computes, layout } = this.#parts;
    const signal = this.#untilClosed(asked);
    const files = tenantFiles(layout, tenant);
    return computes.exclusively(files.root, async () => {
      if (existsSync(files.root)) return 0;
      signal.throwIfAborted();
      const draft = hydratingFiles(layout, tenant);
      await discard(draft.root, layout.trash);
      try {
        return await tellable('a database that comes back from the archive needs room', () =>
          this.#bringBack(tenant, { ref, draft, files, signal }),
        );
      } catch (error) {
        await discard(draft.root, layout.trash);
        throw error;
      }
    });
  }

  /** Removes what a crash has left of hydrates. */
  async sweep(): Promise<void> {
    const { ground, layout } = this.#parts;
    await ensureDir(layout.hydrating, 0o711);
    for (const name of await readdir(layout.hydrating)) {
      await removeAbandoned(layout.hydrating, name, { ground, trash: layout.trash });
    }
  }

  /** Gives up what is under way, and what is still asked for. */
  close(): void {
    this.#closing.abort(new Error('the server is stopping'));
  }

  #untilClosed(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal]);
  }

  /** Undefined, and nothing is done, if the compute has been started meanwhile. */
  #saveStopped(files: ComputeFiles, request: ArchiveRequest): Promise<Snapshot | undefined> {
    const { computes, ground } = this.#parts;
    return computes.exclusively(files.root, async () => {
      if (computes.running(files.root)) return undefined;
      request.signal.throwIfAborted();
      if (!existsSync(files.data)) throw new Error('its data is missing');
      if (!(await wasShutDown(files))) await recover(ground, files, request.signal);
      makeLock(files.lock, ground.os);
      const lock = tryLock(files.lock, ground.os);
      if (!lock) throw new Error('processes of an earlier compute have not ended');
      try {
        return await this.#save(files, request, { kind: 'stopped', path: files.data });
      } finally {
        lock.close();
      }
    });
  }

  async #saveRunning(files: ComputeFiles, request: ArchiveRequest): Promise<Snapshot> {
    const { computes, secrets } = this.#parts;
    const compute = computes.running(files.root);
    if (!compute) throw new Error('the compute does not run');
    const password = secrets.password(request.tenant, SUPERUSER);
    const login = { address: compute.address, password };
    await this.#makeDoor(compute, login);
    const entries = baseBackup(login, request.signal);
    return await this.#save(files, request, { kind: 'running', entries });
  }

  async #save(files: ComputeFiles, request: ArchiveRequest, source: Source): Promise<Snapshot> {
    const { archive, secrets } = this.#parts;
    const own = { ...(await notesOf(files)), [SECRETS_NOTE]: secrets.fingerprint };
    return await archive.save({ ...request, source, notes: { ...request.notes, ...own } });
  }

  /** Sees to it that a base backup may be asked for. */
  async #makeDoor(compute: Compute, login: Login): Promise<void> {
    if (await isOpen(login)) return;
    await askForPasswords(compute.files.data);
    compute.reload();
    for (let looks = 0; looks < DOOR_LOOKS_MAX; looks++) {
      if (await isOpen(login)) return;
      await this.#parts.ground.clock.sleep(DOOR_LOOK_EVERY);
    }
    throw new Error('the compute does not let us have its backup');
  }

  async #bringBack(tenant: TenantId, hydration: Hydration): Promise<number> {
    const { archive, failpoints, ground, husks } = this.#parts;
    const { ref, draft, files, signal } = hydration;
    await husks.claim(draft.root);
    const lock = tryLock(draft.lock, ground.os);
    if (!lock) throw new Error('another server has the husk');
    try {
      await failpoints.reach('hydrate.claimed');
      const owner = await ownerOf(draft);
      const loaded = await archive.load({ ...ref, into: draft.data, owner, signal });
      await this.#adapt(tenant, draft, loaded);
      await failpoints.reach('hydrate.loaded');
      signal.throwIfAborted();
      await renameDurably(draft.root, files.root);
      await failpoints.reach('hydrate.placed');
      return loaded.bytes;
    } finally {
      lock.close();
    }
  }

  /** Makes what was loaded the tenant's own. */
  async #adapt(tenant: TenantId, draft: ComputeFiles, loaded: Loaded): Promise<void> {
    const { ground, random, secrets } = this.#parts;
    await writeNotes(draft, loaded.notes);
    const isForeign = loaded.origin !== tenant;
    const isOurs = !isForeign && loaded.notes[SECRETS_NOTE] === secrets.fingerprint;
    if (!isOurs || loaded.notes[UNSETTLED_NOTE] !== undefined) {
      await knowServerByKernel(draft.data);
      await writeDurably(draft.firstSecret, NO_SECRET);
    } else await rm(draft.firstSecret, { force: true });
    if (!isForeign) return;
    const identifier = newSystemIdentifier(random, ground.clock.wall());
    await setSystemIdentifier(draft.data, identifier);
  }
}

/** Runs `work`; what it fails with may be shown to a client. */
const tellable = <T>(what: string, work: () => Promise<T>): Promise<T> =>
  onDisk(what, work).catch((error: unknown) => {
    throw inPlainWords(error);
  });

type Hydration = {
  readonly ref: SnapshotRef;
  readonly draft: ComputeFiles;
  readonly files: ComputeFiles;
  readonly signal: AbortSignal;
};

async function ownerOf({ data }: ComputeFiles): Promise<FileOwner> {
  if (!isRoot()) return null;
  const { uid, gid } = await stat(data);
  return { uid, gid };
}

async function isOpen(login: Login): Promise<boolean> {
  try {
    (await openReplication(login)).close();
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === SQLSTATE_NO_DOOR) return false;
    throw error;
  }
}

async function notesOf(files: ComputeFiles): Promise<Notes> {
  const notes: Record<string, string> = {};
  for (const [note, file] of Object.entries(FILE_NOTES)) {
    const text = await textOf(files[file]);
    if (text !== undefined) notes[note] = text;
  }
  return existsSync(files.firstSecret) ? { ...notes, [UNSETTLED_NOTE]: 'yes' } : notes;
}

async function writeNotes(files: ComputeFiles, notes: Notes): Promise<void> {
  for (const [note, file] of Object.entries(FILE_NOTES)) {
    const text = notes[note];
    if (text !== undefined) await writeFile(files[file], text, { mode: 0o600 });
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
