import { expect, test } from 'vitest';
import type { AuditEnd, NewAuditEntry } from '../../domain/audit.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { utc } from '../../testing/ledger-rows.ts';
import { MemoryPrices } from '../../testing/memory-economics.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { startWithPrices } from './given-prices.ts';
import { PriceDesk } from './price-desk.ts';

const OURS = JSON.stringify({ preset: 'railway', versions: [{ prices: { memory: '9' } }] });

test('a book that a server is started with is audited as a change is, and once', async () => {
  const clock = new VirtualClock(utc('2026-11-02'));
  const store = new MemoryPrices();
  const settledUntil = async () => null;
  const entries: (NewAuditEntry | AuditEnd)[] = [];
  let isDown = false;
  const audit = {
    add: async (entry: NewAuditEntry) => {
      if (isDown) throw new Error('the catalog is down');
      return entries.push(entry) - 1;
    },
    finish: async (id: number, end: AuditEnd) => {
      entries[id] = { ...entries[id], ...end };
    },
  };
  const prices = await PriceDesk.open({ clock, store, settledUntil });
  const world = { prices, audit, log: new MemoryLog() };
  const told = () => entries.map((entry) => [(entry as NewAuditEntry).operation, entry.outcome]);
  await startWithPrices(world, { name: 'ours', document: OURS });
  expect(told()).toEqual([
    ['putPriceBook', 'done'],
    ['usePriceBook', 'done'],
  ]);
  expect(entries[1]).toMatchObject({
    caller: { kind: 'admin-key', id: 'admin', name: '--price-book' },
    ...{ target: 'ours', before: { priceBook: null }, after: { priceBook: 'ours' } },
  });
  await startWithPrices(world, { name: 'ours', document: OURS });
  expect(entries.length).toBe(2);
  await startWithPrices(world, { name: 'vision', document: null });
  expect(entries[2]).toMatchObject({
    before: { priceBook: 'ours' },
    after: { priceBook: 'vision' },
  });
  const refused = { name: 'vision', document: OURS };
  await expect(startWithPrices(world, refused)).rejects.toMatchObject({ code: 'BAD_PRICES' });
  expect(entries[3]).toMatchObject({ outcome: 'failed', fault: 'BAD_PRICES' });
  // What cannot be told is not done.
  isDown = true;
  await expect(startWithPrices(world, { name: 'ours', document: OURS })).rejects.toThrow('down');
  expect(prices.chosen?.name).toBe('vision');
});
