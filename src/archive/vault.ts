/**
 * A vault: the part of the store where one tenant's snapshots are, and those of all forked from it.
 *
 *   vaults/<vault>/key                               its key, sealed with the master key
 *                 /key.copy                          the same once more
 *                 /packs/<id>                        chunks
 *                 /manifests/<tenant>/<snapshot>     a snapshot: it is there if this is
 *                 /heads/<tenant>                    the latest, to fence off writers with an old picture
 *                 /damaged/<tenant>/<snapshot>       why a snapshot is not to be used
 *                 /condemned/<random>                packs that nothing reached when it was written
 *                 /clock/<random>                    to ask the store for the time
 *                 /closing                           the vault is being forgotten
 */
import { fault } from '../domain/faults.ts';
import type { SnapshotId, TenantId, VaultId } from '../domain/ids.ts';
import type { Random } from '../domain/random.ts';
import { Damage } from './damage.ts';
import { KEY_BYTES, opened, sealed, subkey } from './sealing.ts';
import type { Store } from './store.ts';

export type Vault = {
  readonly prefix: string;
  readonly key: Buffer;
  /** The object that holds the key, as it is in the store. */
  readonly wrapped: Buffer;
};

/** Where a vault is; all that is needed to name its objects. */
export type VaultPlace = Pick<Vault, 'prefix'>;

export const vaultPrefix = (id: VaultId): string => `vaults/${id}/`;

export const closingKey = (vault: VaultPlace): string => `${vault.prefix}closing`;

export const packKey = (vault: VaultPlace, pack: string): string => `${vault.prefix}packs/${pack}`;

export const manifestsOf = (vault: VaultPlace, tenant?: TenantId): string =>
  `${vault.prefix}manifests/${tenant === undefined ? '' : `${tenant}/`}`;

export const manifestKey = (vault: VaultPlace, tenant: TenantId, snapshot: SnapshotId): string =>
  manifestsOf(vault, tenant) + snapshot;

export const headKey = (vault: VaultPlace, tenant: TenantId): string =>
  `${vault.prefix}heads/${tenant}`;

export const damagedOf = (vault: VaultPlace): string => `${vault.prefix}damaged/`;

export const damageKey = (vault: VaultPlace, tenant: TenantId, snapshot: string): string =>
  `${damagedOf(vault)}${tenant}/${snapshot}`;

/** Ids of packs are drawn once and never again, so that a pack has a key of its own. */
export const packSealKey = (vault: Vault, pack: string): Buffer =>
  subkey(vault.key, `pack ${pack}`);

const MAGIC = Buffer.from('DBK1');
const KEY_ID_BYTES = 8;
const SALT_BYTES = 16;
const OPEN_MAX = 10_000;

/** Others may make the vault, or a store may tear what it was given. */
const TRIES_MAX = 5;

export class Vaults {
  readonly #store: Store;
  readonly #random: Random;
  readonly #masterKey: Buffer;
  readonly #open = new Map<VaultId, Vault>();
  /** The last of those who want a vault alone. */
  readonly #turns = new Map<VaultId, Promise<void>>();

  constructor(store: Store, random: Random, masterKey: Buffer) {
    this.#store = store;
    this.#random = random;
    this.#masterKey = masterKey;
  }

  /** Undefined if there is no such vault. Throws `ARCHIVE_KEY`, `ARCHIVE_CORRUPT`. */
  async find(id: VaultId): Promise<Vault | undefined> {
    const known = this.#open.get(id);
    if (known) return known;
    const found = await this.#read(id);
    if (found instanceof Damage) {
      throw fault(
        'ARCHIVE_CORRUPT',
        { snapshot: `of ${id}`, why: found.message },
        { cause: found },
      );
    }
    return found && this.#remember(id, found);
  }

