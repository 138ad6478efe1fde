/** A store in memory, for tests of what is built on one. */
import type { ObjectInfo, Range, Store, StoredObject, Version } from '../archive/store.ts';

type Kept = { bytes: Buffer; version: number; writtenAt: number };

export class MemoryStore implements Store {
  readonly name = 'the store in memory';
  /** All objects, for a test to look at and to spoil. */
  readonly objects = new Map<string, Kept>();
  readonly #now: () => number;
  #versions = 0;

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  /** Bytes of all objects together. */
  get bytes(): number {
    return this.objects.values().reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  async create(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    if (this.objects.has(key)) return false;
    this.#put(key, bytes);
    return true;
  }

  async swap(key: string, bytes: Uint8Array, expected: Version | null): Promise<Version | null> {
    const there = this.objects.get(key);
    if ((there ? String(there.version) : null) !== expected) return null;
    return this.#put(key, bytes);
  }

  async read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    signal?.throwIfAborted();
    const there = this.objects.get(key);
    return there && { bytes: Buffer.from(there.bytes), version: String(there.version) };
  }

  async readRange(key: string, range: Range, signal?: AbortSignal): Promise<Buffer | undefined> {
    signal?.throwIfAborted();
    const there = this.objects.get(key);
    return there && Buffer.from(there.bytes.subarray(range.offset, range.offset + range.length));
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    const there = this.objects.get(key);
    return there && { key, size: there.bytes.length, writtenAt: there.writtenAt };
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    for (const [key, { bytes, writtenAt }] of [...this.objects]) {
      if (key.startsWith(prefix)) yield { key, size: bytes.length, writtenAt };
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.objects.delete(key);
  }

  #put(key: string, bytes: Uint8Array): Version {
    this.#versions++;
    const version = this.#versions;
    this.objects.set(key, { bytes: Buffer.from(bytes), version, writtenAt: this.#now() });
    return String(version);
  }
}
