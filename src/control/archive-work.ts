/**
 * What the archive is doing for which tenant, and the way to stop it.
 *
 * Whoever moves a tenant's data does so through the port to the archive. So an operation is followed there: what it
 * has written is told, and it is stopped by the signal that every such call takes. From the moment on that a snapshot
 * is there, what uses it goes on to its end.
 */
import type { Archive, OnProgress } from '../domain/archive.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Progress } from '../domain/operation.ts';
import { overseen } from './overseen.ts';

/** One piece of work about a tenant, followed from its beginning to its end. */
export type Followed = {
  readonly signal: AbortSignal;
  /** What was done last. */
  progress: Progress | null;
  /** There is no way back any more. */
  isCommitted: boolean;
  /** Which step that is; what comes after it cannot be stopped. */
  readonly commitsAt: 'save' | 'share';
};

/** Who is told of one step. */
type Following = { readonly all: ReadonlySet<Followed>; readonly onProgress: OnProgress };

export class ArchiveWork {
  readonly #followed = new Map<TenantId, Set<Followed>>();

  /** The answer ends it. */
  follow(tenant: TenantId, work: Followed): () => void {
    const all = this.#followed.get(tenant) ?? new Set();
    this.#followed.set(tenant, all.add(work));
    return () => {
      all.delete(work);
      if (all.size === 0 && this.#followed.get(tenant) === all) this.#followed.delete(tenant);
    };
  }

  /** `archive`, followed. */
  watching<A extends Archive>(archive: A): A {
    const own: Pick<Archive, 'save' | 'load' | 'share'> = {
      save: async (request) => {
        const { all, onProgress } = this.#of(request.tenant, 'the data is being saved');
        const signals = [...all].map(({ signal }) => signal);
        const signal = AbortSignal.any([request.signal, ...signals]);
        const saved = await archive.save({ ...request, signal, onProgress });
        for (const work of all) work.isCommitted ||= work.commitsAt === 'save';
        return saved;
      },
      load: async (request) => {
        const { onProgress } = this.#of(request.tenant, 'the data is being brought back');
        return await archive.load({ ...request, onProgress });
      },
      share: async (from, to) => {
        for (const work of this.#of(from.tenant, 'the snapshot is being copied').all) {
          work.signal.throwIfAborted();
          work.isCommitted = true;
        }
        return await archive.share(from, to);
      },
    };
    return overseen<Archive>(archive, { own }) as A;
  }

  #of(tenant: TenantId, step: string): Following {
    const all = this.#followed.get(tenant) ?? new Set<Followed>();
    const onProgress = (doneBytes: number | null, allBytes: number | null): void => {
      for (const work of all) work.progress = { step, doneBytes, allBytes };
    };
    onProgress(null, null);
    return { all, onProgress };
  }
}
