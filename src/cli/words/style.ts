import type { OutputStream, World } from '../world.ts';

/** Colours, or the text as it is. */
export type Style = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', Paint>>;

type Paint = (text: string) => string;

/** Colours for a terminal, unless NO_COLOR is set. Source: no-color.org. */
export function styleFor(stream: OutputStream, env: World['env']): Style {
  const coloured = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const paint =
    (on: number, off: number): Paint =>
    (text) =>
      coloured && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
  };
}
