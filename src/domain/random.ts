/** The only source of chance. */
export interface Random {
  /** `length` random bytes, fit for secrets when the source is the real one. */
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1). */
  next(): number;
  /** An independent source for one purpose, so that a draw here never shifts a draw there. */
  fork(name: string): Random;
}
