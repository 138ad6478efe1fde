/** What is done with secrets; the functions of cryptography come from outside. */
export interface Secrecy {
  /** SHA-256. */
  hash(text: string): Uint8Array;
  /** Takes as long whatever differs. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** Text that only this server can read, and only for the same purpose. */
  seal(purpose: string, text: string): string;
  /** Undefined for what was not sealed here for this purpose. */
  unseal(purpose: string, sealed: string): string | undefined;
}
