/**
 * A store that does to its objects what disks, networks and object stores do: from a seed, each
 * fault with a probability of its own, all of it written down.
 *
 * `unreachable`, `lostAnswer`, `torn`, `full`, `down`, `slow` and `reorderedList` are what every store
 * may do; whoever writes on one must bear them without losing anything. `vanished`, `truncated`,
 * `staleList`, `staleRead`, `lateDuplicate` and `rot` are lies: a store that works does not tell them, and
 * whoever reads must find them out.
 */
import type { ObjectInfo, Range, Store, StoredObject, Version } from '../archive/store.ts';
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import { ms } from '../domain/units.ts';
import { SeededRandom } from '../sim/seeded-random.ts';

const NO_FAULTS = {
  /** Any call: throws, and nothing has happened. */
  unreachable: 0,
  /** A write: has happened, and throws. */
  lostAnswer: 0,
  /** A create: leaves a part of the object, and throws. */
  torn: 0,
  /** A write: throws `DISK_FULL`. */
  full: 0,
  /** Any call: throws, and so do the next `DOWN_CALLS_MAX` or fewer. */
  down: 0,
  /** Any call: takes up to `SLOW_MAX_MS` by the clock. */
  slow: 0,
  /** A list: in another order. */
  reorderedList: 0,
  /** A create: says true, and nothing is there. */
  vanished: 0,
  /** A create: says true, and a part is there. */
  truncated: 0,
  /** A list: without the latest objects, with some that are deleted. */
  staleList: 0,
  /** A read of a deleted object: as if it were there. */
  staleRead: 0,
  /** A create: arrives a second time later, and brings back what was deleted. */
  lateDuplicate: 0,
};

/** The probability of each fault, 0 to 1, at each call that may have it. */
export type Faults = Readonly<typeof NO_FAULTS>;

const DOWN_CALLS_MAX = 20;
const SLOW_MAX_MS = 30_000;

/** So many of the latest creations and deletions are remembered for stale answers. */
const RECENT_MAX = 32;

type FaultyParts = {
  readonly store: Store;
  readonly seed: number;
  readonly clock: Clock;
  readonly faults?: Partial<Faults>;
};

type Deleted = { readonly info: ObjectInfo; readonly object: StoredObject };

export class FaultyStore implements Store {
  readonly name: string;
  /** What was done to whom, in order, such as `torn: create packs/1`. */
  readonly done: string[] = [];
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #seed: number;
  readonly #rotten = new Map<string, number>();
  readonly #created: string[] = [];
  readonly #deleted = new Map<string, Deleted>();
  readonly #late: { readonly key: string; readonly bytes: Buffer }[] = [];
  #faults: Faults = NO_FAULTS;
  #downCalls = 0;

  constructor({ store, seed, clock, faults = {} }: FaultyParts) {
    this.name = `the faulty ${store.name}`;
    this.#store = store;
    this.#clock = clock;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.set(faults);
  }

  /** From now on these, and no others. */
  set(faults: Partial<Faults>): void {
    this.#faults = { ...NO_FAULTS, ...faults };
    this.#downCalls = 0;
  }

  /** For a failed test's message: the seed that repeats it, and all that was done. */
  toString(): string {
    return [`seed ${this.#seed}`, ...this.done].join('\n');
  }

  /** Throws for every call, until `set`. */
  goDown(): void {
    this.#downCalls = Number.POSITIVE_INFINITY;
  }

  /** Flips a bit of what is stored, for every reader from now on. */
  rot(key: string): void {
    this.done.push(`rot: ${key}`);
    this.#rotten.set(key, this.#random.next());
  }

