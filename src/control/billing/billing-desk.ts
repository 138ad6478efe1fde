/** Who sells and who buys, and what customers have with us. */
import type {
  BillingItem,
  BillingProfile,
  BillingProfileChange,
  BillingSettings,
  BillingStore,
  ItemKind,
} from '../../domain/billing.ts';
import type { Clock } from '../../domain/clock.ts';
import { fault } from '../../domain/faults.ts';
import type { CustomerId } from '../../domain/ids.ts';
import type { UseLedger } from '../../domain/metering.ts';
import type { Random } from '../../domain/random.ts';
import { Serial } from '../../domain/serial.ts';
import { METERS } from '../../domain/use.ts';
import { parseDecimal } from '../../economics/money.ts';
import type { TariffBook } from '../../economics/tariffs.ts';
import { monthNamed } from './invoice-desk.ts';

export type BillingDeskWorld = {
  readonly store: BillingStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly tariffs: () => Promise<TariffBook>;
  readonly ledger: Pick<UseLedger, 'keptFrom'>;
};

export type ItemWish = {
  readonly customer: CustomerId;
  readonly kind: ItemKind;
  /** As `12.50`, in the currency of the tariffs. */
  readonly amount: string;
  readonly says: string;
};

const ID_BYTES = 8;

export class BillingDesk {
  readonly #world: BillingDeskWorld;
  readonly #turns = new Serial<'settings'>();

  constructor(world: BillingDeskWorld) {
    this.#world = world;
  }

  settings(): Promise<BillingSettings> {
    return this.#world.store.settings();
  }

  /** One after the other, so that no change takes another one back. Throws `BAD_REQUEST`, `USE_FORGOTTEN`. */
  async changeSettings(change: Partial<BillingSettings>): Promise<BillingSettings> {
    if (change.closesFrom != null) await this.#mustBeKept(change.closesFrom);
    for (const [meter, { per }] of Object.entries(change.meters ?? {})) {
      if (!METERS.some((known) => known === meter)) {
        throw fault('BAD_REQUEST', { why: `there is no meter "${meter}"` });
      }
      if (!/^[1-9]\d{0,17}$/.test(per)) {
        throw fault('BAD_REQUEST', { why: `"${per}" is no number of base units` });
      }
    }
    return await this.#turns.run('settings', async () => {
      const { store } = this.#world;
      const before = await store.settings();
      const after = { ...before, ...change, seller: { ...before.seller, ...change.seller } };
      await store.saveSettings(after);
      return after;
    });
  }

  /** A month that cannot be closed would stand in the way of all behind it. */
  async #mustBeKept(closesFrom: string): Promise<void> {
    const kept = await this.#world.ledger.keptFrom();
    if (monthNamed(closesFrom).from >= kept) return;
    throw fault('USE_FORGOTTEN', { month: closesFrom, from: new Date(kept).toISOString() });
  }

  /** Throws `CUSTOMER_UNKNOWN`. */
  async profile(customer: CustomerId): Promise<BillingProfile> {
    const found = await this.#world.store.profile(customer);
    if (found === undefined) throw fault('CUSTOMER_UNKNOWN', { customer });
    return found;
  }

  /** Throws `CUSTOMER_UNKNOWN`, `BAD_REQUEST`. */
  async changeProfile(customer: CustomerId, change: BillingProfileChange): Promise<BillingProfile> {
    const { taxes, taxId } = { ...(await this.profile(customer)), ...change };
    if (taxId === null && taxes.some(({ reverseCharge }) => reverseCharge)) {
      const why = 'where the recipient owes the tax, the invoice must have its tax id';
      throw fault('BAD_REQUEST', { why });
    }
    return await this.#world.store.changeProfile(customer, change);
  }

  /** Throws `BAD_REQUEST`. */
  async addItem(wish: ItemWish): Promise<BillingItem> {
    const { store, clock, random, tariffs } = this.#world;
    const amount = parseDecimal(wish.amount);
    if (amount === null || amount <= 0n) {
      throw fault('BAD_REQUEST', { why: `"${wish.amount}" is no amount of more than nothing` });
    }
    const { currency } = await tariffs();
    const id = `cr_${[...random.bytes(ID_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    const { customer, kind, says } = wish;
    const item: BillingItem = {
      ...{ id, customer, kind, says, currency, amount, remaining: amount },
      createdAt: clock.wall(),
    };
    await store.addItem(item);
    return item;
  }

  items(customer: CustomerId): Promise<readonly BillingItem[]> {
    return this.#world.store.items(customer);
  }
}
