/** What calls fail with. */

import type { OperationName } from '../contract/operations.ts';
import type { Problem } from '../contract/problem.ts';
import type {
  FAULTS_OF_ALL,
  FAULTS_OF_BODY,
  FAULTS_OF_CHANGE,
  FAULTS_OF_GUARDED,
  FAULTS_OF_INPUT,
  FAULTS_OF_WORK,
} from '../contract/route-faults.ts';
import type { FaultsOf } from '../contract/routes.ts';

/** Every code that a call may fail with. All are told in docs/errors.md. */
export type FaultCode =
  | FaultsOf<OperationName>
  | (
      | typeof FAULTS_OF_ALL
      | typeof FAULTS_OF_GUARDED
      | typeof FAULTS_OF_CHANGE
      | typeof FAULTS_OF_INPUT
      | typeof FAULTS_OF_BODY
      | typeof FAULTS_OF_WORK
    )[number]
  | 'SERVER_UNREACHABLE';

/** What to do about a failure: nothing, or the same again in a moment. */
export type Retry = 'never' | 'soon';

/** A failure of a call, as the server told it, or as the client met it on the way there. */
export class DynaBaseError extends Error {
  override readonly name = 'DynaBaseError';
  /** For programs: a `FaultCode`, or one that a later server has besides. */
  readonly code: FaultCode | (string & {});
  /** What a PostgreSQL client would have seen. */
  readonly sqlstate: string;
  /** Status of the answer. */
  readonly http: number;
  readonly retry: Retry;
  /** How long the server wants to be left alone before it is asked again; null if it has not said. */
  readonly retryAfterMs: number | null;
  /** Finds the request in the server log; null if the server did not answer. */
  readonly requestId: string | null;
  /** Hint, detail and position, where PostgreSQL itself has refused something. */
  readonly database: Problem['database'] | null;

  constructor(told: Told, options?: ErrorOptions) {
    super(told.message, options);
    this.code = told.code;
    this.sqlstate = told.sqlstate;
    this.http = told.http;
    this.retry = told.retry;
    this.retryAfterMs = told.retryAfterMs ?? null;
    this.requestId = told.requestId ?? null;
    this.database = told.database ?? null;
  }
}

export type Told = {
  readonly code: string;
  readonly message: string;
  readonly sqlstate: string;
  readonly http: number;
  readonly retry: Retry;
  readonly retryAfterMs?: number | null;
  readonly requestId?: string | null;
  readonly database?: Problem['database'] | undefined;
};

/** The server does not answer, or what answers is not DynaBase. */
export function unreachable(why: string, options?: ErrorOptions): DynaBaseError {
  const message =
    `DynaBase does not answer: ${why}; start it with "dynabase up", ` +
    'or name it with --data-dir or DYNABASE_API_URL';
  return new DynaBaseError(
    { code: 'SERVER_UNREACHABLE', message, sqlstate: '08001', http: 503, retry: 'soon' },
    options,
  );
}
