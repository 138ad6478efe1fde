/** Reads as much as is asked for, across the pieces that a stream comes in. */
export class ExactReader {
  readonly #content: AsyncIterator<Uint8Array>;
  readonly #tooShort: () => Error;
  #rest: Uint8Array = Buffer.alloc(0);

  constructor(content: AsyncIterable<Uint8Array>, tooShort: () => Error) {
    this.#content = content[Symbol.asyncIterator]();
    this.#tooShort = tooShort;
  }

  async fill(target: Buffer): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const some = await this.upTo(target.length - done);
      target.set(some, done);
      done += some.length;
    }
  }

  /** One to `length` bytes, as they come. */
  async upTo(length: number): Promise<Uint8Array> {
    if (await this.isAtEnd()) throw this.#tooShort();
    const some = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(some.length);
    return some;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#content.next();
      if (next.done) return true;
      this.#rest = next.value;
    }
    return false;
  }
}
