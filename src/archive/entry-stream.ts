/** Cuts the files of a stream into jobs for workers, each with the memory that its bytes are in. */
import type { SourceEntry } from '../domain/archive.ts';
import { chunkCount, chunkLength } from './chunks.ts';
import { CONTROL_FILE } from './control-file.ts';
import { ExactReader } from './exact-reader.ts';
import type { Piece, TreeBuilder } from './tree-builder.ts';
import { isLeftOut, nameObjection } from './tree-names.ts';
import { mustFit, refusal, type SizeLimits } from './tree-walk.ts';

/** Of one job: enough to be worth the way to a thread, little enough to be done soon. */
export const JOB_BYTES = 2 * 1024 * 1024;
export const JOB_PIECES_MAX = 128;

export type EntryStreamParts = {
  readonly builder: TreeBuilder;
  readonly limits: SizeLimits;
  readonly signal: AbortSignal;
};

const KEPT = new Set([CONTROL_FILE, 'PG_VERSION']);

export class EntryStream {
  readonly #parts: EntryStreamParts;
  readonly #entries: AsyncIterable<SourceEntry>;
  /** The content of the few files that say what the data is. */
  readonly kept = new Map<string, Buffer>();
  /** Of all files so far. */
  bytes = 0;
  #count = 0;
  #memory = Buffer.allocUnsafeSlow(JOB_BYTES);
  #filled = 0;
  #pieces: Piece[] = [];

  constructor(parts: EntryStreamParts, entries: AsyncIterable<SourceEntry>) {
    this.#parts = parts;
    this.#entries = entries;
  }

  /** Throws an `Error` that names what is refused. */
  async *jobs(): AsyncGenerator<readonly Piece[]> {
    const { builder, signal } = this.#parts;
    for await (const entry of this.#entries) {
      signal.throwIfAborted();
      if (isLeftOut(entry.path)) continue;
      this.#mustFit(entry);
      if (entry.kind === 'directory') {
        builder.directory(entry.path);
        continue;
      }
      builder.file(entry.path, entry.size);
      yield* this.#cut(entry);
    }
    if (this.#pieces.length > 0) yield this.#job();
  }

  #mustFit({ path, size }: SourceEntry): void {
    const { limits } = this.#parts;
    const objection = nameObjection(path);
    if (objection !== null) throw refusal(path, objection);
    this.bytes += size;
    mustFit(path, size, this.bytes, limits);
    if (++this.#count > limits.entriesMax) throw refusal(path, 'is one file too many');
  }

  /** A chunk lies in one piece of memory. */
  async *#cut(entry: SourceEntry): AsyncGenerator<readonly Piece[]> {
    const content = new ExactReader(entry.content, () =>
      refusal(entry.path, 'is shorter than it said'),
    );
    const all = chunkCount(entry.size);
    let from = 0;
    let begun = this.#filled;
    for (let index = 0; index < all; index++) {
      this.#parts.signal.throwIfAborted();
      const length = chunkLength(entry.size, index);
      if (this.#filled + length > JOB_BYTES) {
        this.#piece(entry, from, index, begun);
        yield this.#job();
        from = index;
        begun = 0;
      }
      await content.fill(this.#memory.subarray(this.#filled, this.#filled + length));
      this.#filled += length;
    }
    if (!(await content.isAtEnd())) throw refusal(entry.path, 'is longer than it said');
    if (KEPT.has(entry.path)) {
      this.kept.set(entry.path, Buffer.from(this.#memory.subarray(begun, this.#filled)));
    }
    this.#piece(entry, from, all, begun);
    if (this.#pieces.length >= JOB_PIECES_MAX) yield this.#job();
  }

  #piece({ path }: SourceEntry, from: number, to: number, begun: number): void {
    if (from === to) return;
    const content = { kind: 'bytes', bytes: this.#memory.subarray(begun, this.#filled) } as const;
    const template = this.#parts.builder.templateFile(path);
    const part = { content, from, count: to - from, template, firstPage: null };
    this.#pieces.push({ path, part });
  }

  #job(): readonly Piece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#memory = Buffer.allocUnsafeSlow(JOB_BYTES);
    this.#filled = 0;
    return pieces;
  }
}
