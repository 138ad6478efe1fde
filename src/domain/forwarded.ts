/**
 * How the API's port tells the data plane whose request it hands on: one header, which begins with a
 * secret of the two. Without the secret nobody could be believed, since any client can send headers.
 */

export const FORWARDED_HEADER = 'dynabase-forwarded';

export type Forwarded = {
  /** As its socket reported it. */
  readonly address: string;
  /** Nobody on the way there could read along. */
  readonly isPrivate: boolean;
};

export const forwardedText = (token: string, { address, isPrivate }: Forwarded): string =>
  `${token} ${isPrivate ? 'private' : 'open'} ${address}`;

/** Undefined if `text` is none of ours. `isToken` compares in constant time. */
export function readForwarded(
  text: string,
  isToken: (said: string) => boolean,
): Forwarded | undefined {
  const [token = '', way, address = ''] = text.split(' ');
  return isToken(token) ? { address, isPrivate: way === 'private' } : undefined;
}
