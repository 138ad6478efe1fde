/** Longer than any wait here; the timer is never meant to fire. */
const FOR_EVER_MS = 2 ** 31 - 1;

/**
 * Keeps this program running until `work` is over. A child process that may outlive us, a lock that
 * is watched and a pending deadline do not, so that none of them holds up a program that is done.
 */
export async function staying<T>(work: () => Promise<T>): Promise<T> {
  const hold = setTimeout(() => {}, FOR_EVER_MS);
  try {
    return await work();
  } finally {
    clearTimeout(hold);
  }
}
