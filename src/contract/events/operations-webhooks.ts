import type { Operation } from '../operations.ts';

export const WEBHOOK_OPERATIONS = {
  createWebhook: { method: 'POST', path: '/v1/webhooks', repeat: 'keyed' },
  listWebhooks: { method: 'GET', path: '/v1/webhooks', repeat: 'safe' },
  getWebhook: { method: 'GET', path: '/v1/webhooks/:webhook', repeat: 'safe' },
  changeWebhook: { method: 'PATCH', path: '/v1/webhooks/:webhook', repeat: 'safe' },
  deleteWebhook: { method: 'DELETE', path: '/v1/webhooks/:webhook', repeat: 'safe' },
  testWebhook: { method: 'POST', path: '/v1/webhooks/:webhook/test', repeat: 'never' },
  rotateWebhookSecret: {
    method: 'POST',
    path: '/v1/webhooks/:webhook/rotate-secret',
    repeat: 'keyed',
  },
  listDeliveries: { method: 'GET', path: '/v1/webhooks/:webhook/deliveries', repeat: 'safe' },
  redeliver: {
    method: 'POST',
    path: '/v1/webhooks/:webhook/deliveries/:delivery/redeliver',
    repeat: 'never',
  },
} as const satisfies Record<string, Operation>;
