/**
 * What the archive keeps its objects in: a directory or a bucket.
 *
 * Objects are named by keys of `a-z`, `0-9`, `_`, `-` and `.`, in parts divided by `/`. An object is there
 * whole or not at all, and once a write has resolved it survives the loss of power. Nothing but the
 * few pointers that `swap` writes is ever overwritten.
 *
 * No key of a pointer is one of an object, no key is the beginning of another up to a `/`, and no part of
 * one begins with `.`. What is read is the caller's own memory; what is written is not kept once that
 * has resolved.
 *
 * All throw `ARCHIVE_DOWN` when the store cannot be reached after the retries of its own, `DISK_FULL`
 * when it has no room, and the reason of an aborted signal.
 */

/** What names one version of an object, for `swap`. */
export type Version = string;

export type StoredObject = { readonly bytes: Buffer; readonly version: Version };

export type ObjectInfo = {
  readonly key: string;
  readonly size: number;
  /** When it was written, by the store's own clock, in milliseconds since 1970. */
  readonly writtenAt: number;
};

export type Range = { readonly offset: number; readonly length: number };

export interface Store {
  /** For messages: `the directory DIR`, `the bucket NAME`. Holds no secret. */
  readonly name: string;

  /** Writes an object that is not there. Returns false, and changes nothing, if one is. */
  create(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean>;

  /**
   * Replaces the version `expected`, null for none, by `bytes`. Returns the new version, or null, and
   * changes nothing, if another is there now.
   */
  swap(key: string, bytes: Uint8Array, expected: Version | null): Promise<Version | null>;

  /** Undefined if there is no such object. */
  read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;

  /** Part of an object; shorter where that ends. Undefined if there is no such object. */
  readRange(key: string, range: Range, signal?: AbortSignal): Promise<Buffer | undefined>;

  /** Undefined if there is no such object. */
  stat(key: string): Promise<ObjectInfo | undefined>;

  /** All objects whose keys begin with `prefix`, in no order. */
  list(prefix: string): AsyncIterable<ObjectInfo>;

  /** No effect on keys without an object. */
  delete(keys: readonly string[]): Promise<void>;
}
