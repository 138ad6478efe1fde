/**
 * What the levels need of the page cache. `system/page-cache.ts` has it, in a thread of its own: a
 * tenant has a thousand files.
 *
 * Files lie in a directory that a tenant owns. No link is followed, no pipe is waited for, and nothing
 * but plain files below the directory is opened.
 */

/** A piece of a file. */
export type FileRange = {
  /** Relative to the directory it is in. */
  readonly name: string;
  readonly from: number;
  /** Null reaches to the end of the file. */
  readonly bytes: number | null;
};

/** One file, in bytes. */
export type FileFacts = {
  readonly name: string;
  /** Taken on disk. */
  readonly allocated: number;
  /** In the page cache; null where that is not told. */
  readonly resident: number | null;
};

export interface PageCache {
  /** Every plain file below `directory`, up to a bound. Empty if there is none. */
  survey(directory: string): Promise<readonly FileFacts[]>;

  /**
   * Drops ranges from the page cache in the order given, until at least `bytesMin` are gone. Returns how
   * many are; 0 where that cannot be done. What waits to be written stays unless it is soon.
   */
  drop(directory: string, ranges: readonly FileRange[], bytesMin: number): Promise<number>;

  /**
   * Has ranges read in the order given, up to `bytesMax`, leaving out what is there already. Does not
   * wait for the disk. Returns the bytes asked for; 0 where that cannot be done.
   */
  read(
    directory: string,
    ranges: readonly FileRange[],
    bytesMax: number,
    signal: AbortSignal,
  ): Promise<number>;

  /** Ends the thread. What is under way fails. */
  close(): Promise<void>;
}
