/**
 * What is kept of a password: enough to check it, not enough to log in with.
 *
 * The text form is PostgreSQL's own (`pg_authid.rolpassword`), so that one string serves the
 * catalog, the proxy and the compute. Source: RFC 5803; PostgreSQL `scram-common.h`.
 */
export type Verifier = string & { readonly __verifier?: never };

/** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, all but the first in base64. */
const FORM =
  /^SCRAM-SHA-256\$[1-9][0-9]{0,7}:[A-Za-z0-9+/]{4,}={0,2}\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/;

/** Whether `text` is a SCRAM-SHA-256 verifier; MD5 hashes and plain text are not. */
export const isVerifier = (text: string): text is Verifier => FORM.test(text);

/** A login role of a tenant as its compute has it. Superusers and our own roles are left out. */
export type RoleRecord = {
  readonly role: string;
  /** `null` when the role has no SCRAM password: it cannot log in. */
  readonly verifier: Verifier | null;
  readonly mayLogIn: boolean;
};
