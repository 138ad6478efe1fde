/** The settings that PostgreSQL reports, as a client with a backend for each transaction knows them. */
import { type Identity, type PooledBackend, parameterStatus } from './pooled-backend.ts';

/** Those that a client makes itself; the others are as they are. */
const MADE_AGAIN: ReadonlySet<string> = new Set([
  'application_name',
  'client_encoding',
  'DateStyle',
  'default_transaction_read_only',
  'IntervalStyle',
  'scram_iterations',
  'search_path',
  'standard_conforming_strings',
  'TimeZone',
]);

export class TransactionSettings {
  readonly #identity: Identity;
  /** What the client has been told otherwise than its identity's backends begin with. */
  readonly #told = new Map<string, string>();

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** The client has been told this. */
  note(name: string, value: string): void {
    if (this.#identity.baseline?.get(name) === value) this.#told.delete(name);
    else this.#told.set(name, value);
  }

  /** What the client has made, and this backend has not. */
  toMakeAgain(backend: PooledBackend): readonly (readonly [name: string, value: string])[] {
    return [...this.#told].filter(
      ([name, value]) => MADE_AGAIN.has(name) && backend.parameters.get(name) !== value,
    );
  }

  /** What the client is to hear of a backend where it knows otherwise; it knows then. */
  tell(backend: PooledBackend): readonly Buffer[] {
    const told: Buffer[] = [];
    for (const [name, value] of backend.parameters) {
      if ((this.#told.get(name) ?? this.#identity.baseline?.get(name)) === value) continue;
      told.push(parameterStatus(name, value));
      this.note(name, value);
    }
    return told;
  }
}
