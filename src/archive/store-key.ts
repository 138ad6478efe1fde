/** The names of objects and of their writers, in every store alike. */
import { randomBytes } from 'node:crypto';
import { assert } from '../domain/assert.ts';

/** What S3 allows; a path of it fits every file system's limit. */
const KEY_LENGTH_MAX = 1_024;

/** A part of a key is a file name: within 255, and not hidden, `.` or `..`. */
const PART = /^[a-z0-9_-][a-z0-9_.-]{0,254}$/;

export const isKey = (text: string): boolean =>
  text.length <= KEY_LENGTH_MAX && text.split('/').every((part) => PART.test(part));

/** Asserts that `key` may name an object. */
export function assertKey(key: string): void {
  assert(isKey(key), `"${key}" is no key of an object`);
}

/** Asserts that `prefix` begins some key; the empty one begins all. */
export function assertPrefix(prefix: string): void {
  if (prefix !== '') assertKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}

/** 96 random bits: no two writers, in whatever process, ever take the same name. */
export const freshName = (): string => randomBytes(12).toString('hex');
