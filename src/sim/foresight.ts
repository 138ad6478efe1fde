import type { TraceTenant } from './trace.ts';

/** When somebody comes after an idle time that began at `since`; infinity if nobody does. */
export type ReturnAfter = (since: number) => number;

/** What lies ahead of a tenant, for who knows the future. To be asked in order of time. */
export function returnsOf({ starts, ends }: TraceTenant): ReturnAfter {
  let next = 0;
  return (since) => {
    while (next < ends.length && (ends[next] ?? 0) <= since) next += 1;
    return starts[next] ?? Number.POSITIVE_INFINITY;
  };
}
