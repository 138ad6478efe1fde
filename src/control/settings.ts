/** The server's settings: read at start, in force at once, and kept for the next start. */
import type { BillingSettings } from '../domain/billing.ts';
import { fault } from '../domain/faults.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import { Serial } from '../domain/serial.ts';
import {
  changed,
  readSettings,
  SETTINGS_DEFAULT,
  type ServerSettings,
  type SettingsChange,
} from '../domain/settings.ts';
import { hours } from '../domain/units.ts';

export interface SettingsDesk {
  current(): ServerSettings;
  /** Resolves with what is in force then. Throws `CATALOG_DOWN`, `BAD_REQUEST`; nothing is changed then. */
  change(change: SettingsChange): Promise<ServerSettings>;
}

type Store = Pick<PolicyStore, 'fleet' | 'saveFleet'>;

type Billing = () => Promise<BillingSettings>;

/** Thirteen months, however long: an invoice can be made again while its month is in question. */
export const BILLED_HOURS_MIN = hours(24 * 397);

/** Whether somebody is charged by what was used. */
export const isBilled = ({ closesFrom, tells }: BillingSettings): boolean =>
  closesFrom !== null || tells !== 'nothing';

export class StoredSettings implements SettingsDesk {
  readonly #store: Store;
  readonly #billing: Billing;
  #current: ServerSettings;
  readonly #turns = new Serial<'settings'>();

  /** Throws `CATALOG_DOWN`. */
  static async open(store: Store, billing: Billing): Promise<StoredSettings> {
    const found = await store.fleet('settings');
    const settings = found === undefined ? SETTINGS_DEFAULT : readSettings(textOf(found));
    return new StoredSettings(store, billing, settings);
  }

  private constructor(store: Store, billing: Billing, settings: ServerSettings) {
    this.#store = store;
    this.#billing = billing;
    this.#current = settings;
  }

  current(): ServerSettings {
    return this.#current;
  }

  /** One after the other, so that no change takes another one back. */
  change(change: SettingsChange): Promise<ServerSettings> {
    return this.#turns.run('settings', async () => {
      const settings = changed(this.#current, change);
      if (change.retention !== undefined) await this.#mustKeepEnough(settings);
      await this.#store.saveFleet('settings', new TextEncoder().encode(JSON.stringify(settings)));
      this.#current = settings;
      return settings;
    });
  }

  async #mustKeepEnough({ retention }: ServerSettings): Promise<void> {
    if (retention.hoursMs >= BILLED_HOURS_MIN || !isBilled(await this.#billing())) return;
    const why = `customers are billed by the hours that are kept, so retention.hoursMs is ${BILLED_HOURS_MIN} (13 months) or more`;
    throw fault('BAD_REQUEST', { why });
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
