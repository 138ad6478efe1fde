/** What went from where to where: bands for the eye, the same numbers as a table for who hears the page. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { count } from '../format/units.ts';
import { type Band, type Flow, type Node, sankeyLayout } from './sankey-layout.ts';

const HEIGHT = 200;
/** So that a name beside a thin band at the edge is seen whole. */
const MARGIN = 10;
const NODE = 10;
/** Room for the names on either side. */
const SIDE = 116;

/** Until it is known how wide the place is, and where that is not told. */
const WIDTH_DEFAULT = 640;

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
  const [place, width] = useWidth();
  const colour = (name: string): string => colours[name] ?? 'var(--line-strong)';
  return (
    <figure aria-label={label} ref={place}>
      <svg
        viewBox={`0 ${-MARGIN} ${width} ${HEIGHT + 2 * MARGIN}`}
        className="w-full"
        height={HEIGHT + 2 * MARGIN}
        aria-hidden="true"
      >
        {bands.map((band) => (
          <path
            key={`${band.from} ${band.to}`}
            d={shape(band, width)}
            fill={colour(band.from)}
            className="opacity-40 hover:opacity-80"
          >
            <title>{`${band.from} to ${band.to}: ${count(band.times)}`}</title>
          </path>
        ))}
        <Side nodes={left} bands={bands} end="from" {...{ colour, width }} />
        <Side nodes={right} bands={bands} end="to" {...{ colour, width }} />
      </svg>
      <div className="sr-only">
        <table>
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
      </div>
    </figure>
  );
}

function Side({
  nodes,
  bands,
  end,
  colour,
  width,
}: {
  readonly nodes: readonly Node[];
  readonly bands: readonly Band[];
  readonly end: 'from' | 'to';
  readonly colour: (name: string) => string;
  readonly width: number;
}) {
  const isLeft = end === 'from';
  const sum = (name: string): number =>
    bands.reduce((all, band) => all + (band[end] === name ? band.times : 0), 0);
  return nodes.map(({ name, y, height }) => (
    <g key={name}>
      <rect
        x={isLeft ? SIDE : width - SIDE - NODE}
        y={y}
        width={NODE}
        height={Math.max(1, height)}
        rx="2"
        fill={colour(name)}
      />
      <text
        x={isLeft ? SIDE - 8 : width - SIDE + 8}
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

/** One unit of the drawing is one pixel, so that words are as large as elsewhere however narrow the place is. */
function useWidth(): readonly [React.RefObject<HTMLElement | null>, number] {
  const place = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(WIDTH_DEFAULT);
  useEffect(() => {
    const at = place.current;
    if (at === null) return;
    const resized = new ResizeObserver(([entry]) => {
      const now = Math.floor(entry?.contentRect.width ?? 0);
      if (now > 0) setWidth(now);
    });
    resized.observe(at);
    return () => resized.disconnect();
  }, []);
  return [place, width];
}

function shape({ y0, y1, thickness }: Band, width: number): string {
  const [x0, x1] = [SIDE + NODE, width - SIDE - NODE];
  const middle = (x0 + x1) / 2;
  return [
    `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`,
    `V${y1 + thickness}`,
    `C${middle} ${y1 + thickness} ${middle} ${y0 + thickness} ${x0} ${y0 + thickness}Z`,
  ].join('');
}