  /** Makes the vault if there is none, or none with anything in it. */
  async findOrMake(id: VaultId): Promise<Vault> {
    const known = this.#open.get(id);
    if (known) return known;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const found = await this.#read(id);
      if (found instanceof Damage) {
        await this.#mustBeEmpty(id, found);
        await this.#store.delete([keyOf(id), copyOf(id)]);
      } else if (found) return this.#remember(id, await this.#copied(found));
      else await this.#store.create(keyOf(id), this.#wrap(id));
    }
    throw fault('ARCHIVE_DOWN', {
      why: `${this.#store.name} does not give back what it was given`,
    });
  }

  /** Without its key all that is in a vault is lost, so there are two of it. */
  async #copied(vault: Vault): Promise<Vault> {
    const copy = `${vault.prefix}key.copy`;
    if (await this.#store.create(copy, vault.wrapped)) return vault;
    const there = await this.#store.read(copy);
    if (there?.bytes.equals(vault.wrapped)) return vault;
    await this.#store.delete([copy]);
    await this.#store.create(copy, vault.wrapped);
    return vault;
  }

  /** From the copy if the key is damaged, and from the key otherwise. */
  async #read(id: VaultId): Promise<Vault | Damage | undefined> {
    const key = await this.#store.read(keyOf(id));
    const vault = key && this.#opened(id, key.bytes);
    if (vault && !(vault instanceof Damage)) return vault;
    const copy = await this.#store.read(copyOf(id));
    const rescued = copy && this.#opened(id, copy.bytes);
    if (!copy || !rescued || rescued instanceof Damage) return vault;
    if (key) await this.#store.delete([keyOf(id)]);
    await this.#store.create(keyOf(id), copy.bytes);
    return rescued;
  }

  #opened(id: VaultId, bytes: Buffer): Vault | Damage {
    try {
      return this.#unwrap(id, bytes);
    } catch (error) {
      if (error instanceof Damage) return error;
      throw error;
    }
  }

  /** A key that was torn when it was made is in nobody's way: nothing was sealed with it. */
  async #mustBeEmpty(id: VaultId, damage: Damage): Promise<void> {
    for await (const _ of this.#store.list(manifestsOf({ prefix: vaultPrefix(id) }))) {
      const why = damage.message;
      throw fault('ARCHIVE_CORRUPT', { snapshot: `of ${id}`, why }, { cause: damage });
    }
  }

  /** Whether the store still has the vault, under this key. */
  async isCurrent(vault: Vault): Promise<boolean> {
    const object = await this.#store.read(`${vault.prefix}key`);
    return object?.bytes.equals(vault.wrapped) ?? false;
  }

  /** Runs `work` when nothing else is done to the vault by this. */
  async alone(id: VaultId, work: () => Promise<void>): Promise<void> {
    const mine = (this.#turns.get(id) ?? Promise.resolve()).then(work);
    const ended = mine.catch(() => {});
    this.#turns.set(id, ended);
    await mine.finally(() => {
      if (this.#turns.get(id) === ended) this.#turns.delete(id);
    });
  }

  forget(id: VaultId): void {
    this.#open.delete(id);
  }

  #remember(id: VaultId, vault: Vault): Vault {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= OPEN_MAX && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(id, vault);
    return vault;
  }

  #wrap(id: VaultId): Buffer {
    const key = Buffer.from(this.#random.bytes(KEY_BYTES));
    const salt = Buffer.from(this.#random.bytes(SALT_BYTES));
    const seal = { key: this.#wrappingKey(salt), nonce: 0, context: keyOf(id) };
    return Buffer.concat([MAGIC, this.#keyId(), salt, sealed(seal, key)]);
  }

  #unwrap(id: VaultId, wrapped: Buffer): Vault {
    const keyIdEnd = MAGIC.length + KEY_ID_BYTES;
    const saltEnd = keyIdEnd + SALT_BYTES;
    if (!wrapped.subarray(0, MAGIC.length).equals(MAGIC) || wrapped.length < saltEnd) {
      throw new Damage('the key of the vault is damaged');
    }
    if (!wrapped.subarray(MAGIC.length, keyIdEnd).equals(this.#keyId())) {
      throw fault('ARCHIVE_KEY', { why: 'it is not the one that this tenant was archived with' });
    }
    const key = this.#wrappingKey(wrapped.subarray(keyIdEnd, saltEnd));
    const seal = { key, nonce: 0, context: keyOf(id) };
    return { prefix: vaultPrefix(id), key: opened(seal, wrapped.subarray(saltEnd)), wrapped };
  }

  #wrappingKey(salt: Buffer): Buffer {
    return subkey(subkey(this.#masterKey, 'wrap'), salt.toString('hex'));
  }

  /** Tells master keys apart, and nothing of them. */
  #keyId(): Buffer {
    return subkey(this.#masterKey, 'id').subarray(0, KEY_ID_BYTES);
  }
}

const keyOf = (id: VaultId): string => `${vaultPrefix(id)}key`;
const copyOf = (id: VaultId): string => `${keyOf(id)}.copy`;
