import { expect, test } from 'vitest';
import type { Decision } from '../domain/decision.ts';
import { newTenantId } from '../domain/ids.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { decisionPage } from './decisions.ts';

const tenant = newTenantId(new SeededRandom(1));

const decided = (at: number, because: string): Decision => ({
  ...{ at: timestamp(at), kind: 'anomaly', from: null, to: null, because, inputs: {} },
});

/** The pages of these decisions, as the reasons on each. */
async function pagesOf(all: readonly Decision[], limit: number): Promise<readonly string[]> {
  const store = new MemoryPolicyStore();
  await store.recordDecisions(all.map((decision) => ({ tenant, decision })));
  const pages: string[] = [];
  let before: Timestamp | null = null;
  do {
    const page = await decisionPage(store, tenant, { before, limit });
    pages.push(page.decisions.map(({ because }) => because).join(''));
    before = page.next;
  } while (before !== null);
  return pages;
}

test.each([
  [1, [10, 20, 30], ['c', 'b', 'a']],
  [2, [10, 20, 30], ['cb', 'a']],
  [3, [10, 20, 30], ['cba']],
  [2, [10, 20, 20, 30], ['d', 'cb', 'a']],
  [1, [10, 20, 20, 20, 20], ['edcb', 'a']],
  [2, [10, 10, 10], ['cba']],
  [2, [], ['']],
])(
  'pages of %i end between two milliseconds, so that none is lost: %j',
  async (limit, times, pages) => {
    const all = times.map((at, i) => decided(at, 'abcde'.charAt(i)));
    expect(await pagesOf(all, limit)).toEqual(pages);
  },
);
