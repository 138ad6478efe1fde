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
