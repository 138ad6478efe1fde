import { expect, test } from 'vitest';
import type { Decision } from '../../domain/decision.ts';
import { timestamp } from '../../domain/units.ts';
import { draft } from '../../testing/drafts.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { realPostgres } from '../../testing/real-postgres.ts';
import { openCatalog } from '../open-catalog.ts';

const DAY = 86_400_000;

test('beats, days and gaps are kept; a second beat replaces the figures of its day', async () => {
  await using postgres = await realPostgres();
  const log = new MemoryLog();
  await using catalog = await openCatalog({ connection: postgres.connection, log });
  const { service } = catalog.stores;
  expect(await service.life()).toBe(null);
  const first = timestamp(Date.UTC(2030, 0, 7));
  const later = timestamp(first + DAY);
  await service.beat(timestamp(first + 5), { day: first, figures: { a: 1 } }, false);
  await service.beat(timestamp(first + 9), { day: first, figures: { a: 2, b: [1, 2] } }, false);
  await service.beat(timestamp(later + 1), { day: later, figures: {} }, true);
  expect(await service.life()).toEqual({
    ...{ bornAt: first + 5, beatAt: later + 1, isClosed: true },
  });
  expect(await service.days(first)).toEqual([
    { day: first, figures: { a: 2, b: [1, 2] } },
    { day: later, figures: {} },
  ]);
  expect(await service.days(later)).toHaveLength(1);
  const gap = { from: timestamp(first + 10), to: timestamp(first + 500), planned: false };
  await service.addGap(gap);
  await service.addGap(gap);
  expect(await service.gaps(timestamp(first + 499))).toEqual([gap]);
  expect(await service.gaps(timestamp(first + 500))).toEqual([]);
  const far = timestamp(first + 500 * DAY);
  await service.beat(far, { day: far, figures: {} }, false);
  expect(await service.days(timestamp(0))).toEqual([{ day: far, figures: {} }]);
  expect(await service.gaps(timestamp(0))).toEqual([]);
  expect([await service.risen(first), await service.customers()]).toEqual([0, 0]);
});

test('changes of tier are counted by day of UTC, by an index', async () => {
  await using postgres = await realPostgres();
  const log = new MemoryLog();
  await using catalog = await openCatalog({ connection: postgres.connection, log });
  const { id } = await catalog.insertTenant(draft('acme'));
  const first = timestamp(Date.UTC(2030, 0, 7));
  const decided = (at: number, kind: Decision['kind'], from: string, to: string) => ({
    ...{ tenant: id, decision: { at: timestamp(at), kind, from, to, because: '', inputs: {} } },
  });
  await catalog.recordDecisions([
    decided(first - 1, 'tier', 'COLD', 'WARM'),
    decided(first, 'tier', 'COLD', 'WARM'),
    decided(first + 5, 'prewarm', 'COLD', 'WARM'),
    decided(first + DAY - 1, 'tier', 'COLD', 'WARM'),
    // Said of one that stays: a person has chosen the tier that it has.
    decided(first + 9, 'tier', 'HOT', 'HOT'),
    decided(first + DAY, 'tier', 'WARM', 'HOT'),
    decided(first + 2 * DAY, 'tier', 'HOT', 'COLD'),
  ]);
  const { service } = catalog.stores;
  expect(await service.tierFlows(first, timestamp(first + 2 * DAY))).toEqual([
    { day: first, from: 'COLD', to: 'WARM', times: 2 },
    { day: first + DAY, from: 'WARM', to: 'HOT', times: 1 },
  ]);
});
