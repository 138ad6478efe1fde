import { expect, test } from 'vitest';
import type { DoneRequest } from '../../domain/done-request.ts';
import { timestamp } from '../../domain/units.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { realPostgres } from '../../testing/real-postgres.ts';
import { openCatalog } from '../open-catalog.ts';

test('requests that were done are found until they are too old, and forgotten then', async () => {
  await using postgres = await realPostgres();
  const log = new MemoryLog();
  await using catalog = await openCatalog({ connection: postgres.connection, log });
  const { doneRequests } = catalog.stores;
  const keyHash = new Uint8Array(32).fill(1);
  const done: DoneRequest = {
    ...{ keyHash, requestHash: new Uint8Array(32).fill(2), operation: 'createCustomer' },
    ...{ answer: { id: 'cu_1', tenantsMax: null }, subject: { id: 'cu_1' } },
  };
  const plain = (found: DoneRequest | undefined) =>
    found && { ...found, requestHash: new Uint8Array(found.requestHash) };
  await doneRequests.save({ ...done, answer: null }, timestamp(1_000));
  expect(plain(await doneRequests.find(keyHash, timestamp(0)))).toEqual({ ...done, answer: null });
  await doneRequests.save(done, timestamp(2_000));
  expect(plain(await doneRequests.find(keyHash, timestamp(1_999)))).toEqual(done);
  expect(await doneRequests.find(keyHash, timestamp(2_000))).toBeUndefined();
  expect(await doneRequests.forget(timestamp(2_000), 5)).toBe(0);
  expect(await doneRequests.forget(timestamp(2_001), 5)).toBe(1);
  expect(await doneRequests.find(keyHash, timestamp(0))).toBeUndefined();
});
