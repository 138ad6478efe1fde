/**
 * Logging in with an identity provider.
 *
 * What must be remembered on the way there goes along as a sealed ticket, which the browser brings back: the server keeps
 * nothing of logins that are never finished. Who comes back gets a session, or, for the command line, a code that is
 * exchanged once, within two minutes, by whoever began the login.
 */
import type { KeyStore } from '../../domain/api-key.ts';
import type { Caller } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import { Fault, fault, isFault } from '../../domain/faults.ts';
import type { Identity, IdentityProvider, LoginKept } from '../../domain/identity.ts';
import type { CustomerId } from '../../domain/ids.ts';
import { emailOf, type Person, type PersonStore } from '../../domain/person.ts';
import type { Random } from '../../domain/random.ts';
import type { Secrecy } from '../../domain/secrecy.ts';
import type { ServerSettings } from '../../domain/settings.ts';
import { hours, later, minutes, type Timestamp, timestamp } from '../../domain/units.ts';
import type { CustomerDesk } from '../customer-desk.ts';
import type { AuditDesk, Audited } from './audit-desk.ts';
import type { KeyDesk, KeySecret } from './key-desk.ts';
import type { KeyHolder, KeyRing } from './key-ring.ts';
import { RateLimits } from './rate-limits.ts';

export type LoginWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly secrecy: Secrecy;
  readonly people: PersonStore;
  readonly keyStore: KeyStore;
  readonly keys: KeyDesk;
  readonly ring: KeyRing;
  readonly audit: AuditDesk;
  /** Null where nobody can log in. */
  readonly provider: IdentityProvider | null;
  /** Addresses of the operator's first admins, who need not be added. */
  readonly admins: readonly string[];
  readonly customers: Pick<CustomerDesk, 'create'>;
  readonly settings: () => Pick<ServerSettings, 'defaultPlan' | 'signUp'>;
};

/** Where somebody goes once logged in. */
export type LoginAim =
  | { readonly kind: 'page'; readonly path: string }
  | { readonly kind: 'cli'; readonly port: number; readonly challenge: string };

export type LoginWish = {
  readonly aim: LoginAim;
  readonly customer: string | null;
  /** Whether who is not known yet wants to become a customer. */
  readonly isSigningUp: boolean;
  /** Whether the account that is logged in at the provider was refused: another may be meant. */
  readonly isAnew: boolean;
};

/** A request, as the audit log tells of it. */
export type LoginRequest = Pick<Audited, 'requestId' | 'address'>;

export type LoggedIn =
  | { readonly kind: 'session'; readonly made: KeySecret; readonly path: string }
  | { readonly kind: 'code'; readonly url: string };

type Ticket = LoginKept & LoginWish & { readonly until: number };

type Member = Pick<Person, 'email' | 'customer' | 'role'>;

type Code = { readonly member: Member; readonly challenge: string; readonly until: Timestamp };

const LOGIN_WITHIN = minutes(10);
const CODE_WITHIN = minutes(2);
const SESSION_LIFE = hours(12);
const PERSONAL_LIFE = hours(24 * 30);
const CODES_MAX = 1_000;
const CODE_BYTES = 32;
/** Of a customer. */
const NAME_LENGTH_MAX = 200;
const PURPOSE = 'login';

export class LoginDesk {
  readonly #world: LoginWorld;
  readonly #codes = new Map<string, Code>();
  readonly #newcomers: RateLimits;

  constructor(world: LoginWorld) {
    this.#world = world;
    this.#newcomers = new RateLimits(world.clock);
  }

  /** Who was an admin by an option that no longer names them, and is nothing else, is logged out. */
  async start(): Promise<void> {
    await this.#world.keyStore.removeOfStrangers(this.#world.admins);
    this.#world.ring.forgetAll();
  }

  /** Where to send the browser, and what it brings back. Throws `LOGIN_OFF`, `LOGIN_UNAVAILABLE`. */
  async begin(wish: LoginWish): Promise<{ readonly url: string; readonly ticket: string }> {
    const { clock, secrecy } = this.#world;
    const { url, kept } = await this.#provider().begin(wish.isAnew);
    const ticket: Ticket = { ...kept, ...wish, until: later(clock.wall(), LOGIN_WITHIN) };
    return { url, ticket: secrecy.seal(PURPOSE, JSON.stringify(ticket)) };
  }

