/**
 * The public page of how the service is, at `/status`, and the same as JSON: without a key, a script or a name.
 *
 * A tenant's own page has an address that nobody guesses. What is told is reckoned once in ten seconds, whoever asks;
 * the rate of each address is bounded as everywhere.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { HealthDesk } from '../../control/service/health-desk.ts';
import type { DayBar, HealthPage } from '../../control/service/health-page.ts';
import { dayText } from '../../domain/day.ts';
import type { Gap } from '../../domain/uptime.ts';

const CACHED = 'public, max-age=10';

export function addStatusPage(app: FastifyInstance, health: HealthDesk): void {
  const html = (reply: FastifyReply, page: HealthPage): FastifyReply =>
    reply
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', CACHED)
      .type('text/html; charset=utf-8')
      .send(statusHtml(page));
  const json = (reply: FastifyReply, page: HealthPage): FastifyReply =>
    reply.header('cache-control', CACHED).send(statusJson(page));
  const hidden = { schema: { hide: true } };
  app.get('/status', hidden, async (_, reply) => html(reply, await health.page()));
  app.get('/status.json', hidden, async (_, reply) => json(reply, await health.page()));
  app.get<{ Params: { link: string } }>('/status/:link', hidden, async ({ params }, reply) => {
    const isJson = params.link.endsWith('.json');
    const page = await health.pageOf(isJson ? params.link.slice(0, -'.json'.length) : params.link);
    return isJson ? json(reply, page) : html(reply, page);
  });
}

const statusJson = (page: HealthPage) => ({
  ...{ of: page.of, condition: page.condition, at: iso(page.at), uptime: page.up },
  days: page.days.map(({ day, up }) => ({ day: dayText(day), uptime: up })),
  incidents: page.incidents.map(({ from, to, planned }) => ({
    ...{ from: iso(from), to: iso(to), planned },
  })),
});

const iso = (at: number): string => new Date(at).toISOString();

const WORDS: Readonly<Record<HealthPage['of'], Readonly<Record<HealthPage['condition'], string>>>> =
  {
    service: {
      ...{ up: 'The service is up', down: 'The service is down' },
      ...{ asleep: '', waking: '', unknown: '' },
    },
    tenant: {
      up: 'The database is up',
      asleep: 'The database is asleep: it wakes for whoever connects',
      waking: 'The database is waking up',
      down: 'The database is down: it cannot be started at the moment',
      unknown: 'How the database is cannot be told at the moment',
    },
  };

const ALL_UP = 0.99999;
const NEARLY_UP = 0.995;

function statusHtml(page: HealthPage): string {
  const { days, incidents, condition, of } = page;
  const since = days.find(({ up }) => up !== null);
  const known = since === undefined ? 0 : days.length - days.indexOf(since);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="60">
<title>${WORDS[of][condition]}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1 class="${condition}"><span class="dot" aria-hidden="true"></span>${WORDS[of][condition]}</h1>
<section aria-labelledby="uptime">
<h2 id="uptime">Uptime <span class="share">${percent(page.up)} ${known <= 1 ? 'today' : `over ${known} days`}</span></h2>
<ol class="bars">
${days.map(barHtml).join('\n')}
</ol>
<p class="ends"><span>${days.length - 1} days ago</span><span>today</span></p>
</section>
<section aria-labelledby="incidents">
<h2 id="incidents">Interruptions</h2>
${incidents.length === 0 ? '<p>None.</p>' : `<ul>${incidents.map(incidentHtml).join('\n')}</ul>`}
</section>
<footer>As of <time datetime="${iso(page.at)}">${moment(page.at)}</time> UTC. An interruption is a time in which the service did not answer; a database that sleeps is none. <a href="?">Look again</a></footer>
</main>
</body>
</html>
`;
}

function barHtml({ day, up }: DayBar): string {
  const date = dayText(day);
  const said = up === null ? `${date}: not there yet` : `${date}: ${percent(up)}`;
  return `<li class="${barClass(up)}" title="${said}"><span class="said">${said}</span></li>`;
}

function barClass(up: number | null): string {
  if (up === null) return 'none';
  if (up >= ALL_UP) return 'full';
  return up >= NEARLY_UP ? 'most' : 'poor';
}

function incidentHtml({ from, to, planned }: Gap): string {
  const what = planned ? 'Maintenance' : 'Outage';
  return `<li><strong>${what}</strong> <time datetime="${iso(from)}">${moment(from)}</time> UTC, ${spanWords(to - from)}</li>`;
}

const moment = (at: number): string => iso(at).slice(0, 16).replace('T', ' ');

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;

/** To the minute, which is as well as it is known. */
function spanWords(span: number): string {
  const minutes = Math.max(1, Math.round(span / MINUTE_MS));
  if (minutes < HOUR_MINUTES) return `about ${minutes} min`;
  const rest = minutes % HOUR_MINUTES;
  return `about ${Math.floor(minutes / HOUR_MINUTES)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** Never rounded up to what it is not. */
const percent = (share: number): string => `${(Math.floor(share * 100_000) / 1_000).toFixed(3)} %`;

const STYLE = `
:root { color-scheme: light dark; --ground: #f7f7f5; --card: #fff; --ink: #1c1c1a; --quiet: #5c5c57; --line: #dededa;
  --full: #1a7f4b; --most: #a06a00; --poor: #c0322b; --none: #d4d4cf; --asleep: #4a63c4; }
@media (prefers-color-scheme: dark) { :root { --ground: #141413; --card: #1e1e1c; --ink: #ecece8; --quiet: #a8a8a1;
  --line: #34342f; --full: #3fb97b; --most: #dca032; --poor: #f0685f; --none: #3d3d38; --asleep: #93a7f5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 48rem; margin: 0 auto; padding: 2rem 1rem; display: grid; gap: 1rem; }
h1 { display: flex; align-items: center; gap: .75rem; margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.3; }
.dot { flex: none; width: .875rem; height: .875rem; border-radius: 50%; background: var(--full); }
.asleep .dot, .waking .dot { background: var(--asleep); }
.down .dot { background: var(--poor); }
section { min-width: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; }
h2 { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .25rem 1rem; margin: 0 0 .75rem; font-size: 1rem; }
.share { color: var(--quiet); font-weight: 400; font-variant-numeric: tabular-nums; }
.bars { display: flex; gap: 2px; height: 2.5rem; margin: 0; padding: 0; list-style: none; }
.bars li { flex: 1 1 0; min-width: 1px; border-radius: 1px; background: var(--none); }
.bars .full { background: var(--full); } .bars .most { background: var(--most); } .bars .poor { background: var(--poor); }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.ends { display: flex; justify-content: space-between; margin: .375rem 0 0; color: var(--quiet); font-size: .8125rem; }
section ul { margin: 0; padding: 0; list-style: none; display: grid; gap: .5rem; } section p { margin: 0; color: var(--quiet); }
section .ends { margin-top: .375rem; }
footer { color: var(--quiet); font-size: .8125rem; } a { color: inherit; }
@media (max-width: 30rem) { .bars { gap: 1px; } }
`;
