import type { Status } from '../contract/status.ts';
import { factsText } from './layout.ts';
import type { Style } from './style.ts';
import { spanWords } from './words.ts';

export function statusText(status: Status, now: number, style: Style): string {
  const uptime = spanWords(now - Date.parse(status.startedAt));
  const facts = factsText(
    [
      ['engine', `${status.engine.kind}, PostgreSQL ${status.engine.version}`],
      ['isolation', status.isolation],
      ['clients connect to', `${status.proxy.host}:${status.proxy.port}`],
      ['tenants', tenantsText(status)],
      ['sessions', String(status.sessions)],
    ],
    style,
  );
  const warnings = status.warnings.map((warning) => `${style.yellow('warning:')} ${warning}`);
  return [`${style.bold(`DynaBase ${status.version}`)}, up ${uptime}`, facts, ...warnings].join(
    '\n',
  );
}

function tenantsText({ tenants }: Status): string {
  const states = Object.entries(tenants).filter(([, count]) => count > 0);
  const total = states.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return '0';
  return `${total} (${states.map(([state, count]) => `${count} ${state}`).join(', ')})`;
}
