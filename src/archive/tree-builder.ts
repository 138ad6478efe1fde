/** Puts together a manifest's files from what workers find, and the chunks that are new. */
import { type ChunkId, chunkCount, type Tree, type TreeFile, ZERO } from './chunks.ts';
import { CODECS } from './codec.ts';
import { Turns } from './in-flight.ts';
import { type Blob, type ChunkCode, codeOf, type Manifest, type ManifestFile } from './manifest.ts';
import type { PackWriter } from './packs.ts';
import { chunkOfPage } from './page-checksum.ts';
import type { FreshChunk, ScanAnswer, ScanPart } from './scan-work.ts';
import type { Template } from './template.ts';
import { refusal } from './tree-walk.ts';

type Draft = { readonly size: number; readonly ids: ChunkId[]; readonly codes: ChunkCode[] };

export type BadPage = { readonly path: string; readonly page: number };

export type BuilderParts = {
  readonly template: Template;
  /** Chunks that are stored already. */
  readonly stored: ReadonlyMap<ChunkId, Blob>;
  readonly writer: PackWriter;
};

/** A part to be scanned, and the file that it is of. */
export type Piece = { readonly path: string; readonly part: ScanPart };

const placeOf = (piece: Piece | undefined): { readonly path: string; readonly first: number } => ({
  path: piece?.path ?? '',
  first: piece?.part.firstPage ?? 0,
});

export class TreeBuilder {
  readonly #parts: BuilderParts;
  readonly #files = new Map<string, Draft>();
  readonly #directories: string[] = [];
  /** Chunks are numbered one after the other, whichever worker found them. */
  readonly #turns = new Turns();
  readonly badPages: BadPage[] = [];
  readonly #doubtful = new Set<ChunkId>();

  constructor(parts: BuilderParts) {
    this.#parts = parts;
  }

  directory(path: string): void {
    this.#directories.push(path);
  }

  /** Chunks with bad pages. */
  get doubtful(): readonly ChunkId[] {
    return [...this.#doubtful];
  }

  /** Names a file, before its content is taken. */
  file(path: string, size: number): void {
    if (this.#files.has(path)) throw refusal(path, 'is there twice');
    this.#files.set(path, { size, ids: [], codes: [] });
  }

  /** What the template has in the file's place. */
  templateFile(path: string): ScanPart['template'] {
    const file = this.#parts.template.tree.files.get(path);
    return file === undefined ? null : { path, size: file.size };
  }

  /** Takes what a worker has found of `pieces`. */
  take(pieces: readonly Piece[], answer: ScanAnswer): Promise<void> {
    return this.#turns.take(() => this.#take(pieces, answer));
  }

  async #take(pieces: readonly Piece[], answer: ScanAnswer): Promise<void> {
    for (const chunk of answer.fresh) this.#add(pieces, answer.bytes, chunk);
    for (const [at, ids] of answer.ids.entries()) {
      const piece = pieces[at];
      if (piece) this.place(piece.path, piece.part.from, ids);
    }
    for (const { part, page } of answer.badPages) {
      const { path, first } = placeOf(pieces[part]);
      this.badPages.push({ path, page });
      this.#doubtful.add(this.#files.get(path)?.ids[chunkOfPage(page - first)] ?? ZERO);
    }
    await this.#parts.writer.room();
  }

  /** Says which chunks a file has from number `from` on. All must be known. */
  place(path: string, from: number, ids: readonly ChunkId[]): void {
    const draft = this.#files.get(path);
    if (!draft) throw new Error('a file was not named');
    for (const [offset, id] of ids.entries()) {
      draft.ids[from + offset] = id;
      draft.codes[from + offset] = this.#code(path, from + offset, id);
    }
  }

  #add(pieces: readonly Piece[], bytes: Uint8Array, chunk: FreshChunk): void {
    const { id, codec, offset, length, plainBytes, place } = chunk;
    const { writer, template } = this.#parts;
    if (writer.numberOf(id) !== undefined) return;
    const first = template.first.get(pieces[place.part]?.path ?? '') ?? 0;
    const like = codec === CODECS.zstdWithDictionary ? first + place.index : null;
    const own = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length);
    writer.add({ id, codec, bytes: own, plainBytes, like });
  }

  #code(path: string, index: number, id: ChunkId): ChunkCode {
    const { template, stored, writer } = this.#parts;
    const first = template.first.get(path);
    const isInPlace = first !== undefined && template.tree.files.get(path)?.chunks[index] === id;
    const number = isInPlace ? first + index : template.numberOf.get(id);
    return codeOf(id, number, () => {
      const known = writer.numberOf(id);
      if (known !== undefined) return known;
      const blob = stored.get(id);
      if (!blob) throw new Error('a chunk is known to nobody');
      return writer.reuse(blob);
    });
  }

  /** The tree, and how a manifest says it. */
  finish(): Pick<Manifest, 'directories' | 'removed' | 'files'> & { readonly tree: Tree } {
    const { template } = this.#parts;
    const known = new Set(template.tree.directories);
    const own = new Set(this.#directories);
    const files = new Map<string, ManifestFile>();
    const tree = new Map<string, TreeFile>();
    for (const [path, { size, ids, codes }] of this.#files) {
      if (ids.length !== chunkCount(size) || ids.includes(undefined as never)) {
        throw new Error('a file came in part');
      }
      tree.set(path, { size, chunks: ids });
      const same = template.tree.files.get(path);
      const isSame = same?.size === size && same.chunks.every((id, at) => id === ids[at]);
      if (!isSame) files.set(path, { size, codes });
    }
    const removed = [
      ...template.tree.directories.filter((path) => !own.has(path)),
      ...[...template.tree.files.keys()].filter((path) => !tree.has(path)),
    ];
    return {
      directories: this.#directories.filter((path) => !known.has(path)),
      ...{ removed, files },
      tree: { directories: this.#directories, files: tree },
    };
  }
}
