/** The server's settings: read at start, in force at once, and kept for the next start. */
import type { PolicyStore } from '../domain/policy-store.ts';
import {
  changed,
  readSettings,
  SETTINGS_DEFAULT,
  type ServerSettings,
  type SettingsChange,
} from '../domain/settings.ts';

export interface SettingsDesk {
  current(): ServerSettings;
  /** Resolves with what is in force then. Throws `CATALOG_DOWN`; nothing is changed then. */
  change(change: SettingsChange): Promise<ServerSettings>;
}

type Store = Pick<PolicyStore, 'fleet' | 'saveFleet'>;

export class StoredSettings implements SettingsDesk {
  readonly #store: Store;
  #current: ServerSettings;
  #changing: Promise<unknown> = Promise.resolve();

  /** Throws `CATALOG_DOWN`. */
  static async open(store: Store): Promise<StoredSettings> {
    const found = await store.fleet('settings');
    const settings = found === undefined ? SETTINGS_DEFAULT : readSettings(textOf(found));
    return new StoredSettings(store, settings);
  }

  private constructor(store: Store, settings: ServerSettings) {
    this.#store = store;
    this.#current = settings;
  }

  current(): ServerSettings {
    return this.#current;
  }

  /** One after the other, so that no change takes another one back. */
  async change(change: SettingsChange): Promise<ServerSettings> {
    const turn = this.#changing.then(async () => {
      const settings = changed(this.#current, change);
      await this.#store.saveFleet('settings', new TextEncoder().encode(JSON.stringify(settings)));
      this.#current = settings;
      return settings;
    });
    this.#changing = turn.catch(() => undefined);
    return await turn;
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
