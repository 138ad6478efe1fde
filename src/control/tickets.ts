/**
 * Tickets: short-lived logins as a tenant's owner, or as one who may read what that has.
 *
 * The control plane knows no tenant's password, and must not act as a superuser inside a tenant's
 * database. A ticket is a random user name and password that the proxy accepts for a minute; the
 * session it opens is an ordinary one, with the rights of that role.
 */
import { type AskedNow, type Asking, NOBODY_ASKED } from '../domain/awake.ts';
import type { Clock } from '../domain/clock.ts';
import type { Ticket, TicketReader, TicketRights } from '../domain/gate.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Passwords } from '../domain/passwords.ts';
import type { Random } from '../domain/random.ts';
import { after, type DurationMs, type Instant, minutes } from '../domain/units.ts';

/** How long a ticket may be used to log in; a session it opened lives on. */
export const TICKET_LIFE: DurationMs = minutes(1);

/** Tickets open at once; the oldest give way. */
export const TICKETS_MAX = 10_000;

/** Users of this form are never roles of a tenant. */
export const TICKET_PREFIX = 'dynabase_ticket_';

type Entry = Ticket & { readonly tenant: TenantId; readonly until: Instant };

export class TicketBook implements TicketReader {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #passwords: Passwords;
  readonly #asked: AskedNow;
  /** By user, the oldest first. */
  readonly #tickets = new Map<string, Entry>();

  /** On whose requests tickets were made, by user, the oldest first: their sessions live on. */
  readonly #askedBy = new Map<string, Asking>();

  constructor(world: { clock: Clock; random: Random; passwords: Passwords; asked?: AskedNow }) {
    this.#clock = world.clock;
    this.#random = world.random;
    this.#passwords = world.passwords;
    this.#asked = world.asked ?? NOBODY_ASKED;
  }

  async issue(
    tenant: TenantId,
    rights: TicketRights,
  ): Promise<{ readonly user: string; readonly password: string }> {
    const { asking } = this.#asked;
    const user = TICKET_PREFIX + hex(this.#random.bytes(8));
    const password = this.#passwords.generate();
    const verifier = await this.#passwords.verifierOf(password);
    this.#sweep();
    const until = after(this.#clock.now(), TICKET_LIFE);
    this.#tickets.set(user, { tenant, verifier, rights, until });
    if (asking !== null) this.#remember(user, asking);
    return { user, password };
  }

  find(tenant: TenantId, role: string): Ticket | undefined {
    const ticket = this.#tickets.get(role);
    if (ticket === undefined || ticket.tenant !== tenant) return undefined;
    return ticket.until > this.#clock.now() ? ticket : undefined;
  }

  askedBy(role: string): Asking | null {
    return this.#askedBy.get(role) ?? null;
  }

  #remember(user: string, asking: Asking): void {
    this.#askedBy.set(user, asking);
    if (this.#askedBy.size <= TICKETS_MAX) return;
    const [oldest] = this.#askedBy.keys();
    if (oldest !== undefined) this.#askedBy.delete(oldest);
  }

  /** All tickets live equally long, so the expired ones are the oldest. */
  #sweep(): void {
    const now = this.#clock.now();
    for (const [user, ticket] of this.#tickets) {
      if (ticket.until > now && this.#tickets.size < TICKETS_MAX) return;
      this.#tickets.delete(user);
    }
  }
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
