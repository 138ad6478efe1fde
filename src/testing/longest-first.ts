import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Minutes of a machine's time; begun last, one of them would run alone at the end. */
const LONGEST = [
  'src/main/ladder-crash.e2e.test.ts',
  'src/main/crash.e2e.test.ts',
  'src/orchestrator/month.sim.test.ts',
  'src/main/data-plane.e2e.test.ts',
  'src/dashboard/customer/customer.e2e.test.ts',
  'src/main/ladder-archive.e2e.test.ts',
  'src/main/clients/pg.e2e.test.ts',
  'src/main/quotas.e2e.test.ts',
  'src/main/server.e2e.test.ts',
  'src/api/every-route.test.ts',
];

/** From what takes longest to what is over at once. */
const KINDS = ['.e2e.test.', '.sim.test.', '.pg.test.'];

/** Begins with what takes longest: nothing is known of the last run where the checkout is fresh. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    return bySize.toSorted((a, b) => rankOf(a.moduleId) - rankOf(b.moduleId));
  }
}

function rankOf(path: string): number {
  const place = LONGEST.findIndex((long) => path.endsWith(long));
  if (place !== -1) return place;
  const kind = KINDS.findIndex((part) => path.includes(part));
  return LONGEST.length + (kind === -1 ? KINDS.length : kind);
}
