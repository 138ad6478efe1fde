/** Amounts and times as people read them. */
import { LOCALE } from './locale.ts';

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const STEP = 1_024;

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });

export const count = (value: number): string => whole.format(value);

/** 1.5 GB: three digits at most. */
export function bytes(value: number | null): string {
  if (value === null) return '–';
  const power = value < STEP ? 0 : Math.min(Math.floor(Math.log(value) / Math.log(STEP)), 5);
  return `${short.format(value / STEP ** power)} ${BYTE_UNITS[power] ?? 'B'}`;
}

/** Below a hundredth of a percent it says so, and a loss of many times is told as that. */
export function percent(part: number | null): string {
  if (part === null) return '–';
  if (part > 0 && part < 0.0001) return '< 0.01 %';
  return part < -10 ? '< -1,000 %' : `${short.format(part * 100)} %`;
}

const SPANS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** 3 d 4 h, 12 min, 4.2 s, 310 ms: two units at most. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${short.format(ms < 10 ? ms : Math.round(ms))} ms`;
  if (ms < 60_000) return `${short.format(ms / 1_000)} s`;
  const at = SPANS.findIndex(([length]) => ms >= length);
  const [length, unit] = SPANS[at] ?? [1, 'ms'];
  const next = SPANS[at + 1];
  const many = Math.floor(ms / length);
  const rest = next === undefined ? 0 : Math.floor((ms - many * length) / next[0]);
  const isCoarse = many >= 10 || rest === 0 || next === undefined;
  return isCoarse ? `${whole.format(many)} ${unit}` : `${many} ${unit} ${rest} ${next[1]}`;
}

/** `4 min ago`, `in 2 h`. */
export function relative(at: number, now: number): string {
  const gap = now - at;
  if (Math.abs(gap) < 2_000) return 'now';
  const rough = (ms: number): string =>
    ms < 60_000 ? `${Math.floor(ms / 1_000)} s` : (duration(ms).match(/^\S+ \S+/)?.[0] ?? '');
  return gap > 0 ? `${rough(gap)} ago` : `in ${rough(-gap)}`;
}

const exact = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  // When clocks are put back an hour comes twice.
  timeZoneName: 'shortOffset',
});

/** In the viewer's zone: `1 Nov 2026, 01:30:00 GMT-4`. */
export const moment = (at: string): string => exact.format(new Date(at));

const own = exact.resolvedOptions().timeZone;

export const zone = (): string => own;
