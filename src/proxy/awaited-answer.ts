import type { Asked } from './parking-states.ts';

/** Those who wait to hear what comes of a question to a session. */
export class AwaitedAnswer {
  #onAsked: ((asked: Asked) => void) | null = null;

  begin(onAsked: (asked: Asked) => void): void {
    this.#onAsked = onAsked;
  }

  /** Resolves when the question is answered. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      const others = this.#onAsked;
      this.#onAsked = (asked) => {
        others?.(asked);
        resolve();
      };
    });
  }

  /** Whom the next question is for: it is put once more. */
  handOver(): (asked: Asked) => void {
    const onAsked = this.#onAsked ?? (() => {});
    this.#onAsked = null;
    return onAsked;
  }

  settle(asked: Asked): void {
    this.handOver()(asked);
  }
}
