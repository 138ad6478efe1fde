/** Answers that are given once. */
import type { OperationName } from './operations.ts';

/**
 * Operations with an idempotency key whose answer holds a secret, and the one that makes a new secret. Such an answer
 * is kept nowhere, so a repeat after a restart of the server gets `IDEMPOTENT_ANSWER_LOST` in its place.
 */
export const SECRET_ANSWERS = {
  createTenant: 'rotatePassword',
  forkTenant: 'rotatePassword',
  rotatePassword: 'rotatePassword',
  createRole: 'rotateRolePassword',
  rotateRolePassword: 'rotateRolePassword',
  createKey: 'rotateKey',
  rotateKey: 'rotateKey',
  createWebhook: 'rotateWebhookSecret',
  rotateWebhookSecret: 'rotateWebhookSecret',
} as const satisfies Partial<Record<OperationName, OperationName>>;
