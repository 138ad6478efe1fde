import { visible } from './rows-text.ts';

/** What PostgreSQL says beside its answer. */
export type Notice = {
  readonly severity: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
};

/** For standard error, with what a terminal would obey shown. */
export function noticeText({ severity, message, detail, hint }: Notice): string {
  const lines = [
    `${severity.toLowerCase()}: ${message}`,
    ...(detail === undefined ? [] : [`detail: ${detail}`]),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ];
  return `${lines
    .flatMap((line) => line.split('\n'))
    .map(visible)
    .join('\n')}\n`;
}
