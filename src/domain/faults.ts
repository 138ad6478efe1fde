/**
 * Every failure that a user can cause or meet, in one table.
 *
 * A message is shown to strangers: it names what the user named, says what to do, and holds no
 * host, port, path or secret of ours. What is not a `Fault` is told as `INTERNAL`, and its cause is
 * kept for our log. `docs/errors.md` lists the same codes; a test keeps the two equal.
 */
import { ACCESS_FAULTS } from './access-faults.ts';
import { CLIENT_FAULTS } from './client-faults.ts';
import type { FaultSpec } from './fault-spec.ts';
import { MONEY_FAULTS } from './money-faults.ts';
import { QUOTA_FAULTS } from './quota-faults.ts';
import { SERVER_FAULTS } from './server-faults.ts';
import { WORK_FAULTS } from './work-faults.ts';

export const FAULTS = {
  ...CLIENT_FAULTS,
  ...ACCESS_FAULTS,
  ...WORK_FAULTS,
  ...QUOTA_FAULTS,
  ...MONEY_FAULTS,
  ...SERVER_FAULTS,
} as const satisfies Record<string, FaultSpec>;

export type FaultCode = keyof typeof FAULTS;

export type FaultParams<C extends FaultCode> = Parameters<(typeof FAULTS)[C]['message']>[0];

/** A word of PostgreSQL beside its answer: a notice, a warning. */
export type DatabaseNotice = {
  /** `NOTICE`, `WARNING`, `INFO`, `LOG`, `DEBUG`. */
  readonly severity: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
};

/** What PostgreSQL has said, where a failure is one of its own. */
export type DatabaseWords = {
  readonly sqlstate: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** Of the character in the statement, from 1. */
  readonly position?: string | undefined;
  readonly constraint?: string | undefined;
  /** What it had told before it failed. */
  readonly notices?: readonly DatabaseNotice[] | undefined;
};

type FaultOptions = ErrorOptions & { readonly database?: DatabaseWords };

/** An expected failure, told to the user by its code, SQLSTATE and message. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly database: DatabaseWords | null;

  constructor(code: FaultCode, message: string, options?: FaultOptions) {
    super(message, options);
    this.code = code;
    this.database = options?.database ?? null;
  }

  get spec(): FaultSpec {
    return FAULTS[this.code];
  }
}

export function fault<C extends FaultCode>(
  code: C,
  params: FaultParams<C>,
  options?: FaultOptions,
): Fault {
  return new Fault(code, FAULTS[code].message(params as never), options);
}

/** What the world is told of `error`: itself if it is a fault, else `INTERNAL` with it as the cause. */
export function toFault(error: unknown): Fault {
  return error instanceof Fault ? error : fault('INTERNAL', {}, { cause: error });
}

export const isFault = (error: unknown, code: FaultCode): error is Fault =>
  error instanceof Fault && error.code === code;
