/**
 * Who may call, and for what.
 *
 * Every request under `/v1` proves itself with a key or a token, as a bearer, or with the session of a browser. What is
 * not in the caller's scope does not exist for it. Two checks guard what needs no proof, and sessions besides their own
 * (`doors.ts`): on a loopback address only names of this machine are answered, since any other name was pointed here by
 * somebody's DNS (rebinding); and a request that a browser sends for a page of another origin is refused.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Access } from '../../contract/route.ts';
import { ADMIN, type Caller, mayDo } from '../../domain/caller.ts';
import { type Fault, fault } from '../../domain/faults.ts';
import type { Tenant } from '../../domain/tenant.ts';

/** What a request proves itself with. */
export type Credentials = {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  /** The page that a browser sends it for, if one does. */
  readonly origin: string | undefined;
  /** What a foreign page could not send along. */
  readonly csrf: string | readonly string[] | undefined;
  /** Whether it asks for nothing to be changed. */
  readonly onlyReads: boolean;
  /** Where the request comes from. */
  readonly address: string;
};

/** Says who a request is from. */
export interface Authority {
  /** Throws `KEY_MISSING`, `KEY_WRONG`, `KEY_EXPIRED`, `TOKEN_REFUSED`, `CSRF_MISSING`. */
  callerOf(credentials: Credentials): Promise<Caller>;
}

/** Keeps only a hash of the key; compares in time that does not depend on what was sent. */
export class AdminKey implements Authority {
  readonly #hash: Buffer;
  readonly #caller: Caller;

  constructor(key: string) {
    this.#hash = sha256(key);
    this.#caller = { ...ADMIN, opens: { by: adminOpenerOf(key), until: null } };
  }

  async callerOf({ authorization }: Pick<Credentials, 'authorization'>): Promise<Caller> {
    const sent = bearerOf(authorization);
    if (sent === undefined) throw fault('KEY_MISSING', {});
    if (!timingSafeEqual(sha256(sent), this.#hash)) throw fault('KEY_WRONG', {});
    return this.#caller;
  }
}

export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];

const OPENER_LENGTH = 12;

/**
 * `createdBy` of the sessions that were opened by showing the admin key: another one for another key, so that they end with it. It tells
 * nothing of a key of chance.
 */
export const adminOpenerOf = (key: string): string =>
  `admin-key ${sha256(`opener ${key}`).toString('base64url').slice(0, OPENER_LENGTH)}`;

/** Throws `FORBIDDEN` if the caller's scope or role does not reach that far. */
export function requireAccess(access: Access, caller: Caller): void {
  const { kind } = caller.scope;
  if (REACH[kind] < REACH[access.scope]) {
    throw fault('FORBIDDEN', { why: `that is for callers of the ${access.scope}` });
  }
  if (mayDo(caller, access.right)) return;
  if (access.orRight !== undefined && mayDo(caller, access.orRight)) return;
  const why = caller.isReadOnly ? 'it is read-only' : `its role is ${caller.role}`;
  throw fault('FORBIDDEN', { why });
}

/** Whose scope covers more. */
const REACH = { nothing: -1, tenant: 0, customer: 1, operator: 2 } as const;

/** Whether a tenant is in the caller's scope. */
const covers = ({ scope }: Caller, tenant: Tenant): boolean =>
  scope.kind === 'operator' ||
  (scope.kind === 'customer' && tenant.customer === scope.customer) ||
  (scope.kind === 'tenant' && tenant.id === scope.tenant);

/** Throws `TENANT_UNKNOWN` for a tenant outside the caller's scope, in the words for `ref` that there is none. */
export function requireCovered(caller: Caller, tenant: Tenant, ref: string = tenant.name): void {
  if (!covers(caller, tenant)) throw fault('TENANT_UNKNOWN', { tenant: ref });
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

export type Callers = {
  /** The name or address the API listens on. */
  readonly listenHost: string;
  /** Further names it may be called by. */
  readonly names: readonly string[];
  /** Of the pages that a proxy before it serves, which may ask for it by another name; none if not given. */
  readonly publicOrigin?: string | undefined;
};

/** The fault in the `Host` or `Origin` of a request, if there is one. */
export function foreign(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  callers: Callers,
): Fault | undefined {
  const host = hostname(`http://${headers.host ?? ''}`);
  if (host === undefined || !answersTo(host, callers)) return fault('HOST_UNKNOWN', {});
  if (headers.origin === undefined) return undefined;
  if (headers.origin === callers.publicOrigin) return undefined;
  const same = authority(headers.origin) === authority(`http://${headers.host ?? ''}`);
  return same ? undefined : fault('ORIGIN_FOREIGN', {});
}

/** Whether `host` is a name or address that only this machine can reach itself by. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  host.endsWith('.localhost') ||
  /^127(?:\.\d{1,3}){3}$/.test(host) ||
  host === '::1' ||
  host === '[::1]';

/** An address was looked up nowhere, and a server that listens to the world has names we do not know. */
const answersTo = (host: string, callers: Callers): boolean =>
  !isLoopback(callers.listenHost) ||
  isLoopback(host) ||
  isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 ||
  host === callers.listenHost ||
  callers.names.includes(host);

const hostname = (url: string): string | undefined => URL.parse(url)?.hostname;

/** Host and port, without the scheme: a proxy in front may have ended the TLS. */
const authority = (url: string): string | undefined => URL.parse(url)?.host;
