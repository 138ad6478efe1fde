/** What routes answer with besides the faults that each of them names. */

/** Any route. */
export const FAULTS_OF_ALL = ['HOST_UNKNOWN', 'ORIGIN_FOREIGN', 'INTERNAL'] as const;

/** Those that want to know who asks. */
export const FAULTS_OF_GUARDED = [
  'RATE_LIMITED',
  'KEY_MISSING',
  'KEY_WRONG',
  'KEY_EXPIRED',
  'TOKEN_REFUSED',
  'CSRF_MISSING',
  'FORBIDDEN',
] as const;

/** Those that may ask for what they have seen. */
export const FAULTS_OF_CHANGE = ['CHANGED_SINCE'] as const;

export const FAULTS_OF_INPUT = ['BAD_REQUEST'] as const;

export const FAULTS_OF_BODY = ['BODY_TOO_LARGE', 'BODY_NOT_JSON'] as const;

/** Those with an idempotency key whose answer holds a secret. */
export const FAULTS_OF_SECRETS = ['IDEMPOTENT_ANSWER_LOST'] as const;

/** What stopped work says of itself, where it was waited for. */
export const FAULTS_OF_WORK = ['CANCELLED', 'OPERATION_CUT_OFF'] as const;
