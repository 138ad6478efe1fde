/** Our own mistake: the program's state is not what its author proved. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** Throws `AssertionFailure` unless `holds`. For our own mistakes only; a user's is a fault. */
export function assert(holds: boolean, message: string): asserts holds {
  if (!holds) throw new AssertionFailure(message);
}
