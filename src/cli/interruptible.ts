import { badRequest } from './failure.ts';
import type { World } from './world.ts';

/** What is begun is left at Ctrl-C by `signal`, so that nothing half done stays. */
export async function interruptible<T>(
  world: World,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = world.onInterrupt(() => controller.abort(badRequest('stopped; nothing is kept')));
  try {
    return await work(controller.signal);
  } finally {
    stop();
  }
}