  /** Throws `LOGIN_REFUSED`, `PERSON_NOT_ADMITTED`, `LOGIN_UNAVAILABLE`, `SIGN_UP_THROTTLED`. */
  async finish(url: URL, sealed: string | undefined, request: LoginRequest): Promise<LoggedIn> {
    const ticket = this.#opened(sealed);
    const identity = await this.#provider().finish(url, ticket);
    const member = await this.#memberOf(identity, ticket, request);
    if (ticket.aim.kind === 'page') {
      const made = await this.#issue('session', member, request);
      return { kind: 'session', made, path: ticket.aim.path };
    }
    const { port, challenge } = ticket.aim;
    const code = this.#newCode(member, challenge);
    return { kind: 'code', url: `http://127.0.0.1:${port}/?code=${code}` };
  }

  /** The page that a login was begun for, however it has ended; null if it was for none. */
  pageOf(sealed: string | undefined): string | null {
    const text = sealed && this.#world.secrecy.unseal(PURPOSE, sealed);
    if (!text) return null;
    const { aim } = JSON.parse(text) as Ticket;
    return aim.kind === 'page' ? aim.path : null;
  }

  /** Throws `LOGIN_REFUSED`; a code that was tried is gone. */
  async exchange(code: string, verifier: string, request: LoginRequest): Promise<KeySecret> {
    const { clock, secrecy } = this.#world;
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    const challenge = Buffer.from(secrecy.hash(verifier)).toString('base64url');
    const isRight = secrecy.equal(Buffer.from(challenge), Buffer.from(known?.challenge ?? ''));
    if (known === undefined || !isRight || known.until <= clock.wall()) {
      throw fault('LOGIN_REFUSED', {
        why: 'the code is not one of ours, or was used, or is too old',
      });
    }
    return await this.#issue('personal', known.member, request);
  }

  /**
   * A session for a browser in which somebody has shown a key: it may what the key may, and ends with it. A token of an
   * application lives for minutes, and opens nothing that outlives it. Throws `FORBIDDEN` for one.
   */
  async open({ kind, id, name, scope, role, isReadOnly, opens }: Caller): Promise<KeySecret> {
    const { clock, keys } = this.#world;
    if (scope.kind === 'nothing' || opens === undefined) {
      throw fault('FORBIDDEN', { why: 'only a key opens a session' });
    }
    const life = timestamp(later(clock.wall(), SESSION_LIFE));
    return await keys.issue({
      ...{ kind: 'session', name, scope, role, isReadOnly },
      person: kind === 'person' ? id : null,
      createdBy: opens.by,
      expiresAt: opens.until !== null && opens.until < life ? opens.until : life,
    });
  }

  /** Ends the session that `secret` is of, if it is one and has not ended. */
  async logout(secret: string, request: LoginRequest): Promise<void> {
    const { audit, keyStore } = this.#world;
    const held = await this.#held(secret, request);
    if (held === null) return;
    const { caller, key } = held;
    const entry = await audit.begin(toldOf('logout', caller, request));
    await keyStore.remove(key.id);
    this.#world.ring.forget(key.id);
    await audit.finish(entry, { ...subjectOf(caller), ...DONE });
  }

