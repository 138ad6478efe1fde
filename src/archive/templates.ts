/**
 * The templates that snapshots are told by.
 *
 *   templates/<hash>/tree           the names of its files, and their chunks
 *                   /tree-<random>  the same, where that cannot be read, which may be for want of its key
 *                   /packs/<id>     chunks
 *
 * This machine's own lies in a directory. Another's is brought back from the store once, and kept in
 * a directory as well. They are sealed with a key derived from the master key, and never deleted: there
 * are as many as there were engines.
 */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../domain/random.ts';
import { batchSteps, ChunkFetcher } from './chunk-fetcher.ts';
import type { ChunkWorkers } from './chunk-workers.ts';
import { type Tree, treeHash } from './chunks.ts';
import { Damage } from './damage.ts';
import { isErrno } from './durable.ts';
import { knownChunks } from './known-chunks.ts';
import { type Manifest, treeOf } from './manifest.ts';
import { decodeManifest, encodeManifest } from './manifest-bytes.ts';
import { createWhole, PackWriter } from './packs.ts';
import { scanFiles } from './scanning.ts';
import { openPiece, sealObject } from './sealed-object.ts';
import { subkey } from './sealing.ts';
import { inTurns } from './steps.ts';
import type { Store } from './store.ts';
import { NO_TEMPLATE, type Template, templateOf } from './template.ts';
import { TreeBuilder } from './tree-builder.ts';
import { neededChunk } from './tree-plan.ts';
import type { SizeLimits } from './tree-walk.ts';
import { listingOf, TreeWriter } from './tree-writer.ts';
import type { Vault } from './vault.ts';
import type { SyncFileSystem } from './whole-sync.ts';

export type TemplatesParts = {
  readonly store: Store;
  readonly random: Random;
  readonly workers: ChunkWorkers;
  readonly limits: SizeLimits;
  readonly masterKey: Buffer;
  readonly own: { readonly dir: string; readonly name: string };
  readonly syncFileSystem: SyncFileSystem;
  /** Null keeps what is brought back in a temporary directory. */
  readonly scratchDir: string | null;
};

/** A template in the store, and where the names of its files are. */
type Stored = { readonly key: string; readonly manifest: Manifest; readonly tree: Tree };

const HASH = /^[0-9a-f]{64}$/;

export class Templates {
  readonly #parts: TemplatesParts;
  #own: Promise<Template> | undefined;
  #isKept = false;
  #keeping: Promise<void> | undefined;
  readonly #others = new Map<string, Promise<Template>>();
  #temporary: Promise<string> | undefined;

  constructor(parts: TemplatesParts) {
    this.#parts = parts;
  }

