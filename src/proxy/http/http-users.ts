/** The users of SQL over HTTP, by what they present: see `http-user.ts`. */
import type { CancelTimer } from '../../domain/clock.ts';
import type { Fault } from '../../domain/faults.ts';
import { elapsed, seconds } from '../../domain/units.ts';
import { readConnectionString } from '../../wire/http-connection-string.ts';
import { admit, poolOf } from '../login.ts';
import { lookUp } from '../login-lookup.ts';
import { provePassword } from '../password-login.ts';
import type { SessionParts } from '../session.ts';
import { type CallerPlace, HttpUser, verifierText } from './http-user.ts';

const REST_MAX = seconds(15);
const SWEEP_EVERY = seconds(5);

/** Known at once; beyond that, who was not seen for longest is forgotten. */
const USERS_MAX = 10_000;

export class HttpUsers {
  readonly #parts: SessionParts;
  /** In the order of the last use. */
  readonly #users = new Map<string, HttpUser>();
  readonly #coming = new Map<string, Promise<HttpUser>>();
  #cancelSweep: CancelTimer | null = null;
  #isClosed = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Who asks, at once or later. Throws a fault, or `LoginRefused`. */
  of(connection: string, place: CallerPlace): HttpUser | Promise<HttpUser> {
    const name = this.#parts.proofs.nameOf(place.address, connection);
    const known = this.#users.get(name);
    if (known?.isFresh && known.admits(place.clientAddress)) return known;
    return this.#find(name, known, connection, place);
  }

  async #find(
    name: string,
    known: HttpUser | undefined,
    connection: string,
    place: CallerPlace,
  ): Promise<HttpUser> {
    // One of the same network may be one that the tenant does not allow.
    if (known !== undefined && !known.admits(place.clientAddress))
      await this.#login(connection, place);
    else if (known !== undefined) {
      if (await known.isGood()) return known;
      this.#remove(name, known);
    }
    const coming = this.#coming.get(name);
    if (coming !== undefined) return await coming;
    const login = this.#login(connection, place);
    this.#coming.set(name, login);
    try {
      const user = await login;
      this.#add(name, user);
      return user;
    } finally {
      this.#coming.delete(name);
    }
  }

  /** The compute did not take what we hold to be true of this one. */
  outdated(user: HttpUser): void {
    for (const [name, known] of this.#users) if (known === user) this.#remove(name, user);
    this.#parts.gate.rolesChanged(user.door.tenant);
  }

  endAll(because: Fault): void {
    this.#isClosed = true;
    this.#cancelSweep?.();
    for (const user of this.#users.values()) user.end(because);
    this.#users.clear();
  }

  async #login(connection: string, place: CallerPlace): Promise<HttpUser> {
    const parts = this.#parts;
    const { host, password, parameters } = readConnectionString(connection);
    const from = { ...place, serverName: host, parts };
    const startup = { parameters };
    const poolMode = poolOf(startup);
    const found = await lookUp(startup, from);
    const clientKey = await provePassword(password, found, from);
    const login = admit(startup, { found, clientKey, poolMode }, from);
    const verifier = verifierText(found.credential);
    return new HttpUser({ login, verifier }, place, parts);
  }

  #add(name: string, user: HttpUser): void {
    if (this.#isClosed) {
      user.forget();
      return;
    }
    this.#users.set(name, user);
    this.#cancelSweep ??= this.#sweepLater();
    if (this.#users.size <= USERS_MAX) return;
    const [oldest] = this.#users;
    if (oldest !== undefined) this.#remove(...oldest);
  }

  #remove(name: string, user: HttpUser): void {
    if (this.#users.get(name) === user) this.#users.delete(name);
    user.forget();
  }

  #sweepLater(): CancelTimer {
    const { clock } = this.#parts;
    return clock.timer(SWEEP_EVERY, () => {
      const now = clock.now();
      for (const [name, user] of this.#users) {
        const isResting = user.runs.size === 0 && elapsed(user.usedAt, now) >= REST_MAX;
        if (isResting || user.isOver) this.#remove(name, user);
      }
      this.#cancelSweep = this.#users.size > 0 ? this.#sweepLater() : null;
    });
  }
}
