/** A fault as it crosses a process boundary. */
import { FAULTS, Fault, type FaultCode, fault, toFault } from '../domain/faults.ts';

export type PlainFault = { readonly code: string; readonly message: string };

/** What is no fault crosses as `INTERNAL`: its cause is for the log of the side where it happened. */
export function plainFault(error: unknown): PlainFault {
  const { code, message } = toFault(error);
  return { code, message };
}

export const faultFrom = ({ code, message }: PlainFault): Fault =>
  isFaultCode(code)
    ? new Fault(code, message)
    : fault('INTERNAL', {}, { cause: new Error(`${code}: ${message}`) });

const isFaultCode = (code: string): code is FaultCode => Object.hasOwn(FAULTS, code);