  /** This machine's. */
  own(): Promise<Template> {
    const { dir, name } = this.#parts.own;
    this.#own ??= this.#indexed(dir, name).catch((error: unknown) => {
      this.#own = undefined;
      throw error;
    });
    return this.#own;
  }

  /** Throws `Damage` if it is not in the store as it was. */
  async named({ hash, name }: Manifest['template'], signal: AbortSignal): Promise<Template> {
    const own = await this.own();
    if (own.hash === hash) return own;
    if (!HASH.test(hash)) throw new Damage('its template has no proper name');
    const found =
      this.#others.get(hash) ??
      this.#bringBack(hash, name, signal).catch((error: unknown) => {
        this.#others.delete(hash);
        throw error;
      });
    this.#others.set(hash, found);
    return found;
  }

  /**
   * Puts this machine's into the store, if it is not there as it should be: without it all snapshots
   * told by it are worth nothing, and once this machine is lost nobody else has it.
   */
  async keepOwn(signal: AbortSignal): Promise<void> {
    while (!this.#isKept) {
      if (this.#keeping !== undefined) await this.#keeping.catch(() => {});
      else {
        this.#keeping = this.#keepOwn(signal).finally(() => {
          this.#keeping = undefined;
        });
        await this.#keeping;
      }
    }
  }

  async #keepOwn(signal: AbortSignal): Promise<void> {
    const own = await this.own();
    const stored = await this.#found(own.hash, signal);
    if (!stored || !(await this.#isWhole(own.hash, stored, signal))) {
      await this.#keep(own, signal);
      if (stored) await this.#parts.store.delete([stored.key]);
    }
    this.#isKept = true;
  }

  async #found(hash: string, signal: AbortSignal): Promise<Stored | undefined> {
    return await this.#stored(hash, signal).catch((error: unknown) => {
      if (error instanceof Damage) return undefined;
      throw error;
    });
  }

  /** Reads all of it, which is some megabytes, once in the life of a server. */
  async #isWhole(hash: string, { manifest, tree }: Stored, signal: AbortSignal): Promise<boolean> {
    const { store, workers } = this.#parts;
    const vault = this.#place(hash);
    const fetcher = new ChunkFetcher({ store, vault, template: NO_TEMPLATE, signal });
    const needed = [...tree.files].flatMap(([path, file]) =>
      [...file.chunks.keys()].map((index) =>
        neededChunk(manifest, NO_TEMPLATE, { path, file, index }),
      ),
    );
    try {
      for (const batch of await inTurns(batchSteps(needed))) {
        await workers.run({ kind: 'read', templateDir: '/', ...(await fetcher.fetch(batch)) });
      }
      return true;
    } catch (error) {
      if (error instanceof Damage) return false;
      throw error;
    }
  }

  /** Removes what is in a temporary directory. */
  async close(): Promise<void> {
    const dir = await this.#temporary?.catch(() => undefined);
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  }

  async #indexed(dir: string, name: string): Promise<Template> {
    const { workers, limits } = this.#parts;
    return templateOf(name, dir, await workers.run({ kind: 'index', dir, limits }));
  }

  #place(hash: string): Vault {
    const key = subkey(this.#parts.masterKey, `template ${hash}`);
    return { prefix: `templates/${hash}/`, key, wrapped: Buffer.alloc(0) };
  }

  async #keep({ dir, hash, name }: Template, signal: AbortSignal): Promise<void> {
    const vault = this.#place(hash);
    const { store, random, workers, limits } = this.#parts;
    const writer = new PackWriter({
      ...{ store, vault, random, workers, template: NO_TEMPLATE.hash, signal },
    });
    const builder = new TreeBuilder({ template: NO_TEMPLATE, stored: new Map(), writer });
    const seen = await workers.run({ kind: 'walk', dir, limits });
    for (const path of seen.directories) builder.directory(path);
    for (const { path, size } of seen.files) builder.file(path, size);
    const known = knownChunks([], 0);
    const parts = { workers, builder, templateDir: '/', known, signal };
    await scanFiles(parts, dir, { files: seen.files, hasChecksums: false });
    const { tree, directories, removed, files } = builder.finish();
    const blobs = await writer.finish();
    if (treeHash(tree) !== hash) throw new Error('the template has changed');
    const manifest: Manifest = {
      template: { hash: NO_TEMPLATE.hash, name },
      ...{ engine: NO_ENGINE, origin: '', notes: {} },
      ...{ directories, removed, files, blobs, doubtful: [], treeHash: hash },
    };
    for (const key of [`${vault.prefix}tree`, `${vault.prefix}tree-${this.#drawn()}`]) {
      const bytes = sealObject({ key: vault.key, name: key }, random, [encodeManifest(manifest)]);
      if (await createWhole(store, key, bytes, signal)) return;
    }
  }

  #drawn(): string {
    return Buffer.from(this.#parts.random.bytes(6)).toString('hex');
  }

  async #bringBack(hash: string, name: string, signal: AbortSignal): Promise<Template> {
    const home = join(await this.#home(), 'templates');
    await mkdir(home, { recursive: true, mode: 0o700 });
    const dir = join(home, hash);
    const there = await this.#asNamed(hash, dir, name).catch(() => undefined);
    if (there) return there;
    const draft = `${dir}.${this.#drawn()}.new`;
    try {
      await mkdir(draft, { mode: 0o700 });
      await this.#write(hash, draft, signal);
      await rm(dir, { recursive: true, force: true });
      await rename(draft, dir);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Another process was quicker; its copy is as good.
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    }
    const found = await this.#asNamed(hash, dir, name);
    if (!found) throw new Damage('its template is not what was stored');
    return found;
  }

  async #asNamed(hash: string, dir: string, name: string): Promise<Template | undefined> {
    const template = await this.#indexed(dir, name);
    return template.hash === hash ? template : undefined;
  }

  /** As it is in the store. Throws `Damage`. */
  async #stored(hash: string, signal: AbortSignal): Promise<Stored> {
    let damage = new Damage('its template is missing');
    for await (const { key } of this.#parts.store.list(`${this.#place(hash).prefix}tree`)) {
      try {
        return { key, ...(await this.#opened(hash, key, signal)) };
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        damage = error;
      }
    }
    throw damage;
  }

  async #opened(hash: string, key: string, signal: AbortSignal): Promise<Omit<Stored, 'key'>> {
    const object = await this.#parts.store.read(key, signal);
    if (!object) throw new Damage('its template is missing');
    const piece = openPiece({ key: this.#place(hash).key, name: key }, object.bytes, 0);
    if (!piece) throw new Damage('its template is cut short');
    const manifest = decodeManifest(piece);
    const tree = treeOf(manifest, NO_TEMPLATE);
    if (treeHash(tree) !== hash) throw new Damage('its template is another');
    return { manifest, tree };
  }

  async #write(hash: string, into: string, signal: AbortSignal): Promise<void> {
    const { store, workers, syncFileSystem } = this.#parts;
    const vault = this.#place(hash);
    const { manifest, tree } = await this.#stored(hash, signal);
    const writer = new TreeWriter({
      ...{
        ground: { store, workers, syncFileSystem },
        vault,
        manifest,
        template: NO_TEMPLATE,
        tree,
        into,
      },
      ...{ present: NO_TEMPLATE.tree, listing: listingOf(into), last: null, owner: null, signal },
      beforeLast: () => Promise.resolve(),
    });
    await writer.run();
  }

  #home(): Promise<string> {
    const { scratchDir } = this.#parts;
    if (scratchDir !== null) return Promise.resolve(scratchDir);
    this.#temporary ??= mkdtemp(join(tmpdir(), 'dynabase-archive-'));
    return this.#temporary;
  }
}

/** A template is not told by what runs on it. */
const NO_ENGINE: Manifest['engine'] = {
  ...{ major: '', controlVersion: 0, catalogVersion: 0, blockBytes: 0, segmentBytes: 0 },
  ...{ hasChecksums: false, systemId: '0', checkpoint: '0', redo: '0' },
};
