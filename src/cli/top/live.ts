/**
 * The picture that stays: drawn over itself in one write, so that nothing flickers, on the terminal's
 * other screen, so that what was there before comes back at the end.
 */
import { styleFor } from '../words/style.ts';
import type { World } from '../world.ts';
import type { Asker } from './ask.ts';
import { frameLines, pageSize, pressed, type Snapshot, type View } from './view.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';

const COLUMNS_DEFAULT = 80;
const LINES_DEFAULT = 24;

export type LiveParts = {
  readonly world: World;
  readonly asker: Asker;
  readonly view: View;
  readonly everyMs: number;
};

/** Until a person quits. Throws what the first question fails with; later failures are shown. */
export async function live(parts: LiveParts): Promise<void> {
  const { world, asker, view } = parts;
  const first = await asker.ask(view, pageSize(world.stdout.rows ?? LINES_DEFAULT));
  await new Live(parts, first).run();
}

class Live {
  readonly #parts: LiveParts;
  readonly #stopping = new AbortController();
  #view: View;
  #snapshot: Snapshot;
  #trouble: string | null = null;
  #isAsking = false;
  #isStale = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: LiveParts, first: Snapshot) {
    this.#parts = parts;
    this.#view = parts.view;
    this.#snapshot = first;
  }

  async run(): Promise<void> {
    const { stdin, stdout } = this.#parts.world;
    const { promise: quit, resolve } = Promise.withResolvers<void>();
    const onKey = (data: Buffer | string) => {
      for (const key of keysIn(String(data))) if (this.#press(key)) resolve();
    };
    const onResize = () => this.#changed();
    stdin.setRawMode?.(true);
    stdin.on('data', onKey);
    stdin.once('end', resolve);
    stdout.on('resize', onResize);
    stdin.resume();
    stdout.write(ENTER);
    try {
      this.#draw();
      this.#later();
      await quit;
    } finally {
      this.#stopping.abort();
      clearTimeout(this.#timer);
      stdin.off('data', onKey);
      stdin.off('end', resolve);
      stdout.off('resize', onResize);
      stdin.setRawMode?.(false);
      stdin.pause();
      stdout.write(LEAVE);
    }
  }

  /** Whether it ends. */
  #press(key: string): boolean {
    const next = pressed(key, this.#view, this.#snapshot.next);
    if (next === 'quit') return true;
    if (next === undefined) return false;
    const isOnlySort = next.sort !== this.#view.sort;
    this.#view = next;
    if (isOnlySort) this.#draw();
    else this.#changed();
    return false;
  }

  /** Something else is wanted now. */
  #changed(): void {
    this.#isStale = true;
    void this.#ask();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), this.#parts.everyMs);
  }

  /** One question at a time; what changes meanwhile is asked for right after. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { signal } = this.#stopping;
    const { asker, world } = this.#parts;
    do {
      this.#isStale = false;
      const view = this.#view;
      try {
        const limit = pageSize(world.stdout.rows ?? LINES_DEFAULT);
        const snapshot = await asker.ask(view, limit, signal);
        if (!this.#isStale) this.#snapshot = snapshot;
        this.#trouble = null;
      } catch (error) {
        this.#trouble = error instanceof Error ? error.message : String(error);
      }
    } while (this.#isStale && !signal.aborted);
    this.#isAsking = false;
    if (signal.aborted) return;
    this.#draw();
    this.#later();
  }

  #draw(): void {
    const { world } = this.#parts;
    const { stdout } = world;
    const lines = frameLines(this.#snapshot, {
      view: this.#view,
      now: world.now(),
      style: styleFor(stdout, world.env),
      columns: stdout.columns ?? COLUMNS_DEFAULT,
      trouble: this.#trouble,
    }).slice(0, stdout.rows ?? LINES_DEFAULT);
    const text = lines.map((line) => `${line}${REST_OF_LINE}`).join('\r\n');
    stdout.write(`${HOME}${text}${REST_OF_SCREEN}`);
  }
}

/** A terminal may give several keys at once, and some keys as several characters. */
const keysIn = (data: string): readonly string[] =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: so a terminal sends keys
  data.match(/\u001b\[[0-9;]*[A-Za-z~]|[\s\S]/g) ?? [];
