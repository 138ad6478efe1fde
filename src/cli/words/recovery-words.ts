import type { Recovery } from '../../contract/tenants/recovery.ts';
import type { Style } from './style.ts';
import { agoWords } from './words.ts';

/** A line for each tenant that is there again, and for each that is not. */
export function recoveryText(
  { entered, skipped, known }: Recovery,
  now: number,
  style: Style,
): string {
  const lines = [
    ...entered.map(
      ({ name, takenAt }) =>
        `${style.green('entered')} ${style.bold(name)} ${style.dim(`as of ${agoWords(takenAt, now)}`)}`,
    ),
    ...skipped.map(({ id, why }) => `${style.red('left out')} ${id}: ${why}`),
  ];
  const others = known === 0 ? [] : [`${known} in the archive were known already`];
  return [...lines, ...others].join('\n') || 'the archive is empty';
}