  async create(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    const call = `create ${key}`;
    await this.#begin(call, signal);
    this.#failIfFull(call);
    if (this.#strikes('vanished', call)) return true;
    const isTorn = this.#strikes('torn', call);
    const isTruncated = !isTorn && this.#strikes('truncated', call);
    const kept = isTorn || isTruncated ? this.#partOf(bytes) : bytes;
    const made = await this.#store.create(key, kept, signal);
    if (made) this.#remember(key);
    if (isTorn) throw lost();
    if (made && this.#strikes('lateDuplicate', call)) {
      this.#late.push({ key, bytes: Buffer.from(bytes) });
    }
    this.#loseAnswer(call);
    return made;
  }

  async swap(key: string, bytes: Uint8Array, expected: Version | null): Promise<Version | null> {
    const call = `swap ${key}`;
    await this.#begin(call);
    this.#failIfFull(call);
    const version = await this.#store.swap(key, bytes, expected);
    if (version !== null) this.#rotten.delete(key);
    this.#loseAnswer(call);
    return version;
  }

  async read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const call = `read ${key}`;
    await this.#begin(call, signal);
    const found = await this.#store.read(key, signal);
    const gone = this.#deleted.get(key);
    if (!found && gone && this.#strikes('staleRead', call)) return gone.object;
    return found && { ...found, bytes: this.#rotted(key, found.bytes, 0, found.bytes.length) };
  }

  async readRange(key: string, range: Range, signal?: AbortSignal): Promise<Buffer | undefined> {
    const call = `readRange ${key}`;
    await this.#begin(call, signal);
    const { offset, length } = range;
    const found = await this.#store.readRange(key, range, signal);
    const gone = this.#deleted.get(key);
    if (!found && gone && this.#strikes('staleRead', call)) {
      return gone.object.bytes.subarray(offset, offset + length);
    }
    if (!found || !this.#rotten.has(key)) return found;
    const whole = await this.#store.stat(key);
    return this.#rotted(key, found, offset, whole?.size ?? 0);
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    const call = `stat ${key}`;
    await this.#begin(call);
    const found = await this.#store.stat(key);
    const gone = this.#deleted.get(key);
    return !found && gone && this.#strikes('staleRead', call) ? gone.info : found;
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const call = `list ${prefix}`;
    await this.#begin(call);
    let found: ObjectInfo[] = [];
    for await (const info of this.#store.list(prefix)) found.push(info);
    if (this.#strikes('staleList', call)) found = this.#staled(prefix, found);
    if (this.#strikes('reorderedList', call)) found = this.#shuffled(found);
    yield* found;
  }

  async delete(keys: readonly string[]): Promise<void> {
    const call = `delete ${keys.join(' ')}`;
    await this.#begin(call);
    for (const key of keys) {
      const [info, object] = [await this.#store.stat(key), await this.#store.read(key)];
      if (!info || !object) continue;
      this.#deleted.set(key, { info, object });
      this.#rotten.delete(key);
    }
    for (const key of [...this.#deleted.keys()].slice(0, -RECENT_MAX)) this.#deleted.delete(key);
    await this.#store.delete(keys);
    this.#loseAnswer(call);
  }

  async #begin(call: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#late.length > 0 && this.#random.next() < 0.25) await this.#deliver();
    if (this.#strikes('slow', call)) {
      await this.#clock.sleep(ms(Math.ceil(this.#random.next() * SLOW_MAX_MS)), signal);
    }
    if (this.#downCalls === 0 && this.#strikes('down', call)) {
      this.#downCalls = 1 + Math.floor(this.#random.next() * DOWN_CALLS_MAX);
    }
    if (this.#downCalls > 0) {
      this.#downCalls--;
      throw lost();
    }
    if (this.#strikes('unreachable', call)) throw lost();
  }

  /** Has a create of what is deleted by now arrive once more. */
  async #deliver(): Promise<void> {
    const at = this.#late.findIndex(({ key }) => this.#deleted.has(key));
    const [late] = at < 0 ? [] : this.#late.splice(at, 1);
    if (!late) return;
    if (await this.#store.create(late.key, late.bytes)) this.done.push(`came again: ${late.key}`);
  }

  /** Draws for a fault. One that is off draws nothing, so that it does not shift the others. */
  #strikes(name: keyof Faults, call: string): boolean {
    const probability = this.#faults[name];
    if (probability === 0 || this.#random.next() >= probability) return false;
    this.done.push(`${name}: ${call}`);
    return true;
  }

  #failIfFull(call: string): void {
    if (this.#strikes('full', call)) throw fault('DISK_FULL', { what: 'the archive has no room' });
  }

  #loseAnswer(call: string): void {
    if (this.#strikes('lostAnswer', call)) throw lost();
  }

  #partOf(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(0, Math.floor(this.#random.next() * bytes.length));
  }

  #remember(key: string): void {
    this.#deleted.delete(key);
    this.#created.push(key);
    if (this.#created.length > RECENT_MAX) this.#created.shift();
  }

  /** `bytes`, which begin at `offset` of an object of `size`, with the rotten bit if it is among them. */
  #rotted(key: string, bytes: Buffer, offset: number, size: number): Buffer {
    const where = this.#rotten.get(key);
    if (where === undefined) return bytes;
    const bit = Math.floor(where * size * 8);
    const at = (bit >> 3) - offset;
    if (at < 0 || at >= bytes.length) return bytes;
    const rotted = Buffer.from(bytes);
    rotted.writeUInt8(rotted.readUInt8(at) ^ (1 << (bit & 7)), at);
    return rotted;
  }

  #staled(prefix: string, found: readonly ObjectInfo[]): ObjectInfo[] {
    const hidden = new Set(this.#created.filter(() => this.#random.next() < 0.5));
    const listed = new Set(found.map(({ key }) => key));
    const gone = [...this.#deleted.values()]
      .map(({ info }) => info)
      .filter(({ key }) => key.startsWith(prefix) && !listed.has(key) && this.#random.next() < 0.5);
    return [...found.filter(({ key }) => !hidden.has(key)), ...gone];
  }

  #shuffled(found: readonly ObjectInfo[]): ObjectInfo[] {
    return found
      .map((info) => ({ info, at: this.#random.next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ info }) => info);
  }
}

const lost = (): Error => fault('ARCHIVE_DOWN', { why: 'its store does not answer' });
