/** Hands on what is learned of reads wherever a compute is asked something anyway. */
import type { TenantId } from '../../domain/ids.ts';
import type { LevelHits } from '../../domain/levels.ts';
import type { PageReading, PageReads } from '../../domain/metering.ts';

/** What was learned, with all reads of a run since it began. */
export type ReadsLearned = Pick<PageReading, 'run' | 'at' | 'cachedBytes'> & {
  readonly hits: LevelHits;
};

export class EmbeddedPageReads implements PageReads {
  #listener: (tenant: TenantId, reading: PageReading) => void = () => {};

  onRead(listener: (tenant: TenantId, reading: PageReading) => void): void {
    this.#listener = listener;
  }

  /** What cannot be told from the disk counts as read from there. */
  tell(tenant: TenantId, { hits, ...learned }: ReadsLearned): void {
    this.#listener(tenant, { ...learned, l1: hits.l1, l2: hits.l2 ?? 0, l3: hits.l3 });
  }
}
