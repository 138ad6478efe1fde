/** The protocol's form of a fault: the one place where a client is told what went wrong. */
import { FAULTS, toFault } from '../domain/faults.ts';
import { message, zeroTerminated } from './messages.ts';

/**
 * An ErrorResponse after which the connection ends. What is not a fault is told as `INTERNAL`.
 * `hint` is shown below the message; as the fault's own, it must tell a stranger nothing.
 */
export const errorResponse = (error: unknown, hint?: string): Buffer =>
  response({ type: 'E', severity: 'FATAL' }, error, hint);

/** An ErrorResponse after which the connection goes on: what was asked has failed, no more. */
export const failureResponse = (error: unknown): Buffer =>
  response({ type: 'E', severity: 'ERROR' }, error);

/** A NoticeResponse, which a client may hear at any time. */
export function noticeResponse(text: string): Buffer {
  const fields = { S: 'NOTICE', V: 'NOTICE', C: SUCCESSFUL, M: text };
  return fieldsMessage('N', Object.entries(fields));
}

/** SQLSTATE `successful_completion`. */
const SUCCESSFUL = '00000';

function response(
  as: { readonly type: 'E'; readonly severity: string },
  error: unknown,
  hint?: string,
): Buffer {
  const told = toFault(error);
  // `S` may be translated, `V` never is; clients read either.
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['S', as.severity],
    ['V', as.severity],
    ['C', FAULTS[told.code].sqlstate],
    ['M', told.message],
    ['H', hint],
  ];
  return fieldsMessage(as.type, fields);
}

function fieldsMessage(
  type: string,
  fields: readonly (readonly [string, string | undefined])[],
): Buffer {
  const parts = fields.flatMap(([field, value]) =>
    value === undefined ? [] : [Buffer.from(field), zeroTerminated(value)],
  );
  return message(type, ...parts, Buffer.from([0]));
}
