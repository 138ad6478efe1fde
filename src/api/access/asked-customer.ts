/** Which customer a request means. */
import { type Caller, customerOf } from '../../domain/caller.ts';
import { fault } from '../../domain/faults.ts';
import { type CustomerId, isId } from '../../domain/ids.ts';

/** Of a path: admission has found it, and it is the caller's own. */
export function customerId(text: string): CustomerId {
  if (!isId('cu', text)) throw fault('CUSTOMER_UNKNOWN', { customer: text });
  return text;
}

/** What a list is confined to; undefined for all there are. Throws `CUSTOMER_UNKNOWN` as if others' did not exist. */
export function customerListed(caller: Caller, asked?: string): CustomerId | undefined {
  const own = customerOf(caller);
  const customer = asked === undefined || (asked === 'me' && own !== null) ? own : asked;
  if (customer === null) return undefined;
  if (own !== null && customer !== own) throw fault('CUSTOMER_UNKNOWN', { customer });
  return customerId(customer);
}
