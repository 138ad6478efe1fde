/**
 * The named places where a test may stop, fail or kill the program: one between each two steps of
 * every transition, so that "a crash at any step heals" can be tried at every step.
 */
export const FAILPOINTS = [
  'create.recorded',
  'create.done',
  'wake.recorded',
  'wake.placed',
  'wake.started',
  'wake.settled',
  'wake.done',
  'suspend.recorded',
  'suspend.parked',
  'suspend.stopped',
  'suspend.done',
  'shed.done',
  'archive.recorded',
  'archive.saved',
  'archive.noted',
  'archive.removed',
  'archive.done',
  'archive.packed',
  'archive.listed',
  'archive.headed',
  'snapshot.recorded',
  'snapshot.saved',
  'hydrate.claimed',
  'hydrate.loaded',
  'hydrate.placed',
  'restore.stopped',
  'restore.noted',
  'restore.removed',
  'fork.shared',
  'collect.dropped',
  'delete.recorded',
  'delete.stopped',
  'delete.removed',
  'delete.forgotten',
  'rotate.recorded',
  'rotate.done',
  'husk.copied',
  'husk.done',
  'template.built',
  'proxy.locked',
  'proxy.started',
  'proxy.told',
  'proxy.opened',
] as const;

export type FailpointName = (typeof FAILPOINTS)[number];

/** Resolves at once in production. A test makes a point throw, wait or kill the process. */
export interface Failpoints {
  reach(point: FailpointName): Promise<void>;
}

/** Failpoints that do nothing. */
export const NO_FAILPOINTS: Failpoints = { reach: () => Promise.resolve() };
