import type { Status } from '../../contract/service/status.ts';
import { factsText } from './layout.ts';
import { ratioText } from './level-words.ts';
import { husksText, inForceText } from './policy-words.ts';
import type { Style } from './style.ts';
import { agoWords, bytesWords, spanWords } from './words.ts';

export function statusText(status: Status, now: number, style: Style): string {
  const uptime = spanWords(now - Date.parse(status.startedAt));
  const facts = factsText(
    [
      ['engine', `${status.engine.kind}, PostgreSQL ${status.engine.version}`],
      ['isolation', status.isolation],
      ['clients connect to', `${status.proxy.host}:${status.proxy.port}`],
      ['tenants', tenantsText(status)],
      ['their tiers', tiersText(status)],
      ['their data', homesText(status)],
      ['policy', inForceText(status.policy)],
      ['husks', husksText(status.policy)],
      ['bytes by level', bytesText(status)],
      ['not in a snapshot', unsavedText(status, now)],
      ['reads from memory', ratioText(status.levels.hitRatio, style)],
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

function tiersText({ tiers }: Status): string {
  const some = Object.entries(tiers).filter(([, count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([tier, count]) => `${count} ${tier}`).join(', ');
}

function homesText({ homes }: Status): string {
  const said = [
    [homes.local, 'on this machine'],
    [homes.archive, 'in the archive'],
    [homes.none, 'not made yet'],
  ] as const;
  const some = said.filter(([count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([count, where]) => `${count} ${where}`).join(', ');
}

function unsavedText({ unsavedSince }: Status, now: number): string {
  return unsavedSince === null ? 'nothing' : `changes since ${agoWords(unsavedSince, now)}`;
}

function bytesText({ levels: { bytes } }: Status): string {
  const l2 = bytes.l2 === null ? 'unknown' : bytesWords(bytes.l2);
  return `L2 ${l2}, L3 ${bytesWords(bytes.l3)}, L4 ${bytesWords(bytes.l4)}, as last measured`;
}
