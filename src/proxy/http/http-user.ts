/**
 * Who has proven a password over HTTP, and goes on to use it.
 *
 *   unknown ──proven──▶ known ──every `CHECK_AFTER`: same verifier──▶ known
 *                         ├──another one──▶ unknown: proven anew
 *                         └──nothing asked for `REST_MAX`──▶ forgotten
 *
 * A user is to the tenant what a session is: it counts as one, however many calls it has under way. A
 * password that was changed is good for another `CHECK_AFTER`; a tenant that is deleted ends its users
 * at once. What is known is found by a hash that only this process can make; the password is not kept.
 */
import { admits } from '../../domain/address-list.ts';
import type { Fault } from '../../domain/faults.ts';
import type { Credential, Door } from '../../domain/gate.ts';
import { elapsed, type Instant, seconds } from '../../domain/units.ts';
import type { Login } from '../login.ts';
import type { LoginFrom } from '../login-lookup.ts';
import type { TenantPool } from '../pool.ts';
import type { Identity } from '../pooled-backend.ts';
import type { SessionParts } from '../session.ts';
import type { Tracked } from '../session-table.ts';
import type { TenantMeter } from '../tenant-meter.ts';
import type { Visitor } from '../visitors.ts';
import type { HttpRun } from './http-run.ts';
import { Routines } from './routines.ts';

/** A verifier is taken to be the same for so long. */
const CHECK_AFTER = seconds(1);

export type Place = { readonly pool: TenantPool; readonly identity: Identity };

/** Where a call comes from. */
export type CallerPlace = Pick<LoginFrom, 'address' | 'clientAddress'>;

/** A proven login, and what it was proven against. */
export type Checked = { readonly login: Login; readonly verifier: string };

export class HttpUser implements Tracked {
  readonly clientAddress: string;
  readonly runs = new Set<HttpRun>();
  readonly routines = new Routines();
  readonly visitor: Visitor;
  readonly meter: TenantMeter;
  readonly #login: Login;
  readonly #verifier: string;
  readonly #parts: SessionParts;
  #place: Place | null = null;
  #checking: Promise<boolean> | null = null;
  #checkedAt: Instant;
  door: Door;
  usedAt: Instant;
  isOver = false;

  /** Throws `SESSIONS_FULL`, `QUOTA_EXCEEDED`. */
  constructor(
    { login, verifier }: Checked,
    { address, clientAddress }: CallerPlace,
    parts: SessionParts,
  ) {
    this.clientAddress = clientAddress;
    const { door, role, parameters } = login;
    const now = parts.clock.now();
    parts.table.enter(this, door);
    const applicationName = parameters.get('application_name') ?? '';
    const who = { tenant: door.tenant, role, applicationName, from: address };
    this.visitor = parts.visitors.come(who, now);
    this.meter = parts.meter.sessionBegan(door.tenant);
    this.#login = login;
    this.#verifier = verifier;
    this.#parts = parts;
    this.#checkedAt = now;
    this.usedAt = now;
    this.door = door;
  }

  /** Where its calls run. A pool is made anew when it has been empty. */
  place(): Place {
    const pool = this.#parts.pools.of(this.door);
    if (this.#place?.pool === pool) return this.#place;
    const { backendRole: role, parameters, poolMode, clientKey } = this.#login;
    const identity = pool.memory.identity({ role, parameters, poolMode, clientKey });
    this.#place = { pool, identity };
    return this.#place;
  }

  /** Whether its tenant takes what comes from there. */
  admits(clientAddress: string): boolean {
    const { allowedAddresses } = this.door;
    return allowedAddresses === undefined || admits(allowedAddresses, clientAddress);
  }

  /** Whether it is certain, for now, that it may go on. */
  get isFresh(): boolean {
    const now = this.#parts.clock.now();
    this.usedAt = now;
    return !this.isOver && elapsed(this.#checkedAt, now) < CHECK_AFTER;
  }

  /** Whether it may go on without proving anything again. */
  async isGood(): Promise<boolean> {
    if (this.isFresh) return true;
    if (this.isOver) return false;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return await this.#checking;
  }

  async #check(): Promise<boolean> {
    const { gate, clock } = this.#parts;
    const { tenant, name } = this.door;
    const [door, credential] = await Promise.all([
      gate.door(name),
      gate.credential(tenant, this.#login.role),
    ]);
    if (door?.tenant !== tenant || verifierText(credential) !== this.#verifier || this.isOver) {
      return false;
    }
    this.door = door;
    this.#checkedAt = clock.now();
    return true;
  }

  left(run: HttpRun): void {
    this.runs.delete(run);
    this.usedAt = this.#parts.clock.now();
    if (this.isOver) this.#release();
  }

  /** Ends all it has under way, and itself. */
  end(because: Fault): void {
    for (const run of [...this.runs]) run.end(because);
    this.forget();
  }

  drop(): void {
    for (const run of [...this.runs]) run.abandon();
    this.forget();
  }

  /** Is used no more. Calls under way go on, and what it has taken is given back after them. */
  forget(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#release();
  }

  #release(): void {
    if (this.runs.size > 0) return;
    const { table, pools } = this.#parts;
    const { tenant } = this.door;
    this.meter.sessionEnded();
    table.leave(this, tenant);
    pools.changed(tenant);
  }
}

/** All that a login to the compute depends on. */
export const verifierText = (credential: Credential | undefined): string =>
  JSON.stringify(credential ?? null);
