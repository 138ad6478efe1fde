/** Where results go: standard output, or a file that `\o` names until it names another. */
import { badRequest, onFile } from '../failure.ts';
import type { FileSink, World } from '../world.ts';

export class Output {
  readonly #world: World;
  #file: OpenFile | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether a person sees it at once. */
  get isTerminal(): boolean {
    return this.#file === undefined;
  }

  write(text: string | Uint8Array): void {
    const file = this.#file;
    if (file === undefined) {
      this.#world.stdout.write(text);
      return;
    }
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    file.written = file.written.then(() =>
      onFile(file.name, 'written', () => file.sink.write(bytes)),
    );
    // Told by whoever waits for the file, at the end of the statement.
    file.written.catch(() => undefined);
  }

  /** Resolves when the file has all that was written. Throws what its disk says. */
  async settled(): Promise<void> {
    await this.#file?.written;
  }

  /** Goes to another file, or back to standard output; what was written stays. Throws `BAD_REQUEST`. */
  async goTo(name: string | null): Promise<void> {
    const before = this.#file;
    this.#file = undefined;
    if (before !== undefined) await kept(before);
    if (name === null) return;
    const sink = await onFile(name, 'written', () => this.#world.createFile(name, true));
    if (sink === null) throw badRequest(`${name} cannot be written`);
    this.#file = { name, sink, written: Promise.resolve() };
  }
}

type OpenFile = { readonly name: string; readonly sink: FileSink; written: Promise<void> };

async function kept({ name, sink, written }: OpenFile): Promise<void> {
  try {
    await written;
    await onFile(name, 'written', () => sink.keep());
  } catch (error) {
    await sink.discard();
    throw error;
  }
}
