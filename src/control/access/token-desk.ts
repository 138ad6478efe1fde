/**
 * Tokens that embedding applications sign for their customers: which issuers are taken at their word, and who the
 * holder of a token is.
 *
 * What was found right is known for half a minute, or until the token ends, so that a page that asks often costs one
 * check of a signature. Any change of an issuer forgets all of it.
 */
import { type Caller, RIGHTS_OF, type Role, type Scope } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import type { CustomerStore } from '../../domain/customer.ts';
import { fault, isFault } from '../../domain/faults.ts';
import { type CustomerId, type IssuerId, isId, newId } from '../../domain/ids.ts';
import { PERSON_ROLES } from '../../domain/person.ts';
import type { Random } from '../../domain/random.ts';
import type {
  IssuerChange,
  IssuerDraft,
  IssuerStore,
  TokenClaims,
  TokenIssuer,
  TokenReader,
} from '../../domain/token-issuer.ts';
import { elapsed, type Instant, seconds } from '../../domain/units.ts';
import type { Control } from '../control.ts';

export type TokenWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: IssuerStore;
  readonly customers: CustomerStore;
  readonly control: Pick<Control, 'findTenant'>;
  readonly reader: TokenReader;
  /** Short, and another for every token. */
  readonly digest: (token: string) => string;
};

const KNOWN_FOR = seconds(30);
const KNOWN_MAX = 5_000;
const SUBJECT_MAX = 200;

/** Of the name of an issuer, which anybody may claim to be before a signature is looked at. */
const NAME_MAX = 2_048;

type Known<T> = { readonly since: Instant; readonly value: Promise<T> };

export class TokenDesk {
  readonly #world: TokenWorld;
  readonly #callers = new Map<string, Known<Caller> & { readonly endsAt: { at: number } }>();
  readonly #issuers = new Map<string, Known<TokenIssuer | undefined>>();

  constructor(world: TokenWorld) {
    this.#world = world;
  }

  /** Throws `BAD_REQUEST` for keys that are none, `ISSUER_EXISTS`. */
  async create(draft: Omit<IssuerDraft, 'id'>): Promise<TokenIssuer> {
    const { random, reader, store } = this.#world;
    await reader.checkKeys(draft.keys);
    const made = await store.insert({ ...draft, id: newId('iss', random) });
    this.#forget();
    return made;
  }

  list(): Promise<readonly TokenIssuer[]> {
    return this.#world.store.list();
  }

  /** Throws `ISSUER_UNKNOWN`, as all that take an issuer do. */
  async show(id: string): Promise<TokenIssuer> {
    const found = (await this.list()).find((issuer) => issuer.id === id);
    if (found === undefined) throw fault('ISSUER_UNKNOWN', { issuer: id });
    return found;
  }

  async change(id: string, change: IssuerChange): Promise<TokenIssuer> {
    if (change.keys !== undefined) await this.#world.reader.checkKeys(change.keys);
    const changed = await this.#world.store.change(this.#idOf(id), change);
    this.#forget();
    return changed;
  }

  async remove(id: string): Promise<void> {
    await this.#world.store.remove(this.#idOf(id));
    this.#forget();
  }

