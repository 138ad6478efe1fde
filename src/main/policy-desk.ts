/**
 * The rules in force: those of `--policy`, until a person sets others while the server runs. What was set is
 * kept, and holds after a restart too, until `--policy` itself is given something else.
 */
import type { Log } from '../domain/log.ts';
import type { PolicyDesk, RulesInForce } from '../domain/policy-desk.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import { PRESET_DEFAULT, type Rules } from '../policy/rules.ts';
import { type RuleOptions, readPolicy, rulesFrom } from './rules.ts';

export type RuleBookParts = {
  readonly options: RuleOptions;
  readonly store: Pick<PolicyStore, 'fleet' | 'saveFleet'>;
  readonly log: Log;
};

/** What is kept of rules that were set: their text, and what `--policy` said then. */
type Kept = { readonly text: string; readonly over: string };

type InForce = { readonly rules: Rules; readonly told: RulesInForce };

export class RuleBook implements PolicyDesk {
  /** The last server began with others, or there was none. */
  readonly areNew: boolean;
  readonly #parts: RuleBookParts;
  readonly #base: string;
  #inForce: InForce;
  #setting: Promise<void> = Promise.resolve();
  #onChange: (rules: Rules) => void = () => {};

  /** Throws `BAD_POLICY`, `CATALOG_DOWN`. */
  static async open(parts: RuleBookParts): Promise<RuleBook> {
    const base = await readPolicy(parts.options.policy);
    const kept = keptOf(await parts.store.fleet('rules'));
    if (kept?.over === base) {
      try {
        return new RuleBook(parts, { base, text: kept.text, areNew: false });
      } catch (error) {
        // Another version wrote it. It must not keep the server from being told other rules.
        const instead = 'those of --policy are in force';
        parts.log.error(`the rules that were set cannot be used any more; ${instead}`, { error });
      }
    }
    const book = new RuleBook(parts, { base, text: base, areNew: true });
    // What was set over something else does not come back with that.
    await parts.store.saveFleet('rules', bytesOf({ text: base, over: base }));
    return book;
  }

  private constructor(
    parts: RuleBookParts,
    rules: { readonly base: string; readonly text: string; readonly areNew: boolean },
  ) {
    this.#parts = parts;
    this.#base = rules.base;
    this.areNew = rules.areNew;
    this.#inForce = this.#read(rules.text);
  }

  get rules(): Rules {
    return this.#inForce.rules;
  }

  /** Called with the rules whenever others are in force. */
  onChange(listener: (rules: Rules) => void): void {
    this.#onChange = listener;
  }

  current(): RulesInForce {
    return this.#inForce.told;
  }

  check(text: string): void {
    this.#read(text);
  }

  async set(text: string): Promise<void> {
    const next = this.#read(text);
    // One after the other: what is kept and what is in force must be the same in the end.
    const setting = this.#setting.then(() => this.#put(text, next));
    this.#setting = setting.catch(() => {});
    await setting;
  }

  async #put(text: string, next: InForce): Promise<void> {
    await this.#parts.store.saveFleet('rules', bytesOf({ text, over: this.#base }));
    this.#inForce = next;
    this.#onChange(next.rules);
  }

  #read(text: string): InForce {
    const rules = rulesFrom(text, this.#parts.options);
    return { rules, told: toldOf(text) };
  }
}

/** Of a text that has been read as rules. */
function toldOf(text: string): RulesInForce {
  const { preset, ...rest } = JSON.parse(text) as { readonly preset?: string };
  const isPlain = Object.keys(rest).length === 0;
  return { preset: preset ?? PRESET_DEFAULT, text: isPlain ? null : text };
}

const bytesOf = (kept: Kept): Uint8Array => Buffer.from(JSON.stringify(kept));

/** Undefined if nothing was set, or what was kept is not to be read. */
function keptOf(bytes: Uint8Array | undefined): Kept | undefined {
  if (bytes === undefined) return undefined;
  try {
    const { text, over } = JSON.parse(Buffer.from(bytes).toString()) as Partial<Kept>;
    return typeof text === 'string' && typeof over === 'string' ? { text, over } : undefined;
  } catch {
    return undefined;
  }
}
