/** One place where a source breaks a rule of the house, and a sentence about it. */
export type Finding = { readonly path: string; readonly line: number; readonly says: string };
