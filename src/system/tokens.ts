/** Signed tokens (JWT) and the keys that they are checked with. Sources: RFC 7515, 7517, 7519, 8725. */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { Clock } from '../domain/clock.ts';
import { type Fault, fault } from '../domain/faults.ts';
import type { IssuerKeys, TokenClaims, TokenIssuer, TokenReader } from '../domain/token-issuer.ts';

/** None with a shared secret: who can check such a token can make one. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** By how much clocks may differ. */
const LEEWAY_S = 30;

/** A token that lives longer is a key that nobody can take back. */
const LIFE_MAX_S = 86_400;

const FETCH_WITHIN_MS = 5_000;
const KEYS_MAX = 20;

type KeySet = { readonly of: IssuerKeys; readonly get: JWTVerifyGetKey };

export class JoseTokens implements TokenReader {
  readonly #clock: Clock;
  /** By the id of the issuer. Keys at an address are fetched again by `jose` when they are old, or one is missing. */
  readonly #sets = new Map<string, KeySet>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issuerOf(token: string): string | undefined {
    try {
      return decodeJwt(token).iss;
    } catch {
      return undefined;
    }
  }

  async verify(token: string, issuer: TokenIssuer): Promise<TokenClaims> {
    const now = this.#clock.wall() / 1_000;
    try {
      const { payload } = await jwtVerify(token, this.#keysOf(issuer), {
        ...{ issuer: issuer.issuer, audience: issuer.audience, algorithms: ALGORITHMS },
        ...{ clockTolerance: LEEWAY_S, requiredClaims: ['exp'] },
        currentDate: new Date(now * 1_000),
      });
      if ((payload.exp ?? 0) > now + LIFE_MAX_S + LEEWAY_S) {
        throw refused('it ends more than 24 hours from now');
      }
      return payload;
    } catch (error) {
      throw whyRefused(error);
    }
  }

  async checkKeys(keys: IssuerKeys): Promise<void> {
    if (keys.kind === 'url') return checkUrl(keys.url);
    const { keys: all } = keys.jwks as { keys?: unknown };
    if (!Array.isArray(all) || all.length === 0 || all.length > KEYS_MAX) {
      throw bad(`must be a JSON Web Key Set of 1 to ${KEYS_MAX} keys`);
    }
    for (const key of all as JWK[]) await checkKey(key);
  }

  #keysOf({ id, keys }: TokenIssuer): JWTVerifyGetKey {
    const known = this.#sets.get(id);
    if (known !== undefined && JSON.stringify(known.of) === JSON.stringify(keys)) return known.get;
    const get =
      keys.kind === 'inline'
        ? createLocalJWKSet(keys.jwks as unknown as JSONWebKeySet)
        : createRemoteJWKSet(new URL(keys.url), { timeoutDuration: FETCH_WITHIN_MS });
    this.#sets.set(id, { of: keys, get });
    return get;
  }
}

/** Over anything but TLS somebody between could put keys of their own there. */
function checkUrl(text: string): void {
  const url = URL.parse(text);
  const isLoopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) {
    if (url.username === '' && url.password === '') return;
    throw bad('must be an address without user and password');
  }
  throw bad('must be an https:// address');
}

async function checkKey(key: JWK): Promise<void> {
  const { kty, d } = Object(key) as JWK;
  if (d !== undefined) throw bad('holds a private key; give the public one, and replace that key');
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') {
    throw bad('may hold public keys only, of type RSA, EC or OKP');
  }
  const alg = key.alg ?? (kty === 'RSA' ? 'RS256' : kty === 'OKP' ? 'EdDSA' : undefined);
  try {
    await importJWK(key, alg ?? `ES${{ 'P-384': '384', 'P-521': '512' }[key.crv ?? ''] ?? '256'}`);
  } catch (cause) {
    throw fault('BAD_REQUEST', { why: '"keys" holds one that is no valid key' }, { cause });
  }
}

const bad = (why: string): Fault => fault('BAD_REQUEST', { why: `"keys" ${why}` });

const refused = (why: string, cause?: unknown): Fault => fault('TOKEN_REFUSED', { why }, { cause });

function whyRefused(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return refused('it has expired', error);
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refused(`its claim "${error.claim}" is missing or not right`, error);
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return refused('its algorithm is not one of those with a public key', error);
  }
  if (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  ) {
    return refused('its issuer has no key, or several, of that id', error);
  }
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) {
    return refused('the keys of its issuer cannot be had now', error);
  }
  if (error instanceof errors.JOSEError) {
    const isFetch = error.code === 'ERR_JOSE_GENERIC';
    const why = isFetch ? 'the keys of its issuer cannot be had now' : 'its signature is not right';
    return refused(why, error);
  }
  return error instanceof TypeError
    ? refused('the keys of its issuer cannot be had now', error)
    : error;
}
