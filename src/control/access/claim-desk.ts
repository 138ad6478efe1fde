/**
 * Databases without an account: made by who has a publishable key, gone after a while unless a customer claims them.
 *
 * The key may stand in a web page, so whoever holds it is a stranger: what it can make is small, ends by itself, is bounded
 * in number, and is bounded in pace for each address.
 */

import { addressKey } from '../../domain/address-key.ts';
import type { ClaimStore } from '../../domain/claim.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import { fault } from '../../domain/faults.ts';
import { type CustomerId, newId, type TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import { NO_QUOTAS, type QuotaBook } from '../../domain/quota.ts';
import type { Random } from '../../domain/random.ts';
import type { Secrecy } from '../../domain/secrecy.ts';
import type { Rate, ServerSettings } from '../../domain/settings.ts';
import type { Plan } from '../../domain/tier.ts';
import { later, type Timestamp } from '../../domain/units.ts';
import type { Control, TenantSecret, TenantView } from '../control.ts';
import type { AllowanceBook } from '../quotas/allowance-book.ts';
import { RateLimits } from './rate-limits.ts';

const TOKEN_BYTES = 32;
const TOKEN = /^[\w-]{43}$/;

export type ClaimDeskWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  readonly secrecy: Pick<Secrecy, 'hash'>;
  readonly store: ClaimStore;
  readonly book: AllowanceBook;
  readonly control: Pick<Control, 'createTenant' | 'deleteTenant' | 'showTenant'>;
  readonly lifecycle: Pick<Lifecycle, 'changed'>;
  readonly settings: () => ServerSettings['claimable'];
  readonly planOf: (customer: CustomerId) => Promise<Plan>;
  /** Looks at its limits again. */
  readonly review: (tenant: TenantId) => Promise<void>;
};

export type Claimable = {
  readonly secret: TenantSecret;
  /** Shown once. */
  readonly token: string;
  readonly expiresAt: Timestamp;
};

export class ClaimDesk {
  readonly #world: ClaimDeskWorld;
  readonly #paces: RateLimits;
  /** Being made, and not in the catalog yet. */
  #coming = 0;

  constructor(world: ClaimDeskWorld) {
    this.#world = world;
    this.#paces = new RateLimits(world.clock);
  }

  /** Whether pages of other origins may ask here. */
  get isOpen(): boolean {
    return this.#world.settings().enabled;
  }

  /** Throws `CLAIMS_OFF`, `CLAIMS_THROTTLED`, `CLAIMS_FULL`, and what creating a tenant throws. */
  async create(address: string): Promise<Claimable> {
    const { store, settings } = this.#world;
    const { enabled, unclaimedMax, perAddress } = settings();
    if (!enabled) throw fault('CLAIMS_OFF', {});
    this.#spend(address, perAddress);
    this.#coming += 1;
    try {
      const count = (await store.count()) + this.#coming;
      if (count > unclaimedMax) throw fault('CLAIMS_FULL', { max: unclaimedMax });
      return await this.#make();
    } finally {
      this.#coming -= 1;
    }
  }

  /** Throws `CLAIM_UNKNOWN`. */
  async find(token: string): Promise<{ readonly name: string; readonly expiresAt: Timestamp }> {
    const found = await this.#world.store.find(this.#hashOf(token));
    if (found === undefined) throw fault('CLAIM_UNKNOWN', {});
    return found;
  }

  /** Makes it the customer's, without its end and its bounds. Throws `CLAIM_UNKNOWN`, `TENANTS_FULL`. */
  async claim(token: string, customer: CustomerId): Promise<TenantView> {
    const { store, book, events, lifecycle, control, planOf, review } = this.#world;
    const hash = this.#hashOf(token);
    const before = await store.find(hash);
    const plan = await planOf(customer);
    const claimed = before && (await store.claim(hash, { customer, plan }));
    if (claimed === undefined) throw fault('CLAIM_UNKNOWN', {});
    const { id, name } = claimed;
    book.setSessionLimit({ kind: 'tenant', id }, NO_QUOTAS);
    events.publish({ type: 'tenant.claimed', tenant: { id, name }, customer, data: { plan } });
    await lifecycle.changed(id, 'free');
    await review(id);
    return await control.showTenant(id);
  }

  async #make(): Promise<Claimable> {
    const { clock, control, random, settings, store, book } = this.#world;
    const { lifeMs, logicalBytesMax, sessionsMax } = settings();
    const expiresAt = later(clock.wall(), lifeMs);
    const secret = await control.createTenant({
      name: newId('tn', random).replace('tn_', 'try-'),
      ...{ plan: 'free', customer: null, sessionsMax, expiresAt },
    });
    const { id } = secret.tenant;
    const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url');
    const limit = (hard: number) => ({ soft: null, hard });
    const quota: QuotaBook = {
      operator: { logicalSizeBytes: limit(logicalBytesMax), sessions: limit(sessionsMax) },
      own: {},
    };
    try {
      await store.insert(id, this.#hashOf(token), quota);
    } catch (error) {
      await control.deleteTenant(id).catch(() => undefined);
      throw error;
    }
    book.setSessionLimit({ kind: 'tenant', id }, quota);
    return { secret, token, expiresAt };
  }

  #hashOf(token: string): Uint8Array {
    if (!TOKEN.test(token)) throw fault('CLAIM_UNKNOWN', {});
    return this.#world.secrecy.hash(token);
  }

  /** Throws `CLAIMS_THROTTLED`. */
  #spend(address: string, rate: Rate): void {
    const { isLeft, waitSeconds } = this.#paces.take(addressKey(address), rate);
    if (!isLeft) throw fault('CLAIMS_THROTTLED', { seconds: waitSeconds });
  }
}
