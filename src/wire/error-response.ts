/** The protocol's form of a fault: the one place where a client is told what went wrong. */
import { FAULTS, type Fault, toFault } from '../domain/faults.ts';
import { message, zeroTerminated } from './messages.ts';

type Severity = 'FATAL' | 'ERROR' | 'NOTICE';

/**
 * An ErrorResponse after which the connection ends. What is not a fault is told as `INTERNAL`.
 * `hint` is shown below the message; as the fault's own, it must tell a stranger nothing.
 */
export function errorResponse(error: unknown, hint?: string): Buffer {
  const told: Fault = toFault(error);
  return message(
    'E',
    fields('FATAL', { text: told.message, sqlstate: FAULTS[told.code].sqlstate, hint }),
  );
}

/** A remark that the client may show and that changes nothing. SQLSTATE 00000, or a warning's. */
export function noticeResponse(text: string): Buffer {
  return message('N', fields('NOTICE', { text, sqlstate: '00000', hint: undefined }));
}

/** `S` may be translated, `V` never is; clients read either. */
function fields(
  severity: Severity,
  what: { readonly text: string; readonly sqlstate: string; readonly hint: string | undefined },
): Buffer {
  const given: readonly (readonly [string, string | undefined])[] = [
    ['S', severity],
    ['V', severity],
    ['C', what.sqlstate],
    ['M', what.text],
    ['H', what.hint],
  ];
  const parts = given.flatMap(([field, value]) =>
    value === undefined ? [] : [Buffer.from(field), zeroTerminated(value)],
  );
  return Buffer.concat([...parts, Buffer.from([0])]);
}
