/** What a relay is made with, and what it tells. */
import type { Socket } from 'node:net';
import { type Fault, fault } from '../domain/faults.ts';
import type { TenantName } from '../domain/ids.ts';
import { seconds } from '../domain/units.ts';
import { errorResponse, failureResponse } from '../wire/error-response.ts';
import { HiddenReplies } from '../wire/hidden-replies.ts';
import { readyForQuery } from '../wire/messages.ts';
import type { CancelSender } from './cancel-sender.ts';
import type { ParkingOptions } from './parking-options.ts';
import type { PooledBackend } from './pooled-backend.ts';

/** Unsent bytes towards one side above which the other is not read. */
export const BUFFERED_MAX = 256 * 1024;

/** Requests without an answer above which the client is not read. */
export const OUTSTANDING_MAX = 16_384;

/** For the answers to a client that sends no more. */
export const HALF_CLOSED_MAX = seconds(5);

export type State = 'relaying' | 'halfClosed' | 'closing' | 'ended';

export type RelayEnd =
  /** The client said goodbye. */
  | { readonly kind: 'terminated' }
  /** The client went without a word. */
  | { readonly kind: 'clientGone' }
  /** `told`: PostgreSQL itself gave the client the reason. */
  | { readonly kind: 'backendGone'; readonly told: boolean }
  /** We ended it. */
  | { readonly kind: 'ended'; readonly fault: Fault };

export type RelayOptions = Omit<ParkingOptions, 'relay' | 'evidence'> & {
  /** Past its login. Half-open clients are served if it was made with `allowHalfOpen`. */
  readonly client: Socket;
  /** Null where the session begins parked. */
  readonly backend: PooledBackend | null;
  /** Bytes that the client sent after its login and that were read already. */
  readonly head: Buffer;
  /** What the client takes for its backend's process id. */
  readonly processId: number;
  readonly cancels: CancelSender;
  readonly onRolesChanged: () => void;
  /** Called once, when the client's socket is closed. */
  readonly onEnd: (reason: RelayEnd) => void;
};

/** What was there at the beginning is not held on to. */
export type KeptOptions = Omit<RelayOptions, 'client' | 'backend' | 'head' | 'id' | 'identity'>;

/** What is asked of the backend behind the client's back. */
export type Exchange = {
  readonly bytes: Buffer;
  readonly readyForQueries: number;
  /** Whether what the client has sent meanwhile goes out in the same write, behind it. */
  readonly withHeldBack: boolean;
  /** Whether the client hears notices that come with the answer. */
  readonly keepNotices: boolean;
  /** Called when all is answered. */
  readonly onDone: (replies: HiddenReplies) => void;
  /** Called instead if the backend ends before. */
  readonly onLost: (replies: HiddenReplies) => void;
};

/** What the client is told at the end, if it does not know. */
export function lastWords(reason: RelayEnd, tenant: TenantName): Buffer | null {
  if (reason.kind === 'ended') return errorResponse(reason.fault);
  if (reason.kind !== 'backendGone' || reason.told) return null;
  return errorResponse(fault('COMPUTE_LOST', { tenant }));
}

/** Longest answer to a question of ours: the state of a session, its statements among it. */
const HIDDEN_BYTES_MAX = 16 * 1024 * 1024;

/** Takes in what is answered; `say` passes on what is for the client nevertheless. */
export const repliesTo = (asked: Exchange, say: (message: Buffer) => void): HiddenReplies =>
  new HiddenReplies({
    readyForQueries: asked.readyForQueries,
    onAsync: say,
    keepNotices: asked.keepNotices,
    bytesMax: HIDDEN_BYTES_MAX,
  });

/** Where what comes behind the replies begins; null if these are no replies. */
export function fed(replies: HiddenReplies, buffer: Buffer, end: number): number | null {
  try {
    return replies.feed(buffer, 0, end);
  } catch {
    return null;
  }
}

/** The answer to `owed` requests, none of which was done. */
export function refusal(because: Fault, status: number, owed: number): Buffer {
  const one = Buffer.concat([failureResponse(because), readyForQuery(status)]);
  return Buffer.concat(Array.from({ length: owed }, () => one));
}
