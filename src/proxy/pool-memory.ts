/** What a pool knows of its sessions beyond each of them: as whom they log in, and names they use. */
import type { Interrogated } from '../wire/session-state.ts';
import { question } from './asked-state.ts';
import { type Identity, identityName } from './pooled-backend.ts';
import type { ResetOptions } from './reset.ts';

/** Custom settings that one tenant's sessions are asked for. */
const NAMES_MAX = 256;

/** Identities that may be there without a session. */
const IDENTITIES_SPARE = 16;

export class PoolMemory {
  readonly #identities = new Map<string, Identity>();
  readonly #names = new Set<string>();
  #scanned = new WeakSet<Identity>();

  /** Names of custom settings, in lower case. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  get knowsNames(): boolean {
    return this.#names.size > 0;
  }

  /** Functions name more custom settings than can be asked for. */
  isOverfull = false;

  /** Whether there was room for it. */
  learnName(name: string): boolean {
    if (this.#names.size < NAMES_MAX) this.#names.add(name.toLowerCase());
    return this.#names.has(name.toLowerCase());
  }

  /** Names that functions use, or that a loaded extension made known. */
  learnFrom({ customInFunctions, state }: Interrogated, identity: Identity): void {
    this.#scanned.add(identity);
    for (const name of customInFunctions) this.isOverfull ||= !this.learnName(name);
    for (const [name] of state.settings) if (name.includes('.')) this.learnName(name);
  }

  /** Whether the functions of its database have been looked through for names. */
  hasScanned(identity: Identity): boolean {
    return this.#scanned.has(identity);
  }

  /** A question to a backend of which it is not known what it holds, and what its answer means. */
  doubt(identity: Identity): NonNullable<ResetOptions['before']> {
    const asked = question(this, identity);
    return {
      question: asked.bytes,
      mayGoOn: (answer) => {
        if (answer === null) return false;
        this.learnFrom(answer, identity);
        const wasAllAsked = answer.customInFunctions.every((name) => asked.names.includes(name));
        return wasAllAsked && !this.isOverfull && !answer.isTainted;
      },
    };
  }

  /** Functions may be others now. */
  forgetScans(): void {
    this.#scanned = new WeakSet();
    this.isOverfull = false;
  }

  /** One object for all who log in as the same. The key that was proven last counts, for all of the role. */
  identity(loginAs: Omit<Identity, 'baseline'>): Identity {
    const { role, clientKey } = loginAs;
    const name = identityName(loginAs);
    const known = this.#identities.get(name);
    if (known !== undefined && isSame(known.clientKey, clientKey)) return known;
    for (const other of this.#identities.values()) {
      if (other.role === role) other.clientKey = clientKey;
    }
    if (known !== undefined) return known;
    const identity = { ...loginAs, baseline: null };
    this.#identities.set(name, identity);
    return identity;
  }

  /** Drops identities that nobody has any more, once there are too many. */
  forget(sessions: number, inUse: () => ReadonlySet<Identity>): void {
    if (this.#identities.size <= 2 * sessions + IDENTITIES_SPARE) return;
    const used = inUse();
    for (const [name, identity] of this.#identities) {
      if (!used.has(identity)) this.#identities.delete(name);
    }
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