  /** Whether `text` looks like a token. */
  fits(text: string): boolean {
    return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text);
  }

  /** Throws `TOKEN_REFUSED`, saying why. */
  async callerOf(token: string): Promise<Caller> {
    const { clock, digest } = this.#world;
    const place = digest(token);
    const known = this.#callers.get(place);
    const isFresh = known !== undefined && elapsed(known.since, clock.now()) < KNOWN_FOR;
    if (isFresh && known.endsAt.at > clock.wall()) return await known.value;
    const endsAt = { at: Number.POSITIVE_INFINITY };
    const fresh = { since: clock.now(), value: this.#examined(token, endsAt), endsAt };
    remember(this.#callers, place, fresh);
    return await fresh.value;
  }

  async #examined(token: string, endsAt: { at: number }): Promise<Caller> {
    const { reader } = this.#world;
    const issuer = await this.#issuerOf(reader.issuerOf(token));
    const claims = await reader.verify(token, issuer);
    if (typeof claims.exp === 'number') endsAt.at = claims.exp * 1_000;
    const customer = await this.#customerOf(claims[issuer.customerClaim], issuer);
    const { sub } = claims;
    if (typeof sub === 'string' && !isStorable(sub)) throw refused('its claim "sub" is no text');
    const subject = typeof sub === 'string' ? ` ${sub.slice(0, SUBJECT_MAX)}` : '';
    return {
      // Applications may call somebody of each customer alike: what is one's own goes by the customer, too.
      ...{ kind: 'token', id: `${issuer.id} ${customer}${subject}` },
      ...{ name: issuer.name, isReadOnly: false },
      scope: await this.#scopeOf(claims.tenant, customer),
      role: roleOf(claims, issuer.role),
    };
  }

  async #issuerOf(name: string | undefined): Promise<TokenIssuer> {
    const { clock, store } = this.#world;
    if (typeof name !== 'string') throw refused('it does not say who has issued it');
    if (name.length > NAME_MAX || !isStorable(name)) throw refused('its issuer is not known here');
    const known = this.#issuers.get(name);
    const isFresh = known !== undefined && elapsed(known.since, clock.now()) < KNOWN_FOR;
    const asked = isFresh ? known : { since: clock.now(), value: store.byIssuer(name) };
    if (!isFresh) remember(this.#issuers, name, asked);
    const issuer = await asked.value;
    if (issuer === undefined) throw refused('its issuer is not known here');
    return issuer;
  }

  async #customerOf(claim: unknown, { customerClaim }: TokenIssuer): Promise<CustomerId> {
    const { customers } = this.#world;
    if (typeof claim !== 'string') throw refused(`it has no claim "${customerClaim}"`);
    if (!isStorable(claim)) throw refused(`its claim "${customerClaim}" names no customer`);
    const byId = isId('cu', claim) ? await customers.byId(claim) : undefined;
    const found = byId ?? (await customers.byExternalId(claim));
    if (found === undefined) throw refused(`its claim "${customerClaim}" names no customer`);
    return found.id;
  }

  /** Narrowed to one tenant of the customer's, by id or name, if it names one. */
  async #scopeOf(claim: unknown, customer: CustomerId): Promise<Scope> {
    if (claim === undefined) return { kind: 'customer', customer };
    const tenant = typeof claim === 'string' ? await this.#tenantCalled(claim) : undefined;
    if (tenant?.customer === customer) return { kind: 'tenant', tenant: tenant.id };
    throw refused('its claim "tenant" names no tenant of the customer');
  }

  async #tenantCalled(ref: string) {
    try {
      return await this.#world.control.findTenant(ref);
    } catch (error) {
      if (isFault(error, 'TENANT_UNKNOWN')) return undefined;
      throw error;
    }
  }

  #idOf(id: string): IssuerId {
    if (isId('iss', id)) return id;
    throw fault('ISSUER_UNKNOWN', { issuer: id });
  }

  #forget(): void {
    this.#callers.clear();
    this.#issuers.clear();
  }
}

/** PostgreSQL has no such character in any text. */
const isStorable = (text: string): boolean => !text.includes('\0');

const refused = (why: string) => fault('TOKEN_REFUSED', { why });

/** What fails is asked again; the one that was asked for longest ago makes room. */
function remember<T extends Known<unknown>>(all: Map<string, T>, key: string, known: T): void {
  all.delete(key);
  all.set(key, known);
  known.value.catch(() => {
    if (all.get(key) === known) all.delete(key);
  });
  if (all.size <= KNOWN_MAX) return;
  const [oldest] = all.keys();
  if (oldest !== undefined) all.delete(oldest);
}

/** A token may be given less than its issuer may have, and not more. */
function roleOf({ role: asked }: TokenClaims, most: Role): Role {
  if (asked === undefined) return most;
  const role = PERSON_ROLES.find((known) => known === asked);
  if (role !== undefined && RIGHTS_OF[role].every((right) => RIGHTS_OF[most].includes(right))) {
    return role;
  }
  throw refused(`its claim "role" must be a role that may no more than ${most}`);
}
