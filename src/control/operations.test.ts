import { beforeEach, describe, expect, test } from 'vitest';
import type { Archive, OnProgress, SaveRequest, Snapshot } from '../domain/archive.ts';
import type { Caller } from '../domain/caller.ts';
import type { CustomerId, TenantId, TenantName } from '../domain/ids.ts';
import { hours, ms, seconds } from '../domain/units.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { MemoryOperations } from '../testing/memory-operations.ts';
import { ArchiveWork } from './archive-work.ts';
import { EventBus } from './event-bus.ts';
import { OperationDesk } from './operations.ts';

const ONE = 'cu_000000000001' as CustomerId;
const ACME = { id: 'tn_00000000acme' as TenantId, name: 'acme' as TenantName };
const ADMIN: Caller = {
  ...{ kind: 'admin-key', id: 'admin', name: 'admin', role: 'admin', isReadOnly: false },
  scope: { kind: 'operator' },
};
const OTHER: Caller = {
  ...{ ...ADMIN, kind: 'key', id: 'key_2' },
  scope: { kind: 'customer', customer: 'cu_000000000002' as CustomerId },
};

let clock: VirtualClock;
let store: MemoryOperations;
let archiveWork: ArchiveWork;
let desk: OperationDesk;

async function opened(): Promise<OperationDesk> {
  const log = new MemoryLog();
  const events = new EventBus({ clock, log });
  const random = new SeededRandom(4);
  return await OperationDesk.open({ clock, random, log, events, store, archiveWork });
}

beforeEach(async () => {
  clock = new VirtualClock();
  store = new MemoryOperations();
  archiveWork = new ArchiveWork();
  desk = await opened();
});

const wish = (kind: 'archive' | 'wake' | 'fork') =>
  ({ kind, caller: ADMIN, tenant: ACME, customer: ONE }) as const;

const done = { answer: 1, result: null };

/** An archive whose saves end when they are told to, or are given up. */
function slowArchive() {
  let finish = (): void => {};
  const save = ({ signal }: SaveRequest): Promise<Snapshot> =>
    new Promise((resolve, reject) => {
      finish = () => resolve({} as Snapshot);
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  const share = async (): Promise<Snapshot> => ({}) as Snapshot;
  const archive = archiveWork.watching({ save, share } as unknown as Archive);
  const request = { tenant: ACME.id, signal: new AbortController().signal } as SaveRequest;
  return { archive, request, finish: () => finish() };
}

describe('an operation', () => {
  test('is stopped while its data is being saved, and told as cancelled', async () => {
    const { archive, request } = slowArchive();
    const { id, outcome } = desk.begin(wish('archive'), async () => {
      await archive.save(request);
      return done;
    });
    expect((await desk.find(id, ADMIN)).progress?.step).toBe('the data is being saved');
    expect((await desk.cancel(id, ADMIN)).status).toBe('cancelled');
    await expect(outcome).rejects.toThrow('was cancelled');
    expect((await store.find(id))?.fault?.code).toBe('CANCELLED');
  });

  test('is stopped before its data is saved, also while it waits for its turn', async () => {
    const { archive, request } = slowArchive();
    let turn = (): void => {};
    const waiting = new Promise<void>((resolve) => (turn = resolve));
    const { id, outcome } = desk.begin(wish('archive'), async () => {
      await waiting;
      await archive.save(request);
      return done;
    });
    const cancelled = desk.cancel(id, ADMIN);
    turn();
    await cancelled;
    await expect(outcome).rejects.toThrow('was cancelled');
  });

  test('is not stopped any more once there is no way back', async () => {
    const { archive, request, finish } = slowArchive();
    let end = (): void => {};
    const rest = new Promise<void>((resolve) => (end = resolve));
    const { id, outcome } = desk.begin(wish('archive'), async () => {
      await archive.save(request);
      await rest;
      return done;
    });
    finish();
    await clock.advance(ms(0));
    await expect(desk.cancel(id, ADMIN)).rejects.toThrow('there is no way back');
    end();
    expect(await outcome).toBe(1);
    await expect(desk.cancel(id, ADMIN)).rejects.toThrow('it has ended');
  });

  test('tells how many bytes are done, to all who follow the same tenant', async () => {
    let told: OnProgress | undefined;
    const save = ({ onProgress }: SaveRequest): Promise<Snapshot> => {
      told = onProgress;
      return new Promise(() => {});
    };
    const archive = archiveWork.watching({ save } as unknown as Archive);
    const request = { tenant: ACME.id, signal: new AbortController().signal } as SaveRequest;
    const { id } = desk.begin(wish('fork'), async () => {
      await archive.save(request);
      return done;
    });
    const step = 'the data is being saved';
    const progressOf = async () => (await desk.find(id, ADMIN)).progress;
    expect(await progressOf()).toEqual({ step, doneBytes: null, allBytes: null });
    told?.(5, 10);
    expect(await progressOf()).toEqual({ step, doneBytes: 5, allBytes: 10 });
  });

  test('that waits for a wake can be left, and the wake goes on for the others', async () => {
    let woken = (): void => {};
    const wake = new Promise<void>((resolve) => (woken = resolve));
    const waiting = async () => {
      await wake;
      return done;
    };
    const left = desk.begin(wish('wake'), waiting);
    const other = desk.begin(wish('wake'), waiting);
    expect((await desk.cancel(left.id, ADMIN)).status).toBe('cancelled');
    await expect(left.outcome).rejects.toThrow('was cancelled');
    expect((await desk.find(other.id, ADMIN)).status).toBe('running');
    woken();
    expect(await other.outcome).toBe(1);
    expect((await desk.find(left.id, ADMIN)).status).toBe('cancelled');
    await expect(desk.cancel(left.id, ADMIN)).rejects.toThrow('it has ended');
  });

  test('of somebody else does not exist', async () => {
    const { id } = desk.begin(wish('wake'), async () => done);
    await expect(desk.find(id, OTHER)).rejects.toThrow('there is no operation');
    await expect(desk.cancel(id, OTHER)).rejects.toThrow('there is no operation');
    expect((await desk.find(id, ADMIN)).id).toBe(id);
  });

  test('that the end of the server has cut off has failed, and says so after the restart', async () => {
    const { id } = desk.begin(wish('wake'), () => new Promise<never>(() => {}));
    await clock.advance(ms(0));
    desk = await opened();
    const found = await desk.find(id, ADMIN);
    expect([found.status, found.fault?.code]).toEqual(['failed', 'OPERATION_CUT_OFF']);
  });

  test('is written as ended once the catalog is back', async () => {
    const { id, recorded, outcome } = desk.begin(wish('wake'), async () => done);
    await recorded;
    store.failNext(new Error('away'));
    await outcome;
    await clock.advance(seconds(5));
    expect((await store.find(id))?.status).toBe('done');
  });

  test('gives its answer once, in time, and to who asked', async () => {
    const { id, outcome } = desk.begin(wish('fork'), async () => done);
    await outcome;
    expect(desk.takeAnswer(id, OTHER)).toBeUndefined();
    expect(desk.takeAnswer(id, ADMIN)).toBe(1);
    expect(desk.takeAnswer(id, ADMIN)).toBeUndefined();
    const late = desk.begin(wish('fork'), async () => done);
    await late.outcome;
    await clock.advance(hours(2));
    expect(desk.takeAnswer(late.id, ADMIN)).toBeUndefined();
  });
});
