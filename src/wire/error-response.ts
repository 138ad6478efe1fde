/** The protocol's form of a fault: the one place where a client is told what went wrong. */
import { FAULTS, toFault } from '../domain/faults.ts';
import { message, zeroTerminated } from './messages.ts';

/**
 * An ErrorResponse after which the connection ends. What is not a fault is told as `INTERNAL`.
 * `hint` is shown below the message; as the fault's own, it must tell a stranger nothing.
 */
export function errorResponse(error: unknown, hint?: string): Buffer {
  const told = toFault(error);
  // `S` may be translated, `V` never is; clients read either.
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['S', 'FATAL'],
    ['V', 'FATAL'],
    ['C', FAULTS[told.code].sqlstate],
    ['M', told.message],
    ['H', hint],
  ];
  const parts = fields.flatMap(([field, value]) =>
    value === undefined ? [] : [Buffer.from(field), zeroTerminated(value)],
  );
  return message('E', ...parts, Buffer.from([0]));
}
