/**
 * Everything that a caller may prove itself with: the admin key, keys, tokens of embedding applications, and the
 * session of a browser.
 *
 * A session is taken from its cookie only, and a key only as a bearer: what a browser sends by itself opens nothing
 * else. A request that a foreign page makes a browser send is refused by its `Origin` before this; one that changes
 * something must also have a header that no form and no foreign page can send.
 */
import type { KeyRing } from '../control/access/key-ring.ts';
import type { Caller } from '../domain/caller.ts';
import { fault } from '../domain/faults.ts';
import { type AdminKey, type Authority, bearerOf, type Credentials } from './access/access.ts';

/** Who says what a token of an embedding application is worth. */
export type TokenDoor = {
  /** Whether `text` looks like a token. */
  fits(text: string): boolean;
  /** Throws `TOKEN_REFUSED`. */
  callerOf(token: string): Promise<Caller>;
};

export type DoorParts = {
  readonly admin: AdminKey;
  readonly ring: Pick<KeyRing, 'fits' | 'holderOf'>;
  readonly tokens: TokenDoor;
  /** Whether browsers reach the server over TLS. */
  readonly isSecure: boolean;
};

/** Of sessions and of logins under way. */
const SESSION_COOKIE = 'dynabase';
const TICKET_COOKIE = 'dynabase-login';

export type CookieNames = { readonly session: string; readonly ticket: string };

/**
 * What our cookies are called. With the prefix a browser takes one from nobody but this host over TLS, so that where
 * there is TLS no other name is taken: anybody beside us could have set that.
 */
export function cookieNames(isSecure: boolean): CookieNames {
  const prefix = isSecure ? '__Host-' : '';
  return { session: `${prefix}${SESSION_COOKIE}`, ticket: `${prefix}${TICKET_COOKIE}` };
}

export class Doors implements Authority {
  readonly #parts: DoorParts;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  async callerOf(credentials: Credentials): Promise<Caller> {
    const { admin, ring, tokens } = this.#parts;
    const { authorization, address } = credentials;
    const bearer = bearerOf(authorization);
    if (bearer === undefined) {
      const session = authorization === undefined ? this.#sessionIn(credentials.cookie) : undefined;
      if (session === undefined) throw fault('KEY_MISSING', {});
      return await this.#callerOfSession(session, credentials);
    }
    if (tokens.fits(bearer)) return await tokens.callerOf(bearer);
    if (!ring.fits(bearer)) return await admin.callerOf({ authorization });
    const { caller, key } = await ring.holderOf(bearer, address);
    if (key.kind === 'session') throw fault('KEY_WRONG', {});
    return caller;
  }

  #sessionIn(cookie: string | undefined): string | undefined {
    return cookieCalled(cookieNames(this.#parts.isSecure).session, cookie);
  }

  async #callerOfSession(session: string, credentials: Credentials): Promise<Caller> {
    const { csrf, onlyReads, origin, address } = credentials;
    const { ring } = this.#parts;
    if (!ring.fits(session)) throw fault('KEY_WRONG', {});
    const { caller, key } = await ring.holderOf(session, address);
    if (key.kind !== 'session') throw fault('KEY_WRONG', {});
    if (!onlyReads && (csrf !== '1' || origin === undefined)) throw fault('CSRF_MISSING', {});
    return caller;
  }
}

/** The value of a cookie of this name. */
export function cookieCalled(name: string, cookie: string | undefined): string | undefined {
  for (const part of (cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
