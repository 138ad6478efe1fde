/** The identity provider that people log in with. */

/** What must be remembered between the way there and the way back. */
export type LoginKept = {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
};

export type LoginBegun = { readonly url: string; readonly kept: LoginKept };

/** Whom the provider has vouched for. */
export type Identity = { readonly email: string; readonly name: string };

export interface IdentityProvider {
  /**
   * Where to send somebody; who `isToChoose` is asked there which account they mean, instead of being sent back as the one
   * that is logged in. Throws `LOGIN_UNAVAILABLE` if the provider does not answer.
   */
  begin(isToChoose: boolean): Promise<LoginBegun>;
  /**
   * Whom the provider has sent back, to `url`. Throws `LOGIN_REFUSED` if it was not for this login, or the address is
   * not verified.
   */
  finish(url: URL, kept: LoginKept): Promise<Identity>;
}
