/**
 * An archive on a store in memory, and small directories that look to it like those of PostgreSQL.
 */
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32c } from '../archive/crc32c.ts';
import { type ArchiveParts, type OpenArchive, openArchive } from '../archive/open-archive.ts';
import type { Store } from '../archive/store.ts';
import type { Holder, Loaded, Snapshot, SnapshotRef, SourceEntry } from '../domain/archive.ts';
import type { FailpointName, Failpoints } from '../domain/failpoints.ts';
import { snapshotIdOf, type TenantId, type VaultId } from '../domain/ids.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryStore } from './memory-store.ts';

/** Files by path; a directory is null. */
export type Content = Map<string, Buffer | null>;

export const SEGMENT_BYTES = 65_536;
const WAL = 'pg_wal/000000010000000000000003';
const NEVER = new AbortController().signal;

export type ControlOptions = {
  readonly systemId?: bigint;
  /** DB_SHUTDOWNED is 1, DB_IN_PRODUCTION 6. */
  readonly state?: number;
  readonly catalogVersion?: number;
};

/** A `pg_control` as PostgreSQL 18 would write it, as far as it is read by us. */
export function controlFile(options: ControlOptions = {}): Buffer {
  const { systemId = 1n, state = 1, catalogVersion = 202_506_291 } = options;
  const bytes = Buffer.alloc(8_192);
  bytes.writeBigUInt64LE(systemId, 0);
  bytes.writeUInt32LE(1_800, 8);
  bytes.writeUInt32LE(catalogVersion, 12);
  bytes.writeUInt32LE(state, 16);
  bytes.writeBigUInt64LE(BigInt(SEGMENT_BYTES * 3 + 40), 32);
  bytes.writeBigUInt64LE(BigInt(SEGMENT_BYTES * 3 + 40), 40);
  bytes.writeUInt32LE(1, 48);
  bytes.writeDoubleLE(1_234_567, 216);
  bytes.writeUInt32LE(8_192, 224);
  bytes.writeUInt32LE(SEGMENT_BYTES, 236);
  bytes.writeUInt32LE(1, 260);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 292)), 292);
  return bytes;
}

/** Bytes that do not compress, the same for the same seed. */
export const noise = (length: number, seed: number): Buffer =>
  Buffer.from(new SeededRandom(seed).bytes(length));

/** What the template of these worlds holds. Pages of zeros at their head have no checksum to be wrong. */
export function templateContent(): Content {
  return new Map<string, Buffer | null>([
    ...['base', 'base/1', 'global', 'pg_wal', 'pg_notify', 'pg_tblspc'].map(
      (path) => [path, null] as const,
    ),
    ['PG_VERSION', Buffer.from('18\n')],
    ['postgresql.conf', Buffer.from('# ours\n')],
    ['pg_hba.conf', Buffer.from('local all all scram-sha-256\n')],
    ['base/1/2000_fsm', Buffer.alloc(24_576)],
    ['base/1/pg_filenode.map', noise(512, 1)],
    ['base/1/words', Buffer.from('all the words there are '.repeat(15_000))],
    ['global/pg_control', controlFile()],
    [WAL, Buffer.alloc(SEGMENT_BYTES, 'wal')],
  ]);
}

export async function writeContent(dir: string, content: Content): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const [path, bytes] of content) {
    if (bytes === null) await mkdir(join(dir, path), { recursive: true, mode: 0o700 });
    else {
      await mkdir(join(dir, dirname(path)), { recursive: true, mode: 0o700 });
      await writeFile(join(dir, path), bytes, { mode: 0o600 });
    }
  }
}

export async function readContent(dir: string): Promise<Content> {
  const content: Content = new Map();
  for (const name of (await readdir(dir, { recursive: true })).sort()) {
    const isDirectory = (await lstat(join(dir, name))).isDirectory();
    content.set(name, isDirectory ? null : await readFile(join(dir, name)));
  }
  return content;
}

export async function* entriesOf(content: Content): AsyncGenerator<SourceEntry> {
  for (const [path, bytes] of content) {
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      // In pieces that no chunk ends with.
      for (let at = 0; bytes && at < bytes.length; at += 50_001)
        yield bytes.subarray(at, at + 50_001);
    };
    yield { path, kind: bytes ? 'file' : 'directory', size: bytes?.length ?? 0, content: parts() };
  }
}

export type WorldOptions = Partial<Pick<ArchiveParts, 'workers' | 'grace' | 'limits'>> & {
  readonly seed?: number;
  readonly wrap?: (store: Store, clock: VirtualClock) => Store;
};

