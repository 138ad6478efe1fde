/** A picture of the frontier: idle warm time against cold starts, both in logarithms. */
import type { Comparison, Row } from './compare.ts';

const WIDTH = 760;
const HEIGHT = 460;
const PLOT = { left: 64, right: 600, top: 44, bottom: 404 };

type Mark = { readonly x: number; readonly y: number; readonly name: string };

/** A line of marks; `role` is its class, which has the colour. */
type Drawn = { readonly label: string; readonly role: string; readonly marks: readonly Mark[] };

const FAMILIES: readonly { readonly of: Row['family']; readonly label: string }[] = [
  { of: 'fixed', label: 'fixed time' },
  { of: 'hybrid', label: 'hybrid histogram' },
  { of: 'prorp', label: 'ProRP-like' },
  { of: 'clairvoyant', label: 'clairvoyant' },
];

/** Readable on light and dark grounds. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-size: 14px; font-weight: 600 }
  .small { font-size: 11px }
  .grid { stroke: #ddd; stroke-width: 1 }
  .axis { stroke: #888; stroke-width: 1 }
  polyline { fill: none; stroke-width: 1.5 }
  .adaptive { stroke: #0a6ed1; fill: #0a6ed1 } polyline.adaptive { stroke-width: 3; fill: none }
  .hazard { stroke: #b35900; fill: #b35900 } polyline.hazard { fill: none }
  .fixed { stroke: #777; fill: #777 } polyline.fixed { fill: none }
  .hybrid { stroke: #8a2bb0; fill: #8a2bb0 } polyline.hybrid { fill: none }
  .prorp { stroke: #1b8a3a; fill: #1b8a3a } polyline.prorp { fill: none }
  .clairvoyant { stroke: #c02942; fill: #c02942 } polyline.clairvoyant { fill: none; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .grid { stroke: #3a3a3a } .axis { stroke: #999 }
    .adaptive { stroke: #5ab0ff; fill: #5ab0ff } .hazard { stroke: #ffb066; fill: #ffb066 }
    .fixed { stroke: #aaa; fill: #aaa } .hybrid { stroke: #d59bf0; fill: #d59bf0 }
    .prorp { stroke: #6fd48b; fill: #6fd48b } .clairvoyant { stroke: #ff8095; fill: #ff8095 }
    polyline.adaptive, polyline.hazard, polyline.fixed, polyline.hybrid, polyline.prorp, polyline.clairvoyant { fill: none }
  }`;

export function frontierSvg({ trace, rows, ours, hazard }: Comparison): string {
  const drawn: Drawn[] = [
    ...FAMILIES.map(({ of, label }) => ({
      ...{ label, role: of },
      marks: rows.filter(({ family }) => family === of).map(markOf),
    })),
    { label: 'hazard reference', role: 'hazard', marks: hazard.points.map(markOf) },
    { label: 'DynaBase, adaptive', role: 'adaptive', marks: ours.points.map(markOf) },
  ].map((line) => ({ ...line, marks: line.marks.filter(({ x, y }) => x > 0 && y > 0) }));
  const marks = drawn.flatMap((line) => line.marks);
  const x = scaleOf(
    marks.map((mark) => mark.x),
    [PLOT.left, PLOT.right],
  );
  const y = scaleOf(
    marks.map((mark) => mark.y),
    [PLOT.bottom, PLOT.top],
  );
  const days = `${Math.round(trace.scoredDays * 10) / 10} days`;
  const title = `${trace.name}: ${trace.tenants} tenants, ${days} scored`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>Cold starts against idle warm time, ${escaped(title)}</title><style>${STYLE}\n</style>`,
    textAt({ at: [PLOT.left, 24], text: title, role: 'title' }),
    ...axes(x, y),
    ...drawn.flatMap((line, i) => lineSvg(line, { x, y, row: i })),
    '</svg>',
    '',
  ].join('\n');
}

const markOf = (one: {
  readonly score: Row['score'];
  readonly name?: string;
  readonly knob?: number;
}): Mark => ({
  x: one.score.idleWarm,
  y: one.score.coldRate,
  name: one.name ?? `a cold start worth ${Math.round(one.knob ?? 0)} s`,
});

type Scale = { readonly at: (value: number) => number; readonly ticks: readonly number[] };

/** Whole powers of ten, and twice and five times them, from end to end. */
function scaleOf(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const [first, last] = values.length === 0 ? [0.1, 100] : [low / 1.1, high * 1.1];
  const span = Math.log(last / first);
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(first)); power <= Math.log10(last); power++) {
    for (const times of [1, 2, 5]) {
      const tick = times * 10 ** power;
      if (tick >= first && tick <= last) ticks.push(Number(tick.toPrecision(1)));
    }
  }
  return { at: (value) => from + ((to - from) * Math.log(value / first)) / span, ticks };
}

