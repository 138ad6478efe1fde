/**
 * What is known of a tenant as bytes: 945 of them.
 *
 * Counts take one byte each, on a scale of logs with steps of a twelfth. So that a count that is read,
 * grows by little and is written again does grow, what lies between two steps is rounded up as often as
 * it is near to the upper one; which way is told by the number of returns, not by chance.
 */

import { BUSY_SLOTS, RETURNS_KEPT } from './returns-clock.ts';
import { GAPS_KEPT } from './returns-rhythm.ts';
import type { Known } from './returns-signs.ts';

const VERSION = 2;

const LEAST = 0.02;
const MOST = 4e7;
const STEPS = 254;
const STEP = Math.log(MOST / LEAST) / STEPS;

const GAP_LEAST = 60;
const GAP_STEP = Math.log(1e8 / GAP_LEAST) / 0xffff;

/** No time lies behind this, in seconds since 1970. */
const TIME_MAX = 0xffffffff;

const counts = ({ pace, clock }: Known): readonly Float32Array[] => [
  pace.returns,
  pace.seconds,
  clock.dayReturns,
  clock.daySeconds,
  clock.weekReturns,
  clock.weekSeconds,
];

const HABIT_BYTES = 945;

/** The figures that are kept as they are, in 32 bits. */
const SCALARS = 18;

export function encodeKnown(known: Known): Uint8Array {
  const { pace, clock, rhythm } = known;
  const bytes = new Uint8Array(HABIT_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  let at = 1;
  for (const list of counts(known)) {
    for (let i = 0; i < list.length; i += 1) {
      const count = list[i] ?? 0;
      // Most are nothing.
      if (count >= LEAST) bytes[at + i] = codeOf(count, ditherOf(pace.total, at + i));
    }
    at += list.length;
  }
  for (let slot = 0; slot < BUSY_SLOTS; slot += 1) {
    if (clock.busy[slot] !== 1) continue;
    const byte = at + (slot >> 3);
    bytes[byte] = (bytes[byte] ?? 0) | (1 << (slot & 7));
  }
  at += BUSY_SLOTS / 8;
  for (const gap of rhythm.gaps) {
    view.setUint16(
      at,
      gap <= GAP_LEAST ? 0 : Math.min(0xffff, Math.log(gap / GAP_LEAST) / GAP_STEP),
    );
    at += 2;
  }
  encodeScalars(view, at, known);
  encodeWholes(view, at + 4 * SCALARS, known);
  return bytes;
}

function encodeScalars(view: DataView, start: number, { pace, rhythm }: Known): void {
  let at = start;
  const put = (scalar: number): void => {
    view.setFloat32(at, scalar);
    at += 4;
  };
  for (const list of [pace.began, pace.came, pace.gaps]) {
    for (let i = 0; i < list.length; i += 1) put(list[i] ?? 0);
  }
  put(pace.longGap);
  put(pace.meanQuick);
  put(pace.meanSlow);
  put(pace.spread);
  put(rhythm.longShare);
  put(pace.longest);
}

function encodeWholes(view: DataView, start: number, { pace, clock, rhythm }: Known): void {
  let at = start;
  const put = (whole: number): void => {
    view.setUint32(at, Math.max(0, Math.min(TIME_MAX, whole)));
    at += 4;
  };
  put(pace.first + 1);
  put(pace.countedAt);
  put(pace.sessionAt);
  put(pace.beganAt);
  for (let i = 0; i < RETURNS_KEPT; i += 1) put(clock.cameAt[i] ?? 0);
  put(pace.inSession);
  put(pace.total);
  put(pace.totalLong);
  put(rhythm.shorts);
  put(rhythm.longs);
  put(clock.came);
  put(clock.busySlot + 1);
  put(clock.week + 1);
}

/** Says whether there was something to read; if not, nothing is changed. */
export function decodeKnown(bytes: Uint8Array, known: Known): boolean {
  if (bytes[0] !== VERSION || bytes.length !== HABIT_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scalarsAt = countsLength(known) + 1 + BUSY_SLOTS / 8 + 2 * GAPS_KEPT;
  for (let i = 0; i < SCALARS; i += 1) {
    if (!Number.isFinite(view.getFloat32(scalarsAt + 4 * i))) return false;
  }
  let at = 1;
  for (const list of counts(known)) {
    for (let i = 0; i < list.length; i += 1) list[i] = COUNTS[bytes[at + i] ?? 0] ?? 0;
    at += list.length;
  }
  for (let slot = 0; slot < BUSY_SLOTS; slot += 1) {
    known.clock.busy[slot] = ((bytes[at + (slot >> 3)] ?? 0) >> (slot & 7)) & 1;
  }
  at += BUSY_SLOTS / 8;
  for (let i = 0; i < GAPS_KEPT; i += 1) {
    const code = view.getUint16(at + 2 * i);
    known.rhythm.gaps[i] = GAP_LEAST * Math.exp((code + 0.5) * GAP_STEP);
  }
  decodeScalars(view, scalarsAt, known);
  decodeWholes(view, scalarsAt + 4 * SCALARS, known);
  return true;
}

function decodeScalars(view: DataView, start: number, { pace, rhythm }: Known): void {
  let at = start;
  const next = (): number => {
    at += 4;
    return Math.max(0, view.getFloat32(at - 4));
  };
  for (const list of [pace.began, pace.came, pace.gaps]) {
    for (let i = 0; i < list.length; i += 1) list[i] = next();
  }
  pace.longGap = next();
  pace.meanQuick = next();
  pace.meanSlow = next();
  pace.spread = next();
  rhythm.longShare = Math.min(0.999, next());
  pace.longest = next();
}

function decodeWholes(view: DataView, start: number, { pace, clock, rhythm }: Known): void {
  let at = start;
  const next = (): number => {
    at += 4;
    return view.getUint32(at - 4);
  };
  pace.first = next() - 1;
  pace.countedAt = next();
  pace.sessionAt = next();
  pace.beganAt = next();
  for (let i = 0; i < RETURNS_KEPT; i += 1) clock.cameAt[i] = next();
  pace.inSession = next();
  pace.total = next();
  pace.totalLong = next();
  rhythm.shorts = next();
  rhythm.longs = next();
  clock.came = next();
  clock.busySlot = next() - 1;
  clock.week = next() - 1;
  clock.sumUp();
  rhythm.settle();
}

const countsLength = (known: Known): number =>
  counts(known).reduce((sum, list) => sum + list.length, 0);

/** From 0.05 to 0.95, another at each place and each time. */
function ditherOf(turn: number, place: number): number {
  const turned = turn * 0.618_034 + place * 0.754_878;
  return 0.05 + 0.9 * (turned - Math.floor(turned));
}

/** Of a count that is not too small to be kept. */
const codeOf = (count: number, dither: number): number =>
  Math.max(1, Math.min(STEPS + 1, 1 + Math.floor(Math.log(count / LEAST) / STEP + dither)));

/** What each byte stands for. */
const COUNTS = Float64Array.from({ length: 256 }, (_, code) =>
  code === 0 ? 0 : LEAST * Math.exp((code - 1) * STEP),
);