export const TENANT = 'tn_aaaaaaaaaaaa' as TenantId;
export const OTHER = 'tn_bbbbbbbbbbbb' as TenantId;
export const MASTER_KEY = noise(32, 99);

export const holderOf = (tenant: TenantId, vault: VaultId = TENANT): Holder => ({ tenant, vault });

export const refOf = (tenant: TenantId, id: number, vault: VaultId = TENANT): SnapshotRef => ({
  ...holderOf(tenant, vault),
  snapshot: snapshotIdOf(id),
});

/** An archive of its own for one test, with a data directory to save. */
export class ArchiveWorld implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly memory = new MemoryStore(() => this.clock.wall());
  readonly store: Store;
  readonly dir: string;
  /** Where the next one to reach it fails, as in a crash. */
  crashAt: FailpointName | null = null;
  readonly #options: WorldOptions;
  readonly #open: OpenArchive[] = [];

  constructor(dir: string, options: WorldOptions) {
    this.dir = dir;
    this.#options = options;
    this.store = options.wrap?.(this.memory, this.clock) ?? this.memory;
  }

  get archive(): OpenArchive {
    const archive = this.#open.at(-1);
    if (!archive) throw new Error('no archive was opened');
    return archive;
  }

  get data(): string {
    return join(this.dir, 'data');
  }

  get template(): string {
    return join(this.dir, 'template');
  }

  /** Opens the archive as a new process would; with another template or key if it is given. */
  async open(parts: Partial<ArchiveParts> = {}): Promise<OpenArchive> {
    const { seed = 1, workers = 0, ...options } = this.#options;
    const failpoints: Failpoints = {
      reach: async (point) => {
        if (point !== this.crashAt) return;
        this.crashAt = null;
        throw new Error(`crash at ${point}`);
      },
    };
    const archive = await openArchive({
      ...{ store: this.store, masterKey: MASTER_KEY, clock: this.clock, log: this.log, failpoints },
      ...{ template: { dir: this.template, name: '18.4-1' }, workers },
      random: new SeededRandom(seed + 1_000 * this.#open.length),
      scratchDir: join(this.dir, 'scratch'),
      ...(options.grace === undefined ? {} : { grace: options.grace }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...parts,
    });
    this.#open.push(archive);
    return archive;
  }

  /** Saves the data directory, or another. */
  save(ref: SnapshotRef, name: string | null = null, path = this.data): Promise<Snapshot> {
    const source = { kind: 'stopped', path } as const;
    return this.archive.save({ ...ref, name, source, notes: { of: ref.tenant }, signal: NEVER });
  }

  /** Loads into a copy of the template and gives what is there then. */
  async load(ref: SnapshotRef): Promise<Content> {
    return (await this.loaded(ref)).content;
  }

  async loaded(ref: SnapshotRef): Promise<{ loaded: Loaded; content: Content }> {
    const into = await mkdtemp(join(this.dir, 'into-'));
    try {
      await cp(this.template, into, { recursive: true });
      // As every copy has an identifier of its own.
      await writeFile(join(into, 'global/pg_control'), controlFile({ systemId: 77n }));
      const loaded = await this.archive.load({ ...ref, into, owner: null, signal: NEVER });
      return { loaded, content: await readContent(into) };
    } finally {
      await rm(into, { recursive: true, force: true });
    }
  }

  async list(tenant = TENANT, vault: VaultId = TENANT): Promise<readonly Snapshot[]> {
    return this.archive.list(holderOf(tenant, vault));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((archive) => archive.close()));
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Opened, with a data directory that is the template and a little more. */
export async function archiveWorld(options: WorldOptions = {}): Promise<ArchiveWorld> {
  const world = new ArchiveWorld(await mkdtemp(join(tmpdir(), 'dynabase-archive-')), options);
  await writeContent(world.template, templateContent());
  await writeContent(world.data, dataContent());
  await world.open();
  return world;
}

/** What a tenant has made of the template. */
export function dataContent(): Content {
  const content = templateContent();
  const words = Buffer.from(content.get('base/1/words') ?? '');
  words.write('a word of ours', 200_000);
  return new Map([
    ...content,
    ['base/1/words', words],
    ['base/5', null],
    ['base/5/empty', Buffer.alloc(0)],
    ['base/5/large', Buffer.concat([noise(300_000, 2), Buffer.alloc(300_000)])],
    ['base/5/small', noise(9_000, 3)],
    ['global/pg_control', controlFile({ systemId: 5n })],
  ]);
}
