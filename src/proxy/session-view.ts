/** A session as people are shown it. */
import type { PinReason, SessionView } from '../domain/gate.ts';
import { elapsed, type Instant, ms } from '../domain/units.ts';
import type { Idleness } from './idleness.ts';
import type { ParkingOptions } from './parking-options.ts';
import type { ParkingKind } from './parking-states.ts';

export type Shown = ParkingOptions & {
  readonly kind: ParkingKind;
  readonly isBound: boolean;
  readonly reason: PinReason | null;
  readonly pinnedAt: Instant | undefined;
  readonly idleness: Idleness;
};

export function sessionView(shown: Shown, now: Instant): SessionView {
  const { id, relay, evidence, kind, isBound, reason, idleness } = shown;
  const { cause } = shown.visitor;
  const pinnedFor = elapsed(shown.pinnedAt ?? idleness.since, now);
  const isWaiting = kind === 'waiting' || kind === 'restoring';
  const bound = reason === null ? 'bound' : 'pinned';
  return {
    id,
    role: cause.role,
    applicationName: cause.applicationName,
    from: cause.from,
    visitor: cause.visitor,
    statement: evidence.statement,
    state: isWaiting ? 'waiting' : isBound ? bound : 'parked',
    openFor: elapsed(idleness.openedAt, now),
    idleFor: relay.isBusy ? ms(0) : elapsed(idleness.since, now),
    pin: reason === null ? null : { reason, statement: evidence.suspect, since: pinnedFor },
  };
}
