/** A month billed through the whole program: plans from the catalog, use from the ledger, Stripe told by the real package. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hours, timestamp } from '../domain/units.ts';
import { monthOf } from '../economics/month.ts';
import { DynaBase } from '../sdk/client.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';
import { StripeDouble } from '../testing/stripe-double.ts';
import { wallClock } from '../testing/wall-clock.ts';

const SECRET = 'whsec_whole';

/** Two months ago: over on whatever day, and its hours are kept. */
const A_MONTH = monthOf(timestamp(wallClock().wall() - hours(24 * 62))).name;

let stripe: StripeDouble;
let server: RealServer;
let client: DynaBase;

beforeAll(async () => {
  stripe = await StripeDouble.start(wallClock());
  server = await realServer({
    env: {
      DYNABASE_STRIPE_KEY: stripe.key,
      DYNABASE_STRIPE_WEBHOOK_SECRET: SECRET,
      DYNABASE_STRIPE_URL: stripe.url.href,
    },
  });
  client = new DynaBase({ apiUrl: server.apiUrl, apiKey: server.apiKey });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await stripe.close();
});

test('from a plan to an invoice that is printed, checked, compared with Stripe’s and never made twice', async () => {
  const { billing } = client;
  const customer = await client.customers.create({ name: 'Acme', plan: 'professional' });
  await client.tenants.create({ name: 'shop', customer: customer.id });
  await billing.changeSettings({ seller: { name: 'Ogel', logoText: 'OGEL' }, tells: 'invoices' });
  await billing.changeProfile(customer.id, {
    taxes: [{ name: 'VAT 19 %', rate: 1_900, reverseCharge: false }],
  });
  const draft = JSON.parse((await billing.draft(customer.id)).text);
  expect(draft.lines[0]).toMatchObject({
    kind: 'subscription',
    says: 'Plan professional, 1 database',
  });

  await billing.addCredit(customer.id, { amount: '100', says: 'Missed', kind: 'adjustment' });
  const { numbers } = await billing.close(A_MONTH);
  expect(numbers).toEqual(['000001']);
  expect((await billing.close(A_MONTH)).numbers).toEqual([]);
  expect(await billing.verify()).toMatchObject({ allGood: true, verdicts: [{ number: '000001' }] });
  expect((await billing.invoice('000001')).total).toBe('119.00');

  const [differs] = (await billing.reconcile({ month: A_MONTH })).differences;
  expect(differs).toMatchObject({ what: '000001', ours: '11900', theirs: 'none' });
  const answer = await fetch(`${server.apiUrl}/v1/invoices/000001`, {
    headers: { authorization: `Bearer ${server.apiKey}`, accept: 'text/html,*/*' },
  });
  expect(answer.headers.get('content-type')).toContain('text/html');
  expect(await answer.text()).toContain('<p class="logo">OGEL</p>');
});

test('Stripe’s messages come in as they were signed, and no others', async () => {
  const say = async (body: Uint8Array, signature: string) =>
    (
      await fetch(`${server.apiUrl}/v1/billing/stripe`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': signature,
        },
        body: Buffer.from(body),
      })
    ).status;
  const invoice = { id: 'in_1', metadata: { dynabase_invoice: '000001' }, customer: 'cus_1' };
  const paid = stripe.message('invoice.paid', invoice, SECRET);
  expect(await say(paid.body, paid.signature)).toBe(204);
  expect(await say(paid.body, paid.signature)).toBe(204);
  expect((await client.billing.invoice('000001')).payment).toBe('paid');
  const forged = stripe.message('invoice.voided', invoice, 'whsec_other');
  expect(await say(forged.body, forged.signature)).toBe(400);
});
