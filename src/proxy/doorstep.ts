/**
 * What a parked session hears whose coming does not wake its tenant.
 *
 *   parked ──speaks; pings, known for it──▶ answered here ──▶ parked
 *      │ └──speaks; may not wake──▶ does the compute run? ──yes──▶ it gets a backend, as anybody
 *      │                                └──no──▶ answered here: pings truly, all else with `TENANT_ASLEEP`
 *      └──speaks; may wake──▶ waking, as anybody
 *
 * Once a run of extended messages is begun here it is ended here: a backend would not know its beginning.
 * Only whole messages are taken; the rest waits in the relay.
 */
import { fault } from '../domain/faults.ts';
import type { TenantName } from '../domain/ids.ts';
import { failureResponse } from '../wire/error-response.ts';
import { StandIn, type StandInOptions } from '../wire/stand-in.ts';
import type { Evidence } from './evidence.ts';
import type { Idleness } from './idleness.ts';
import type { ParkingOptions } from './parking-options.ts';
import { BUFFERED_MAX } from './relay-options.ts';
import type { Visitor } from './visitors.ts';

export type DoorstepOptions = Omit<ParkingOptions, 'id' | 'identity'> & {
  /** The text of a statement that the session has prepared under a name, if it has no parameters. */
  readonly prepared?: (name: string) => string | undefined;
  readonly idleness: Idleness;
  /** Nothing of what was said goes to a backend. */
  readonly onTaken?: () => void;
};

export class Doorstep {
  readonly #options: DoorstepOptions;
  /** Only there while the client is in a run that was begun here. */
  #standIn: StandIn | null = null;

  constructor(options: DoorstepOptions) {
    this.#options = options;
  }

  /** Its client has said something. Whether that needs no backend, and is taken care of. */
  takes(): boolean {
    const { relay, pool, visitor } = this.#options;
    if (this.#standIn === null) {
      const { answered, wakes } = visitor.verdictOfPings;
      // Whoever may not wake at all is told first whether the compute runs.
      if (pool.isAwake || wakes || !answered || !visitor.verdict.wakes) return false;
      if (!isAllPings(relay.heldBack, this.#terms(true))) return false;
    }
    this.#answer(true);
    return true;
  }

  /** It may not wake, and the compute does not run. */
  refuse(): void {
    this.#answer(this.#options.visitor.verdictOfPings.answered);
  }

  #answer(answersPings: boolean): void {
    const { relay, meter, visitor, pool, evidence, onTaken, idleness, clock } = this.#options;
    const said = Buffer.concat(relay.heldBack);
    const standIn = this.#standIn ?? new StandIn(this.#terms(answersPings));
    const before = standIn.queries;
    switch (standIn.take(said)) {
      case 'cut':
        // The rest of it may come; but nobody waits for more than a relay holds.
        if (said.length > BUFFERED_MAX) relay.end(asleep(pool.door.name, visitor));
        return;
      case 'broken':
        relay.violated();
        return;
    }
    this.#standIn = standIn.isAtRest ? null : standIn;
    if (standIn.isAtRest) evidence.settled();
    const answer = standIn.said();
    meter.queries += standIn.queries - before;
    meter.byRobots += standIn.queries - before;
    meter.bytesIn += said.length;
    meter.bytesOut += answer.length;
    onTaken?.();
    idleness.look(relay, clock.now());
    relay.answer(answer);
  }

  #terms(answersPings: boolean): StandInOptions {
    const { pool, visitor, evidence, prepared } = this.#options;
    return {
      refusal: failureResponse(asleep(pool.door.name, visitor)),
      answersPings,
      prepared: (name) => (name === '' ? unnamedOf(evidence) : prepared?.(name)),
      onTaken: (type, bytes, start, end) => {
        evidence.asked(type, bytes, start, end);
        visitor.pulse.asked(type, bytes, start, end);
      },
    };
  }
}

function isAllPings(said: readonly Buffer[], terms: StandInOptions): boolean {
  // Whoever listens is called back without having said anything.
  if (said.length === 0) return false;
  const trial = new StandIn({ ...terms, onTaken: () => {} });
  return trial.take(Buffer.concat(said)) === 'taken' && trial.isAtRest && !trial.hasRefused;
}

/** Why such a visitor has no answer from a tenant that sleeps. */
export function asleep(tenant: TenantName, { verdict }: Visitor): ReturnType<typeof fault> {
  const rule = verdict.rule ?? 'everybody';
  return fault('TENANT_ASLEEP', {
    tenant,
    why:
      `a ${verdict.class} does not wake it (${rule}); ` +
      `a rule with "wakes": true among the policy's visitors lets it`,
  });
}

/** The text of the unnamed statement; undefined if there is none, it is not known, or it has parameters. */
function unnamedOf({ unnamed, isUnnamedLost }: Evidence): string | undefined {
  if (unnamed === null || isUnnamedLost) return undefined;
  const end = unnamed.indexOf(0, 1);
  if (end < 0 || unnamed.readUInt16BE(end + 1) > 0) return undefined;
  return unnamed.toString('latin1', 1, end);
}
