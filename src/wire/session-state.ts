/**
 * What a session holds in its backend, and what has to be known of it before the backend is given up.
 *
 * A session that is parked has no backend. Its state is plain data: `interrogation` asks PostgreSQL
 * for it, `restore` gives it to another backend.
 */
import type { PinReason } from '../domain/gate.ts';

/** A prepared statement. The types are oids. */
export type Prepared = {
  readonly name: string;
  /** As it was parsed; of an SQL `PREPARE` the whole command. */
  readonly statement: string;
  readonly parameterTypes: readonly number[];
  /** Null if it returns no rows, or the server does not tell. */
  readonly resultTypes: readonly number[] | null;
  readonly fromSql: boolean;
};

/** What a session holds that a new backend must be given. Small: parked by the thousand. */
export type SessionState = {
  /** What `SET ROLE` has put into effect; null for none. */
  readonly role: string | null;
  /** Those made by the session itself, in base units; custom ones too. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly statements: readonly Prepared[];
  readonly channels: readonly string[];
  /** In milliseconds; 0 for off. */
  readonly idleSessionTimeout: number;
};

/** Of a session that has just logged in. */
export const FRESH_STATE: SessionState = {
  role: null,
  settings: [],
  statements: [],
  channels: [],
  idleSessionTimeout: 0,
};

/** What PostgreSQL answered. */
export type Interrogated = {
  readonly state: SessionState;
  /** Values now of the reported settings that were asked for. */
  readonly reported: ReadonlyMap<string, string>;
  /** What forbids to give up the backend. */
  readonly pins: readonly PinReason[];
  /** Whether `currval` or `lastval` would answer; true if that cannot be found out. */
  readonly holdsSequence: boolean;
  /**
   * Whether a custom setting is there. No reset removes it: it reads as empty instead of as null
   * from then on, so that the backend must not serve another session.
   */
  readonly isTainted: boolean;
  /** Names of custom settings that functions of the database set. */
  readonly customInFunctions: readonly string[];
};
