/** What every `Store` keeps, as one suite for all of them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectInfo, Store } from '../archive/store.ts';

export type OpenStore = {
  readonly store: Store;
  readonly close?: () => Promise<void>;
};

/** Larger than what S3 stores write in one request. */
const LARGE = 17 * 1_024 * 1_024 + 3;

const CREATORS = 8;

export async function keysOf(objects: AsyncIterable<ObjectInfo>): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of objects) keys.push(key);
  return keys.sort();
}

const text = (value: string): Buffer => Buffer.from(value);

const patterned = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff));

/** Runs the suite; `open` gives a new empty store each time. */
export function storeContract(name: string, open: () => Promise<OpenStore>): void {
  describe(`${name} is a store`, () => {
    let opened: OpenStore;
    let store: Store;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close?.());

    describeObjects(() => store);
    describeRefusals(() => store);
    describePointers(() => store);
    describeLists(() => store);
  });
}

function describeObjects(store: () => Store): void {
  test('an object is created once and read as it was', async () => {
    expect(await store().create('a/b', text('one'))).toBe(true);
    expect(await store().create('a/b', text('two'))).toBe(false);
    expect((await store().read('a/b'))?.bytes).toEqual(text('one'));
  });

  test('what is not there is undefined, not an error', async () => {
    await store().create('there/x', text('x'));
    for (const key of ['missing', 'there', 'there/y', 'there/x/y']) {
      expect(await store().read(key)).toBe(undefined);
      expect(await store().readRange(key, { offset: 0, length: 1 })).toBe(undefined);
      expect(await store().stat(key)).toBe(undefined);
    }
  });

  test('an empty object is an object', async () => {
    expect(await store().create('empty', text(''))).toBe(true);
    expect((await store().read('empty'))?.bytes).toEqual(text(''));
    expect(await store().stat('empty')).toMatchObject({ key: 'empty', size: 0 });
    expect(await store().readRange('empty', { offset: 0, length: 9 })).toEqual(text(''));
  });

  test('a range is read, shorter where the object ends', async () => {
    await store().create('r', text('0123456789'));
    const part = (offset: number, length: number) => store().readRange('r', { offset, length });
    expect(await part(0, 3)).toEqual(text('012'));
    expect(await part(4, 2)).toEqual(text('45'));
    expect(await part(8, 5)).toEqual(text('89'));
    expect(await part(10, 5)).toEqual(text(''));
    expect(await part(99, 5)).toEqual(text(''));
    expect(await part(3, 0)).toEqual(text(''));
  });

  test('every byte of a large object comes back', async () => {
    const bytes = patterned(LARGE);
    expect(await store().create('large', bytes)).toBe(true);
    expect(await store().create('large', bytes)).toBe(false);
    expect((await store().read('large'))?.bytes.equals(bytes)).toBe(true);
    const end = await store().readRange('large', { offset: LARGE - 5, length: 50 });
    expect(end).toEqual(bytes.subarray(LARGE - 5));
    expect(await store().stat('large')).toMatchObject({ size: LARGE });
  });

  test('of many who create an object at once, one does', async () => {
    const tries = Array.from({ length: CREATORS }, (_, n) => store().create('race', text(`${n}`)));
    const won = (await Promise.all(tries)).flatMap((made, n) => (made ? [n] : []));
    expect(won).toHaveLength(1);
    expect((await store().read('race'))?.bytes).toEqual(text(`${won[0]}`));
  });

  test('a deleted object is gone, others stay, and it can be created again', async () => {
    for (const key of ['d/1', 'd/2', 'd/3']) await store().create(key, text(key));
    await store().delete(['d/1', 'd/3', 'd/never']);
    expect(await keysOf(store().list(''))).toEqual(['d/2']);
    await store().delete([]);
    expect(await store().read('d/1')).toBe(undefined);
    expect(await store().create('d/1', text('again'))).toBe(true);
    expect((await store().read('d/1'))?.bytes).toEqual(text('again'));
  });
}

function describeRefusals(store: () => Store): void {
  test('what an aborted signal is given for is thrown, and nothing is written', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(store().create('aborted', text('x'), signal)).rejects.toBe(reason);
    await expect(store().read('aborted', signal)).rejects.toBe(reason);
    const range = { offset: 0, length: 1 };
    await expect(store().readRange('aborted', range, signal)).rejects.toBe(reason);
    expect(await keysOf(store().list(''))).toEqual([]);
  });

  test.each(['', '/a', 'a/', 'a//b', '..', 'a/../b', '.hidden', 'a/.b', 'A', 'a b', 'a~', 'a\0'])(
    'the key %j is refused',
    async (key) => {
      await expect(store().create(key, text('x'))).rejects.toThrow('is no key');
      await expect(store().read(key)).rejects.toThrow('is no key');
      await expect(store().swap(key, text('x'), null)).rejects.toThrow('is no key');
      await expect(store().delete([key])).rejects.toThrow('is no key');
    },
  );
}

