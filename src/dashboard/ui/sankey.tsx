/** What went from where to where: bands for the eye, the same numbers as a table for who hears the page. */
import { useMemo } from 'react';
import { count } from '../format/units.ts';
import { type Band, type Flow, type Node, sankeyLayout } from './sankey-layout.ts';

const WIDTH = 640;
const HEIGHT = 200;
/** So that a name beside a thin band at the edge is seen whole. */
const MARGIN = 10;
const NODE = 10;
/** Room for the names on either side. */
const SIDE = 116;

export function Sankey({
  label,
  names,
  flows,
  colours,
}: {
  readonly label: string;
  /** From the top. */
  readonly names: readonly string[];
  readonly flows: readonly Flow[];
  readonly colours: Readonly<Record<string, string>>;
}) {
  const { left, right, bands } = useMemo(
    () => sankeyLayout(names, flows, { height: HEIGHT, gap: 16 }),
    [names, flows],
  );
  const colour = (name: string): string => colours[name] ?? 'var(--line-strong)';
  return (
    <figure aria-label={label}>
      <svg
        viewBox={`0 ${-MARGIN} ${WIDTH} ${HEIGHT + 2 * MARGIN}`}
        className="w-full"
        aria-hidden="true"
      >
        {bands.map((band) => (
          <path
            key={`${band.from} ${band.to}`}
            d={shape(band)}
            fill={colour(band.from)}
            className="opacity-40 hover:opacity-80"
          >
            <title>{`${band.from} to ${band.to}: ${count(band.times)}`}</title>
          </path>
        ))}
        <Side nodes={left} bands={bands} end="from" colour={colour} />
        <Side nodes={right} bands={bands} end="to" colour={colour} />
      </svg>
      <table className="sr-only">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col">Times</th>
          </tr>
        </thead>
        <tbody>
          {bands.map(({ from, to, times }) => (
            <tr key={`${from} ${to}`}>
              <td>{from}</td>
              <td>{to}</td>
              <td>{count(times)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function Side({
  nodes,
  bands,
  end,
  colour,
}: {
  readonly nodes: readonly Node[];
  readonly bands: readonly Band[];
  readonly end: 'from' | 'to';
  readonly colour: (name: string) => string;
}) {
  const isLeft = end === 'from';
  const sum = (name: string): number =>
    bands.reduce((all, band) => all + (band[end] === name ? band.times : 0), 0);
  return nodes.map(({ name, y, height }) => (
    <g key={name}>
      <rect
        x={isLeft ? SIDE : WIDTH - SIDE - NODE}
        y={y}
        width={NODE}
        height={Math.max(1, height)}
        rx="2"
        fill={colour(name)}
      />
      <text
        x={isLeft ? SIDE - 8 : WIDTH - SIDE + 8}
        y={y + height / 2}
        textAnchor={isLeft ? 'end' : 'start'}
        dominantBaseline="central"
        fontSize="13"
        fill="var(--ink)"
      >
        {name} <tspan fill="var(--ink-soft)">{count(sum(name))}</tspan>
      </text>
    </g>
  ));
}

function shape({ y0, y1, thickness }: Band): string {
  const [x0, x1] = [SIDE + NODE, WIDTH - SIDE - NODE];
  const middle = (x0 + x1) / 2;
  return [
    `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`,
    `V${y1 + thickness}`,
    `C${middle} ${y1 + thickness} ${middle} ${y0 + thickness} ${x0} ${y0 + thickness}Z`,
  ].join('');
}
