/**
 * Invoices as pages and tables, for who asks for these and not for JSON; and the door by which a payment provider tells what
 * it knows.
 *
 * Neither is an operation of the contract: one answers in another form what an operation answers, the other is spoken by the
 * provider's rules, whose signature is of the body as it came.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Invoice } from '../../contract/billing/billing.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import type { BillingDesks } from '../../control/billing/billing-desks.ts';
import { formatted, type InvoiceFormat } from '../../control/billing/invoice-file.ts';
import { fault } from '../../domain/faults.ts';
import { CONTENT_TYPES } from '../actions/billing-actions.ts';

/** Messages of Stripe have whole invoices in them. */
const MESSAGE_BYTES_MAX = 1_048_576;

export function addBillingPages(app: FastifyInstance, desks: BillingDesks): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.routeOptions.url !== OPERATIONS.getInvoice.path) return payload;
    reply.header('vary', 'accept');
    const format = wantedFormat(request);
    if (format === 'json' || reply.statusCode !== 200 || typeof payload !== 'string')
      return payload;
    return await rendered(payload, format, reply, desks);
  });
  app.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: MESSAGE_BYTES_MAX },
      (_request, body, done) => done(null, body),
    );
    const hidden = { schema: { hide: true }, bodyLimit: MESSAGE_BYTES_MAX };
    scope.post('/v1/billing/stripe', hidden, async (request, reply) => {
      const { payments } = desks;
      if (payments === null) throw fault('PAYMENTS_OFF', {});
      const signature = request.headers['stripe-signature'];
      if (typeof signature !== 'string' || !(request.body instanceof Uint8Array)) {
        throw fault('PAYMENT_MESSAGE_FORGED', {});
      }
      await payments.receive(request.body, signature);
      return reply.code(204).send();
    });
    registered();
  });
}

async function rendered(
  payload: string,
  format: InvoiceFormat,
  reply: FastifyReply,
  { billing }: BillingDesks,
): Promise<string> {
  const { text, number }: Invoice = JSON.parse(payload);
  const { seller } = await billing.settings();
  reply.removeHeader('etag');
  reply.removeHeader('content-length');
  reply.header('content-type', CONTENT_TYPES[format]);
  if (format === 'html') {
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
  } else {
    const name = number.replaceAll(/[^\w.-]/g, '_');
    reply.header('content-disposition', `attachment; filename="invoice-${name}.${format}"`);
  }
  return formatted(text, format, seller);
}

/** What the query says goes before what the client takes; browsers take pages first. */
function wantedFormat({ query, headers }: FastifyRequest): InvoiceFormat {
  const { format } = query as { readonly format?: unknown };
  if (format === 'csv' || format === 'html') return format;
  const first = (headers.accept ?? '').split(',', 1)[0]?.split(';', 1)[0]?.trim();
  if (first === 'text/html') return 'html';
  return first === 'text/csv' ? 'csv' : 'json';
}
