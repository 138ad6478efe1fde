/**
 * CancelRequest: how a client asks, on a connection of its own, that a query be given up.
 *
 * Source: PostgreSQL docs, "Message Formats: CancelRequest", "Canceling Requests in Progress".
 */
import { timingSafeEqual } from 'node:crypto';
import { int32 } from './messages.ts';
import type { CancelKey } from './startup.ts';

/** What stands where other startup packets have their version. */
const CANCEL_REQUEST = 80_877_102;

/** Length, code and process id. */
const HEADER_BYTES = 12;

export const cancelRequest = (key: CancelKey): Buffer =>
  Buffer.concat([
    int32(HEADER_BYTES + key.secret.length),
    int32(CANCEL_REQUEST),
    int32(key.processId),
    key.secret,
  ]);

/** Compares in a time that does not tell how much is right. The length is no secret. */
export const isSameSecret = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
