/** Pages of other origins may make databases without an account, where the server gives any: their key is no secret. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OPERATIONS } from '../../contract/operations.ts';
import type { ClaimDesk } from '../../control/access/claim-desk.ts';

/** Whether a page of whatever origin may ask this; its browser is told so. Cookies open nothing here. */
export function openToPages(
  request: FastifyRequest,
  reply: FastifyReply,
  claims: Pick<ClaimDesk, 'isOpen'>,
): boolean {
  const path = request.url.split('?', 1)[0];
  if (path !== OPERATIONS.createClaimable.path || !claims.isOpen) return false;
  reply.header('access-control-allow-origin', '*');
  reply.header('access-control-allow-methods', 'POST');
  reply.header('access-control-allow-headers', 'authorization, content-type');
  reply.header('access-control-max-age', '600');
  return true;
}
