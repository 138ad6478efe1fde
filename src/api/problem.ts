/** How a failure is told over HTTP. Source: RFC 9457, "Problem Details for HTTP APIs". */
import { STATUS_CODES } from 'node:http';
import type { Problem } from '../contract/problem.ts';
import { type DatabaseWords, type Fault, fault } from '../domain/faults.ts';

/** What a client should wait before it repeats a request that may succeed soon, in seconds. */
export const RETRY_AFTER_S = 1;

export function toProblem(told: Fault, requestId: string): Problem {
  const { http, retry } = told.spec;
  const { database } = told;
  return {
    type: `urn:dynabase:fault:${told.code}`,
    title: STATUS_CODES[http] ?? 'Error',
    status: http,
    detail: told.message,
    code: told.code,
    sqlstate: database?.sqlstate ?? told.spec.sqlstate,
    retry,
    requestId,
    ...(database === null ? {} : { database: wordsOf(database) }),
  };
}

function wordsOf({
  detail,
  hint,
  position,
  constraint,
  notices,
}: DatabaseWords): NonNullable<Problem['database']> {
  return {
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(position === undefined ? {} : { position: Number(position) }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(notices === undefined ? {} : { notices: [...notices] }),
  };
}

/** The fault that an error of the HTTP framework stands for, or undefined if it is none of those. */
export function faultOfFramework(error: unknown, bytesMax: number): Fault | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return fault('BODY_TOO_LARGE', { bytesMax });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return fault('BODY_NOT_JSON', {});
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return fault('BAD_REQUEST', { why: 'the body is shorter or longer than it was announced' });
    case 'FST_ERR_BAD_URL':
      return fault('BAD_REQUEST', { why: 'the path of the URL is not well formed' });
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return fault('BAD_REQUEST', { why: 'a part of the path is too long' });
    default:
      return undefined;
  }
}
