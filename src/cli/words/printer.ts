/** Where a command's answer goes: text for people or JSON for programs, one of them. */

import type { World } from '../world.ts';
import { type Style, styleFor } from './style.ts';

export class Printer {
  readonly json: boolean;
  readonly style: Style;
  readonly #world: World;

  constructor(world: World, json: boolean) {
    this.#world = world;
    this.json = json;
    this.style = styleFor(world.stdout, world.env);
  }

  /** Writes `value` as JSON, or the text made for people. */
  answer(value: unknown, words: (style: Style) => string): void {
    this.line(this.json ? JSON.stringify(value, null, 2) : words(this.style));
  }

  line(text: string): void {
    this.#world.stdout.write(`${text}\n`);
  }

  /** Beside the answer: on standard error, and only for people. */
  note(text: string): void {
    if (!this.json) this.#world.stderr.write(`${text}\n`);
  }
}
