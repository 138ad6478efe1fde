/**
 * What a compute used between two looks, cut into minutes.
 *
 * Counters are shared out by time: what is up to a moment, rounded down, less what was up to the one before, so that
 * the pieces add up to the whole. Memory is taken to have gone straight from one look to the next, and counts for the
 * whole seconds between; before the first look of a run it was what that look says.
 */
import type { ComputeSample, SamplePoint, UsePiece } from '../../domain/metering.ts';
import { minutes, type Timestamp, timestamp } from '../../domain/units.ts';

const MINUTE = minutes(1);

/** `before` is the last look at this compute; null if there was none, or at another run of it. */
export function usedBetween(before: SamplePoint | null, now: SamplePoint, age: number): UsePiece[] {
  const from = Math.min(before?.at ?? Math.ceil(now.at - age), now.at);
  const cpu = Math.max(0, now.cpuUs - (before?.cpuUs ?? 0));
  const written = writtenBetween(before, now);
  const memory = BigInt(now.memoryBytes) + BigInt(before?.memoryBytes ?? now.memoryBytes);
  return cut(from, now.at).map(({ at, until }) => ({
    tenant: now.tenant,
    at: timestamp(at),
    use: {
      memory: (memory * BigInt(wholeSeconds(until) - wholeSeconds(at))) / 2n,
      cpu: share(cpu, { at, until, from, to: now.at }),
      written: share(written, { at, until, from, to: now.at }),
    },
  }));
}

/** How it stands after a look: counters never fall within a run, whatever the kernel says. */
export function pointAfter(before: SamplePoint | null, { tenant, at, sample }: Look): SamplePoint {
  const { run, memoryBytes, cpuUs, diskWrittenBytes } = sample;
  const same = before?.run === run ? before : null;
  return {
    ...{ tenant, run, at, memoryBytes: Math.round(memoryBytes) },
    cpuUs: Math.max(Math.round(cpuUs), same?.cpuUs ?? 0),
    diskWrittenBytes:
      diskWrittenBytes === null
        ? (same?.diskWrittenBytes ?? null)
        : Math.max(Math.round(diskWrittenBytes), same?.diskWrittenBytes ?? 0),
  };
}

export type Look = {
  readonly tenant: SamplePoint['tenant'];
  readonly at: Timestamp;
  readonly sample: ComputeSample;
};

/** What could not be told before is not taken to have been written since. */
function writtenBetween(before: SamplePoint | null, now: SamplePoint): number {
  if (now.diskWrittenBytes === null) return 0;
  if (before === null) return now.diskWrittenBytes;
  return Math.max(0, now.diskWrittenBytes - (before.diskWrittenBytes ?? now.diskWrittenBytes));
}

type Piece = { readonly at: number; readonly until: number };

/** At whole minutes; one piece even if no time has passed. */
function cut(from: number, to: number): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  do {
    const until = Math.min(to, at - (at % MINUTE) + MINUTE);
    pieces.push({ at, until });
    at = until;
  } while (at < to);
  return pieces;
}

function share(
  whole: number,
  { at, until, from, to }: Piece & { readonly from: number; readonly to: number },
): bigint {
  const upTo = (moment: number): bigint =>
    moment >= to ? BigInt(whole) : (BigInt(whole) * BigInt(moment - from)) / BigInt(to - from);
  return upTo(until) - (at === from ? 0n : upTo(at));
}

const wholeSeconds = (at: number): number => Math.floor(at / 1_000);
