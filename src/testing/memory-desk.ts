import { fault } from '../domain/faults.ts';
import type { PolicyDesk, RulesInForce } from '../domain/policy-desk.ts';
import { PRESET_DEFAULT, type Rules } from '../policy/rules.ts';
import { parseRules } from '../policy/rules-file.ts';

/** A desk that reads rules as the real one does, and keeps them in memory unless told to fail. */
export class MemoryDesk implements PolicyDesk {
  isDown = false;
  readonly #onChange: (rules: Rules) => void;
  #rules = parseRules('{}');
  #told: RulesInForce = { text: null, preset: PRESET_DEFAULT };

  constructor(onChange: (rules: Rules) => void) {
    this.#onChange = onChange;
  }

  get rules(): Rules {
    return this.#rules;
  }

  current(): RulesInForce {
    return this.#told;
  }

  check(text: string): void {
    parseRules(text);
  }

  async set(text: string): Promise<void> {
    const rules = parseRules(text);
    if (this.isDown) throw fault('CATALOG_DOWN', {});
    const { preset = PRESET_DEFAULT } = JSON.parse(text) as { readonly preset?: string };
    this.#told = { text, preset };
    this.#rules = rules;
    this.#onChange(rules);
  }
}
