/** Times and numbers as a person says them. */

const STEPS = [
  { name: 'day', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** The largest one or two units: `3 h 12 min`, `45 s`. */
export function spanWords(ms: number): string {
  const first = STEPS.findIndex((step) => ms >= step.ms);
  if (first === -1) return `${Math.max(0, Math.round(ms))} ms`;
  let rest = ms;
  const parts: string[] = [];
  for (const { name, ms: size } of STEPS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name === 'day' && count !== 1 ? 'days' : name}`);
  }
  return parts.join(' ');
}

export function agoWords(moment: string, now: number): string {
  const ms = now - Date.parse(moment);
  return ms < 1_000 ? 'just now' : `${spanWords(ms)} ago`;
}

export function inWords(moment: string, now: number): string {
  const ms = Date.parse(moment) - now;
  return ms < 1_000 ? 'now' : `in ${spanWords(ms)}`;
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** With three digits, in units of 1,024 as PostgreSQL has them: `812 B`, `1.24 MB`, `30.1 GB`. */
export function bytesWords(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 999.5 && unit < BYTE_UNITS.length - 1) {
    amount /= 1_024;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  return `${amount.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** `12,345`. */
export const countWords = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** What a float lacks of the number that it stands for, in the unit of the last digit. */
const FLOAT_ERROR = 1e-9;

/** 0.125 as `12.5 %`, rounded down: what is less than wanted is not said to be enough. */
export function percentWords(part: number, digits = 1): string {
  const scale = 10 ** digits;
  const shown = Math.floor(part * 100 * scale + FLOAT_ERROR) / scale;
  return `${shown.toFixed(digits)} %`;
}
