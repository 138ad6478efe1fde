import { appendFileSync, copyFileSync, statSync, truncateSync } from 'node:fs';

/** One file of what was said before, and one that is written to. */
const BYTES_MAX = 4 * 1024 * 1024;

/**
 * A file that lines are appended to, and that is begun anew when it is long; what it held is kept
 * in `PATH.1`. It is cut, not replaced, since other processes have it open to append to.
 */
export const boundedFile = (path: string) => ({
  write: (line: string): void => {
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > BYTES_MAX) {
        copyFileSync(path, `${path}.1`);
        truncateSync(path);
      }
      appendFileSync(path, line, { mode: 0o600 });
    } catch {
      // The disk is full. Whoever serves clients does not stop for its log.
    }
  },
});
