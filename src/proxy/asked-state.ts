/** The question for a session's state, and what PostgreSQL's answer to it means. */
import type { PinReason } from '../domain/gate.ts';
import type { DurationMs } from '../domain/units.ts';
import type { HiddenReplies } from '../wire/hidden-replies.ts';
import { interrogation, readInterrogation } from '../wire/interrogation.ts';
import { FRESH_STATE, type Interrogated, type SessionState } from '../wire/session-state.ts';
import type { Evidence } from './evidence.ts';
import type { ParkingOptions } from './parking-options.ts';
import { type Purpose, SEQUENCE_GRACE } from './parking-states.ts';
import type { PoolMemory } from './pool-memory.ts';
import { type Identity, type PooledBackend, parameterStatus } from './pooled-backend.ts';

/** As far as it decides. */
export type Found = {
  readonly reason: PinReason | null;
  readonly holdsSequence: boolean;
  readonly isTainted: boolean;
};

/** Null if PostgreSQL did not answer as it should: then nothing is known. */
export function readAnswer(replies: HiddenReplies): Interrogated | null {
  const column = replies.rows[0]?.[0];
  if (column === undefined || replies.errors.length > 0) return null;
  try {
    return readInterrogation(column);
  } catch {
    return null;
  }
}

export type Question = { readonly purpose: Purpose; readonly names: readonly string[] };

export function foundIn(
  answer: Interrogated,
  { evidence, pool }: Pick<ParkingOptions, 'evidence' | 'pool'>,
): Found {
  const isAllAsked = !evidence.hasUnlearnedName && !pool.memory.isOverfull;
  return {
    reason: isAllAsked ? reasonIn(answer, evidence) : 'state unknown',
    holdsSequence: answer.holdsSequence,
    isTainted: answer.isTainted || evidence.isTainting,
  };
}

/** Whether it has just used a sequence. */
export const isSpared = (found: Found | null, purpose: Purpose, idleFor: DurationMs): boolean =>
  (found?.holdsSequence ?? false) && idleFor < SEQUENCE_GRACE[purpose];

function reasonIn(answer: Interrogated, evidence: Evidence): PinReason | null {
  const [first] = answer.pins;
  if (first !== undefined) return first;
  if (evidence.isUnnamedLost) return 'statement too large';
  return answer.holdsSequence && evidence.usesSequenceValue ? 'sequence value' : null;
}

/** Most sessions hold nothing; they share one empty state. */
export const compact = (state: SessionState): SessionState =>
  state.role === null &&
  state.idleSessionTimeout === 0 &&
  state.settings.length === 0 &&
  state.statements.length === 0 &&
  state.channels.length === 0
    ? FRESH_STATE
    : state;

/** The text of a statement that the session has prepared; undefined if there is none, or it has parameters. */
export function preparedText({ statements }: SessionState, name: string): string | undefined {
  const found = statements.find((one) => one.name === name && !one.fromSql);
  return found?.parameterTypes.length === 0 ? found.statement : undefined;
}

/** What to ask a session of this identity. */
export function question(
  memory: PoolMemory,
  identity: Identity,
): { readonly bytes: Buffer; readonly names: readonly string[] } {
  const { names } = memory;
  const scanFunctions = !memory.hasScanned(identity);
  const reported = [...(identity.baseline?.keys() ?? [])];
  return { bytes: interrogation({ names, reported, scanFunctions }), names };
}

/** What the client has been told otherwise than its identity's backends begin with; null for nothing. */
export function viewOf(
  reported: ReadonlyMap<string, string>,
  { baseline }: Identity,
): ReadonlyMap<string, string> | null {
  const changed = [...reported].filter(([name, value]) => baseline?.get(name) !== value);
  return changed.length === 0 ? null : new Map(changed);
}

/** What a client with this view is to hear from a new backend. */
export function differences(
  backend: PooledBackend,
  view: ReadonlyMap<string, string> | null,
): readonly Buffer[] {
  const { baseline } = backend.identity;
  return [...backend.parameters]
    .filter(([name, value]) => (view?.get(name) ?? baseline?.get(name)) !== value)
    .map(([name, value]) => parameterStatus(name, value));
}
