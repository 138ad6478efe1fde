/** Which keys objects may have, in every store alike. */
import { assert } from '../domain/assert.ts';

/** What S3 allows; a path of it fits every file system's limit. */
const KEY_LENGTH_MAX = 1_024;

/** A part of a key is a file name: within 255, and not hidden, `.` or `..`. */
const PART = /^[a-z0-9_-][a-z0-9_.-]{0,254}$/;

/** Asserts that `key` may name an object. */
export function assertKey(key: string): void {
  const isKey = key.length <= KEY_LENGTH_MAX && key.split('/').every((part) => PART.test(part));
  assert(isKey, `"${key}" is no key of an object`);
}

/** Asserts that `prefix` begins some key; the empty one begins all. */
export function assertPrefix(prefix: string): void {
  if (prefix !== '') assertKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}