function axes(x: Scale, y: Scale): readonly string[] {
  const { left, right, top, bottom } = PLOT;
  const vertical = x.ticks.flatMap((tick) => [
    `<line class="grid" x1="${px(x.at(tick))}" x2="${px(x.at(tick))}" y1="${top}" y2="${bottom}"/>`,
    textAt({ at: [x.at(tick), bottom + 16], text: `${tick}`, role: 'small', anchor: 'middle' }),
  ]);
  const horizontal = y.ticks.flatMap((tick) => [
    `<line class="grid" x1="${left}" x2="${right}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}"/>`,
    textAt({ at: [left - 8, y.at(tick) + 4], text: `${tick}`, role: 'small', anchor: 'end' }),
  ]);
  return [
    ...vertical,
    ...horizontal,
    `<polyline class="axis" points="${left},${top} ${left},${bottom} ${right},${bottom}"/>`,
    textAt({
      at: [(left + right) / 2, bottom + 36],
      text: 'warm and unused, % of tenant time',
      anchor: 'middle',
    }),
    `<g transform="rotate(-90)">${textAt({
      at: [-(top + bottom) / 2, 16],
      text: 'cold starts, % of requests',
      anchor: 'middle',
    })}</g>`,
  ];
}

function lineSvg(
  { label, role, marks }: Drawn,
  { x, y, row }: { readonly x: Scale; readonly y: Scale; readonly row: number },
): readonly string[] {
  if (marks.length === 0) return [];
  const sorted = marks.toSorted((a, b) => a.x - b.x);
  const points = sorted.map((mark) => `${px(x.at(mark.x))},${px(y.at(mark.y))}`).join(' ');
  const isDense = marks.length > 12;
  const dots = (isDense ? [] : sorted).map(
    (mark) =>
      `<circle class="${role}" cx="${px(x.at(mark.x))}" cy="${px(y.at(mark.y))}" r="3.5">` +
      `<title>${escaped(mark.name)}</title></circle>`,
  );
  const key = PLOT.top + 8 + row * 20;
  const [from, to] = [PLOT.right + 12, PLOT.right + 36];
  return [
    ...(role === 'prorp' || role === 'hybrid'
      ? []
      : [`<polyline class="${role}" points="${points}"/>`]),
    ...dots,
    `<polyline class="${role}" points="${from},${key} ${to},${key}"/>`,
    textAt({ at: [to + 8, key + 4], text: label }),
  ];
}

type Text = {
  readonly at: readonly [x: number, y: number];
  readonly text: string;
  readonly role?: string;
  readonly anchor?: 'middle' | 'end';
};

function textAt({ at: [x, y], text, role, anchor }: Text): string {
  const named = role === undefined ? '' : ` class="${role}"`;
  const anchored = anchor === undefined ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${px(x)}" y="${px(y)}"${named}${anchored}>${escaped(text)}</text>`;
}

const px = (value: number): string => `${Math.round(value * 10) / 10}`;

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
