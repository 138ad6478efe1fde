/** How far long work is: a line that changes in a terminal, a line a step where there is none. */

import type { World } from '../world.ts';
import type { Printer } from './printer.ts';
import { cut } from './width.ts';

/** Oftener than this nobody reads it. */
const EVERY_MS = 100;

const WIDTH_DEFAULT = 80;

export type ProgressLine = {
  /** `step` says what is done, `detail` how far it is. */
  show(step: string, detail?: string): void;
  /** Takes the line away. */
  end(): void;
};

export function progressLine({ stderr, now }: World, printer: Printer): ProgressLine {
  if (printer.json) return { show: () => undefined, end: () => undefined };
  let step = '';
  let shownAt = Number.NEGATIVE_INFINITY;
  if (stderr.isTTY !== true) {
    return {
      show: (next) => {
        if (next !== step) printer.note(`${next} ...`);
        step = next;
      },
      end: () => undefined,
    };
  }
  return {
    show: (next, detail = '') => {
      if (next === step && now() - shownAt < EVERY_MS) return;
      step = next;
      shownAt = now();
      const width = (stderr.columns ?? WIDTH_DEFAULT) - 1;
      stderr.write(`\r${cut(`${next} ...${detail === '' ? '' : ` ${detail}`}`, width)}\u001b[K`);
    },
    end: () => {
      stderr.write('\r\u001b[K');
    },
  };
}
