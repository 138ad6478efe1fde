/** The archive as production has it, on a directory, for tests that need real data directories. */
import { openDirectoryStore } from '../archive/directory-store.ts';
import { type OpenArchive, openArchive } from '../archive/open-archive.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import type { Log } from '../domain/log.ts';
import type { EmbeddedOptions } from '../embedded/engine.ts';
import { SystemClock } from '../system/clock.ts';
import { SystemRandom } from '../system/random.ts';

const MASTER_KEY = Buffer.alloc(32, 'only for tests');

type RealArchiveParts = {
  /** Of the store; made if it is missing. */
  readonly path: string;
  readonly log: Log;
  readonly failpoints: Failpoints;
};

/** Opens archives on one store, as the engine asks for them, and closes them all at the end. */
export class RealArchives implements AsyncDisposable {
  readonly #parts: RealArchiveParts;
  readonly #open: OpenArchive[] = [];

  constructor(parts: RealArchiveParts) {
    this.#parts = parts;
  }

  readonly open: EmbeddedOptions['archive'] = async (template) => {
    const { path, log, failpoints } = this.#parts;
    const clock = new SystemClock();
    const archive = await openArchive({
      store: await openDirectoryStore({ path, clock }),
      masterKey: MASTER_KEY,
      template,
      random: new SystemRandom(),
      ...{ clock, log, failpoints },
    });
    this.#open.push(archive);
    return archive;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((archive) => archive.close()));
  }
}
