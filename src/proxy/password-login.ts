/** Proves a password that was said in the clear, as `login.ts` has one proven that was not. */
import { fault } from '../domain/faults.ts';
import {
  attemptOf,
  checkWait,
  type Found,
  hintOf,
  type LoginFrom,
  LoginRefused,
  secretFor,
} from './login-lookup.ts';

/** A tenant chooses how much work its verifiers are; this much of it we do for whoever asks. */
const ITERATIONS_MAX = 200_000;

/** The ClientKey of `password`. Throws a fault, or `LoginRefused`. */
export async function provePassword(
  password: string,
  found: Found,
  from: LoginFrom,
): Promise<Buffer> {
  const { throttle, proofs } = from.parts;
  const { meant } = found;
  const attempt = attemptOf(meant, from);
  checkWait(throttle.wait(attempt));
  const secret = secretFor(found, from);
  if (secret.iterations > ITERATIONS_MAX) {
    throw fault('FEATURE_UNSUPPORTED', {
      feature: `a password of more than ${ITERATIONS_MAX} SCRAM iterations, sent as it is,`,
    });
  }
  const clientKey = await proofs.prove(password, secret);
  checkWait(throttle.wait(attempt));
  if (clientKey === undefined) {
    throttle.failed(attempt);
    throw new LoginRefused(fault('PASSWORD_WRONG', { role: meant.role }), hintOf(meant, from));
  }
  throttle.succeeded(attempt);
  return clientKey;
}
