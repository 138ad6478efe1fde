/**
 * Lists of addresses that clients may come from: single ones, networks (`10.0.0.0/8`) and ranges (`10.0.0.1-10.0.0.9`),
 * of IPv4 and IPv6.
 *
 * An IPv4 address that is mapped into IPv6 is the IPv4 address. A list is read once and kept as sorted ranges of
 * numbers, so that a look into it costs the same however it was written; an empty one admits everybody.
 */

type Range = { readonly from: bigint; readonly to: bigint };

/** Both kinds of address on one line of numbers: IPv4 where IPv6 maps it to. */
const MAPPED = 0xffff_0000_0000n;
const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** Whether `text` can be an entry of a list. */
export const isAddressEntry = (text: string): boolean => rangeOf(text) !== undefined;

/** Whether `address`, as a socket reports it, is in every one of `lists`. What is no address is in none. */
export function admits(lists: readonly (readonly string[])[], address: string): boolean {
  const asked = lists.filter((list) => list.length > 0);
  if (asked.length === 0) return true;
  const at = numberOf(address.split('%', 1)[0] ?? '');
  return at !== undefined && asked.every((list) => has(rangesOf(list), at));
}

const READ = new WeakMap<readonly string[], readonly Range[]>();

/** Read once for every list: lists are never changed, but replaced. */
function rangesOf(list: readonly string[]): readonly Range[] {
  const known = READ.get(list);
  if (known !== undefined) return known;
  const found = list.flatMap((entry) => rangeOf(entry) ?? []);
  const merged: Range[] = [];
  for (const range of found.toSorted((one, other) => (one.from < other.from ? -1 : 1))) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to) merged.push(range);
    else if (range.to > last.to) merged[merged.length - 1] = { from: last.from, to: range.to };
  }
  READ.set(list, merged);
  return merged;
}

function has(ranges: readonly Range[], at: bigint): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined || at < range.from) high = middle - 1;
    else if (at > range.to) low = middle + 1;
    else return true;
  }
  return false;
}

function rangeOf(text: string): Range | undefined {
  const entry = text.trim();
  if (entry.includes('-')) return spanOf(entry);
  const [address = '', length, more] = entry.split('/');
  const at = numberOf(address);
  if (at === undefined || more !== undefined) return undefined;
  if (length === undefined) return { from: at, to: at };
  const bits = address.includes(':') ? IPV6_BITS : IPV4_BITS;
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > bits) return undefined;
  const free = (1n << BigInt(bits - Number(length))) - 1n;
  const from = at - (at & free);
  return { from, to: from + free };
}

/** Both ends of one kind: a range from one to the other would hold what nobody means. */
function spanOf(entry: string): Range | undefined {
  const [first = '', last = '', more] = entry.split('-').map((part) => part.trim());
  if (more !== undefined || first.includes(':') !== last.includes(':')) return undefined;
  const [from, to] = [numberOf(first), numberOf(last)];
  return from === undefined || to === undefined || from > to ? undefined : { from, to };
}

const OCTET = /^(?:0|[1-9][0-9]{0,2})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;

function numberOf(text: string): bigint | undefined {
  if (!text.includes(':')) {
    const address = ipv4Of(text);
    return address === undefined ? undefined : MAPPED + address;
  }
  const groups = groupsOf(text);
  return groups?.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

/** Without leading zeros, which some read as octal and others do not. */
function ipv4Of(text: string): bigint | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let address = 0n;
  for (const octet of octets) {
    if (!OCTET.test(octet) || Number(octet) > 255) return undefined;
    address = (address << 8n) + BigInt(octet);
  }
  return address;
}

/** The eight groups of an IPv6 address, in hexadecimal; undefined if it is none. */
function groupsOf(text: string): readonly string[] | undefined {
  const plain = withoutDots(text);
  if (plain === undefined) return undefined;
  const [before = '', after, more] = plain.split('::');
  if (more !== undefined) return undefined;
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const missing = GROUPS - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  return groups.every((group) => GROUP.test(group)) ? groups : undefined;
}

/** The last 32 bits may be written as an IPv4 address. */
function withoutDots(text: string): string | undefined {
  if (!text.includes('.')) return text;
  const at = text.lastIndexOf(':') + 1;
  const address = ipv4Of(text.slice(at));
  if (address === undefined) return undefined;
  const [high, low] = [address >> 16n, address & 0xffffn].map((half) => half.toString(16));
  return `${text.slice(0, at)}${high}:${low}`;
}
