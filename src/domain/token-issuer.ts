/** Applications whose signed tokens (JWT) stand for their customers. */
import type { Json } from './decision.ts';
import type { IssuerId } from './ids.ts';
import type { PersonRole } from './person.ts';
import type { Timestamp } from './units.ts';

/** The public keys of an issuer: as they are, or where they are to be had. */
export type IssuerKeys =
  | { readonly kind: 'inline'; readonly jwks: { readonly [key: string]: Json } }
  | { readonly kind: 'url'; readonly url: string };

export type TokenIssuer = {
  readonly id: IssuerId;
  readonly name: string;
  /** What its tokens say in `iss`; unique. */
  readonly issuer: string;
  readonly audience: string;
  readonly keys: IssuerKeys;
  /** The claim that names the customer, by id or external id. */
  readonly customerClaim: string;
  /** What a token's holder may do at most. */
  readonly role: PersonRole;
  readonly createdAt: Timestamp;
};

export type IssuerDraft = Omit<TokenIssuer, 'createdAt'>;

export type IssuerChange = Partial<Omit<IssuerDraft, 'id'>>;

export interface IssuerStore {
  /** Throws `ISSUER_EXISTS`. */
  insert(draft: IssuerDraft): Promise<TokenIssuer>;
  /** All of them; there are few. */
  list(): Promise<readonly TokenIssuer[]>;
  byIssuer(issuer: string): Promise<TokenIssuer | undefined>;
  /** Throws `ISSUER_UNKNOWN`, `ISSUER_EXISTS`. */
  change(id: IssuerId, change: IssuerChange): Promise<TokenIssuer>;
  /** Throws `ISSUER_UNKNOWN`. */
  remove(id: IssuerId): Promise<void>;
}

/** What a token says, once its signature, times, issuer and audience are found right. */
export type TokenClaims = { readonly [claim: string]: unknown };

export interface TokenReader {
  /** Who a token says it is from, unproven; undefined for what is no token. */
  issuerOf(token: string): string | undefined;
  /** Throws `TOKEN_REFUSED`, saying why. */
  verify(token: string, issuer: TokenIssuer): Promise<TokenClaims>;
  /** Throws `BAD_REQUEST` for keys that are none, or not public ones. */
  checkKeys(keys: IssuerKeys): Promise<void>;
}