function describePointers(store: () => Store): void {
  test('a pointer moves from version to version, and an old one moves nothing', async () => {
    const first = await store().swap('heads/t', text('1'), null);
    expect(first).not.toBe(null);
    const second = await store().swap('heads/t', text('2'), first);
    expect(second).not.toBe(null);
    expect(second).not.toBe(first);
    expect(await store().swap('heads/t', text('3'), first)).toBe(null);
    expect(await store().swap('heads/t', text('3'), null)).toBe(null);
    expect(await store().swap('heads/t', text('3'), 'never')).toBe(null);
    expect(await store().read('heads/t')).toEqual({ bytes: text('2'), version: second });
    expect(await store().readRange('heads/t', { offset: 0, length: 9 })).toEqual(text('2'));
    expect(await store().stat('heads/t')).toMatchObject({ key: 'heads/t', size: 1 });
  });

  test('a version that was read can be replaced', async () => {
    await store().swap('p', text('1'), null);
    const read = await store().read('p');
    expect(await store().swap('p', text('2'), read?.version ?? null)).not.toBe(null);
    expect((await store().read('p'))?.bytes).toEqual(text('2'));
  });

  test('a pointer and an object do not take each other’s key', async () => {
    await store().swap('p', text('pointer'), null);
    expect(await store().create('p', text('object'))).toBe(false);
    await store().create('o', text('object'));
    expect(await store().swap('o', text('pointer'), null)).toBe(null);
    expect((await store().read('p'))?.bytes).toEqual(text('pointer'));
    expect((await store().read('o'))?.bytes).toEqual(text('object'));
  });

  test('no version is there to replace before the first and after a deletion', async () => {
    const version = await store().swap('p/q', text('1'), null);
    expect(await store().swap('other', text('1'), version)).toBe(null);
    await store().delete(['p/q']);
    expect(await store().read('p/q')).toBe(undefined);
    expect(await store().swap('p/q', text('2'), version)).toBe(null);
    expect(await store().swap('p/q', text('3'), null)).not.toBe(null);
    expect(await store().swap('p/q', text('4'), version)).toBe(null);
    expect((await store().read('p/q'))?.bytes).toEqual(text('3'));
  });

  test('of many who swap a version at once, one does', async () => {
    let version = await store().swap('race', text('start'), null);
    for (let round = 0; round < 5; round++) {
      const expected = version;
      const tries = Array.from({ length: CREATORS }, (_, n) =>
        store().swap('race', text(`${round}.${n}`), expected),
      );
      const results = await Promise.all(tries);
      const won = results.flatMap((made, n) => (made === null ? [] : [{ made, n }]));
      expect(won).toHaveLength(1);
      version = won[0]?.made ?? null;
      expect(await store().read('race')).toEqual({ bytes: text(`${round}.${won[0]?.n}`), version });
    }
  });
}

function describeLists(store: () => Store): void {
  test('all objects of a prefix are listed once, with their sizes and times', async () => {
    for (const key of ['v/a/1', 'v/a/2', 'v/ab/3', 'v/b', 'w/1']) {
      await store().create(key, text(key));
    }
    await store().swap('v/a/head', text('head'), null);
    expect(await keysOf(store().list(''))).toHaveLength(6);
    expect(await keysOf(store().list('v/'))).toEqual(
      ['v/a/1', 'v/a/2', 'v/a/head', 'v/ab/3', 'v/b'].sort(),
    );
    expect(await keysOf(store().list('v/a'))).toEqual(['v/a/1', 'v/a/2', 'v/a/head', 'v/ab/3']);
    expect(await keysOf(store().list('v/a/'))).toEqual(['v/a/1', 'v/a/2', 'v/a/head']);
    expect(await keysOf(store().list('v/a/1'))).toEqual(['v/a/1']);
    expect(await keysOf(store().list('v/a/he'))).toEqual(['v/a/head']);
    expect(await keysOf(store().list('v/a/1/'))).toEqual([]);
    expect(await keysOf(store().list('none/'))).toEqual([]);
    for await (const info of store().list('')) {
      expect(info).toEqual(await store().stat(info.key));
      expect(info.size).toBe((await store().read(info.key))?.bytes.length);
      expect(Number.isSafeInteger(info.writtenAt)).toBe(true);
    }
  });

  test('what is listed may be deleted meanwhile', async () => {
    const keys = Array.from({ length: 130 }, (_, n) => `many/${n % 7}/${n}`);
    await Promise.all(keys.map((key) => store().create(key, text('x'))));
    let seen = 0;
    for await (const { key } of store().list('many/')) {
      seen++;
      await store().delete([key]);
    }
    expect(seen).toBe(keys.length);
    expect(await keysOf(store().list(''))).toEqual([]);
  });
}
