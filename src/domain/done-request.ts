/** Requests that must not be done twice, and have been done. */
import type { Json } from './decision.ts';
import type { Timestamp } from './units.ts';

export type DoneRequest = {
  /** Of the caller and the key that it chose. */
  readonly keyHash: Uint8Array;
  /** Of what was asked. */
  readonly requestHash: Uint8Array;
  readonly operation: string;
  /** What it was answered; null for nothing, and in place of an answer that holds a secret. */
  readonly answer: Json;
  /** What it is about: the parameters of a path, by name. */
  readonly subject: { readonly [param: string]: string };
};

export interface DoneRequests {
  /** One that was done after `since`. */
  find(keyHash: Uint8Array, since: Timestamp): Promise<DoneRequest | undefined>;
  /** In place of an earlier one with the same key. */
  save(done: DoneRequest, at: Timestamp): Promise<void>;
  /** Forgets at most `limit` that were done before `before`; answers how many. */
  forget(before: Timestamp, limit: number): Promise<number>;
}
