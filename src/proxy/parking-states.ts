/**
 * How a session gives up its backend and gets another, and nobody can tell the difference.
 *
 *   bound ──at rest; asked──▶ asking ──may go──▶ parked ──client speaks──▶ waiting ──backend──▶ restoring
 *     ▲                         │ │                 ▲                        │  ▲                 │    │
 *     │◀──client spoke, or kept─┘ └─▶ pinned        └──refused───────────────┘  └──backend lost───┘    │
 *     └────────────────────────────────────────────────────────────────────────────────────all there──┘
 *
 * Bound: the session has a backend of its own, with everything a session of PostgreSQL is.
 * Asking: it is at rest (ReadyForQuery `I`, nothing outstanding), and PostgreSQL is asked what state
 * it holds, behind the client's back. A client that speaks meanwhile is answered right behind that.
 * Pinned: bound, for what it holds cannot be moved; `pin` says why. Asked again after it has spoken.
 * Parked: no backend. The state is plain data here, and the client's socket is open.
 * Waiting: the client has spoken, and what it said is held back until there is a backend.
 * Restoring: a backend is being given the state; what the client said goes to it once all is there.
 * Should anything fail, the backend ends (`wire/restore.ts`), and it is tried once more on another one
 * without the statements that can no longer be prepared.
 *
 * A crash of the compute is a parking without a question: whoever was at rest and has said nothing
 * since it was last asked that might have changed its state goes on as if nothing had happened. A
 * transaction is lost with its compute: its client is told so and goes on in a failed transaction.
 * A state that is not known for certain ends the session; it never goes on in a wrong one.
 */
import { type DurationMs, ms, seconds } from '../domain/units.ts';

export type ParkingKind =
  | 'bound'
  | 'asking'
  | 'pinned'
  | 'parked'
  | 'waiting'
  | 'restoring'
  | 'over';

/** The legal moves. */
export const PARKING_MOVES: Readonly<Record<ParkingKind, readonly ParkingKind[]>> = {
  bound: ['asking', 'parked', 'over'],
  asking: ['bound', 'pinned', 'parked', 'over'],
  pinned: ['asking', 'parked', 'over'],
  parked: ['waiting', 'over'],
  waiting: ['restoring', 'parked', 'over'],
  restoring: ['bound', 'waiting', 'over'],
  over: [],
};

/** What a session is asked for. */
export type Purpose =
  /** So that its state is known. It keeps its backend. */
  | 'learn'
  /** Its backend is wanted, or has not been used for long. A listener keeps its own. */
  | 'share'
  /** The compute is to be stopped. */
  | 'suspend';

/** What came of a question. */
export type Asked =
  | { readonly isParked: true }
  /** `isPassing`: the same question has another answer in a moment. */
  | { readonly isParked: false; readonly why: string; readonly isPassing?: boolean };

/**
 * For so long after its last request a session with a sequence's value keeps its backend: `currval`
 * and `lastval` come right behind the `INSERT` they belong to, and nothing could restore them. Where
 * others wait for a backend, as short as for a stop.
 */
export const SEQUENCE_GRACE: Readonly<Record<Purpose, DurationMs>> = {
  learn: ms(0),
  share: seconds(60),
  suspend: seconds(1),
};