  async #held(secret: string, { address }: LoginRequest): Promise<KeyHolder | null> {
    const { ring } = this.#world;
    if (!ring.fits(secret)) return null;
    try {
      const held = await ring.holderOf(secret, address);
      return held.key.kind === 'session' ? held : null;
    } catch (error) {
      if (isFault(error, 'KEY_WRONG') || isFault(error, 'KEY_EXPIRED')) return null;
      throw error;
    }
  }

  #provider(): IdentityProvider {
    const { provider } = this.#world;
    if (provider === null) throw fault('LOGIN_OFF', {});
    return provider;
  }

  #opened(sealed: string | undefined): Ticket {
    const { clock, secrecy } = this.#world;
    const text = sealed === undefined ? undefined : secrecy.unseal(PURPOSE, sealed);
    if (text === undefined) {
      throw fault('LOGIN_REFUSED', { why: 'it was not begun in this browser; begin it again' });
    }
    const ticket = JSON.parse(text) as Ticket;
    if (ticket.until <= clock.wall()) {
      throw fault('LOGIN_REFUSED', { why: 'it took longer than 10 minutes; begin it again' });
    }
    return ticket;
  }

  /** For the customer that was asked for; else for the operator, or the first there is. */
  async #memberOf(
    identity: Identity,
    { customer, isSigningUp }: LoginWish,
    request: LoginRequest,
  ): Promise<Member> {
    const { admins, audit, people } = this.#world;
    const email = emailOf(identity.email);
    const first: Member = { email, customer: null, role: 'admin' };
    const isFirst = admins.some((admin) => emailOf(admin) === email);
    const all: readonly Member[] = [...(isFirst ? [first] : []), ...(await people.byEmail(email))];
    const found = all.find((one) => customer === null || one.customer === customer);
    if (found !== undefined) return found;
    if (isSigningUp && customer === null && this.#maySignUp(email)) {
      return await this.#signUp({ ...identity, email }, request);
    }
    await audit.refused(toldOf('login', strangerOf(email), request), 'PERSON_NOT_ADMITTED');
    throw fault('PERSON_NOT_ADMITTED', { email });
  }

  /** A customer of their own, of which they are the admin. */
  async #signUp({ email, name }: Identity, request: LoginRequest): Promise<Member> {
    const { audit, customers, people, settings } = this.#world;
    const { defaultPlan: plan, signUp } = settings();
    const { isLeft, waitSeconds } = this.#newcomers.take('all', signUp.rate);
    if (!isLeft) throw fault('SIGN_UP_THROTTLED', { seconds: waitSeconds });
    const entry = await audit.begin(toldOf('signUp', strangerOf(email), request));
    const called = name.trim().slice(0, NAME_LENGTH_MAX) || email;
    const { tenantsMax } = signUp;
    const made = await customers.create({ name: called, externalId: null, plan, tenantsMax });
    const customer = made.customer.id;
    await people.put({ email, customer, role: 'admin' });
    await audit.finish(entry, { ...DONE, customer, tenant: null, target: customer });
    return { email, customer, role: 'admin' };
  }

  #maySignUp(email: string): boolean {
    const { enabled, emailDomains } = this.#world.settings().signUp;
    const domain = email.slice(email.lastIndexOf('@') + 1);
    return enabled && (emailDomains.length === 0 || emailDomains.includes(domain));
  }

  #newCode(member: Member, challenge: string): string {
    const { clock, random } = this.#world;
    const code = Buffer.from(random.bytes(CODE_BYTES)).toString('base64url');
    this.#codes.set(code, { member, challenge, until: later(clock.wall(), CODE_WITHIN) });
    const [oldest] = this.#codes.keys();
    if (this.#codes.size > CODES_MAX && oldest !== undefined) this.#codes.delete(oldest);
    return code;
  }

  async #issue(
    kind: 'session' | 'personal',
    { email, customer, role }: Member,
    request: LoginRequest,
  ): Promise<KeySecret> {
    const { audit, clock, keys, people } = this.#world;
    const scope = scopeOf(customer);
    const caller: Caller = {
      ...{ kind: 'person', id: email, name: email, scope, role, isReadOnly: false },
    };
    const entry = await audit.begin(toldOf('login', caller, request));
    try {
      const life = kind === 'session' ? SESSION_LIFE : PERSONAL_LIFE;
      const made = await keys.issue({
        ...{ kind, scope, role, isReadOnly: false, person: email },
        name: kind === 'session' ? 'browser' : 'command line',
        createdBy: `person ${email}`,
        expiresAt: timestamp(later(clock.wall(), life)),
      });
      await people.noteSeen(email, customer);
      await audit.finish(entry, { ...subjectOf(caller), ...DONE, target: made.key.id });
      return made;
    } catch (error) {
      const code = error instanceof Fault ? error.code : 'INTERNAL';
      await audit.finish(entry, { ...subjectOf(caller), ...DONE, outcome: 'failed', fault: code });
      throw error;
    }
  }
}

const DONE = { outcome: 'done', fault: null, before: null, after: null } as const;

const scopeOf = (customer: CustomerId | null) =>
  customer === null ? ({ kind: 'operator' } as const) : ({ kind: 'customer', customer } as const);

const strangerOf = (email: string): Caller => ({
  ...{ kind: 'person', id: email, name: email, scope: { kind: 'nothing' } },
  ...{ role: 'viewer', isReadOnly: true },
});

const subjectOf = ({ scope }: Caller) => ({
  customer: scope.kind === 'customer' ? scope.customer : null,
  ...{ tenant: null, target: null },
});

const toldOf = (operation: string, caller: Caller, request: LoginRequest): Audited => ({
  ...{ ...request, operation, caller, subject: subjectOf(caller), asked: null },
});
