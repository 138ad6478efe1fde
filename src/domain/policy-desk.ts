/**
 * The port through which a person changes the rules while the server runs. Whoever fulfils it keeps them
 * (`PolicyStore.saveFleet('rules')`), and tells all that go by them.
 */
export interface PolicyDesk {
  current(): RulesInForce;

  /** Only reads `text`. Throws `BAD_POLICY`, which names the field. */
  check(text: string): void;

  /**
   * Makes `text` the rules from now on, and after a restart. It is a policy file; a preset alone is
   * `{ "preset": NAME }`. Throws `BAD_POLICY`, `CATALOG_DOWN`; the rules stay as they were then.
   */
  set(text: string): Promise<void>;
}

/** The rules as a person wrote them. */
export type RulesInForce = {
  /** What the file that was set says; null while a preset is in force as it is. */
  readonly text: string | null;
  /** The preset, or the one that the file begins with. */
  readonly preset: string;
};
