/** Lines over time, on a canvas: as many points as there are. */
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { LOCALE } from '../format/locale.ts';
import { ChartWords } from './chart-words.tsx';

type Series = {
  readonly name: string;
  /** A colour of the style sheet. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
};

const HEIGHT_PX = 180;

const DAY_S = 86_400;

export type ChartProps = {
  /** What a reader hears instead. */
  readonly label: string;
  /** In milliseconds, the earliest first. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly kind?: 'line' | 'bars';
  /** Each time is a day of UTC, wherever the viewer is. */
  readonly isByDay?: boolean;
};

export function Plot({ label, times, series, format, kind = 'line', isByDay = false }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  useEffect(() => {
    const at = place.current;
    if (at === null) return;
    const drawing = { times, series, format, kind, isByDay, onPoint: setPointed };
    let plot = draw(at, drawing);
    const redraw = (): void => {
      plot.destroy();
      plot = draw(at, drawing);
    };
    const resized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT_PX });
    });
    resized.observe(at);
    // The canvas takes its colours once: another theme is another drawing.
    const themed = new MutationObserver(redraw);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', redraw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.destroy();
    };
  }, [times, series, format, kind, isByDay]);
  const time = pointed === null ? undefined : times[pointed];
  return (
    <figure aria-label={label}>
      <div ref={place} style={{ height: HEIGHT_PX }} aria-hidden="true" />
      <ChartWords
        {...{ label, times, format, lines: series }}
        when={(at) => momentOf(at, isByDay ? 'day' : 'minute')}
      />
      <figcaption className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft">
        {series.map(({ name, colour, values }) => (
          <span key={name} className="inline-flex items-center gap-1.5">
            <span className="size-2 rounded-full" style={{ background: colour }} />
            {name}
            {time !== undefined && (
              <span className="tnum font-medium text-ink">
                {told(values[pointed ?? 0], format)}
              </span>
            )}
          </span>
        ))}
        {time !== undefined && (
          <span className="tnum ml-auto">{momentOf(time, isByDay ? 'day' : 'minute')}</span>
        )}
      </figcaption>
    </figure>
  );
}

const told = (value: number | null | undefined, format: (value: number) => string): string =>
  value == null ? '–' : format(value);

const day = { day: 'numeric', month: 'short' } as const;
const minute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

/** Days of UTC are told as such; all else in the viewer's zone. */
const WORDS = {
  day: new Intl.DateTimeFormat(LOCALE, { ...day, timeZone: 'UTC' }),
  date: new Intl.DateTimeFormat(LOCALE, day),
  hour: new Intl.DateTimeFormat(LOCALE, minute),
  minute: new Intl.DateTimeFormat(LOCALE, { ...day, ...minute }),
} as const;

const momentOf = (ms: number, by: keyof typeof WORDS): string => WORDS[by].format(ms);

/** The hour, and at midnight the day. */
const tickOf = (ms: number): string => {
  const at = new Date(ms);
  return momentOf(ms, at.getHours() + at.getMinutes() === 0 ? 'date' : 'hour');
};

/** Of the name of a day, with the room beside it. */
const DAY_PX = 64;

type Drawing = Required<Omit<ChartProps, 'label'>> & {
  readonly onPoint: (index: number | null) => void;
};

function timeAxis({ times, isByDay }: Drawing): uPlot.Axis {
  if (!isByDay) return { values: (_, all) => all.map((second) => tickOf(second * 1_000)) };
  // The last is named, and of the others as many as stand apart.
  const named = ({ width }: uPlot): readonly number[] => {
    const every = Math.ceil(times.length / Math.max(1, Math.floor(width / DAY_PX)));
    return times.filter((_, index) => (times.length - 1 - index) % every === 0);
  };
  return {
    splits: (plot) => named(plot).map((time) => time / 1_000),
    values: (_, all) => all.map((second) => momentOf(second * 1_000, 'day')),
    grid: { show: false },
  };
}

const LETTER_PX = 6.5;

/** As wide as its longest number. */
const widthOf = (_: uPlot, numbers: readonly string[] | null): number =>
  16 + LETTER_PX * Math.max(3, ...(numbers ?? []).map(({ length }) => length));

function draw(at: HTMLElement, drawing: Drawing): uPlot {
  const { times, series, format, kind, onPoint } = drawing;
  const seen = (colour: string): string => resolved(at, colour);
  // A reader with few colours of their own still tells one line from another.
  const drawn = (colour: string): string => resolved(at, colour, 'none');
  const axis: uPlot.Axis = {
    stroke: seen('var(--ink-soft)'),
    grid: { stroke: seen('var(--line)'), width: 1 },
    ticks: { show: false },
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
  };
  const options: uPlot.Options = {
    width: Math.max(1, at.clientWidth),
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: spanOf(times, kind) },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { ...axis, ...timeAxis(drawing) },
      { ...axis, size: widthOf, values: (_, all) => all.map((one) => format(one)) },
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    series: [
      {},
      ...series.map(({ name, colour }) => ({
        label: name,
        stroke: drawn(colour),
        width: 1.5,
        points: { show: false },
        ...(kind === 'bars'
          ? {
              fill: drawn(colour),
              width: 0,
              paths: uPlot.paths.bars?.({ size: [0.8, 40, 1] }) ?? null,
            }
          : { fill: `color-mix(in srgb, ${drawn(colour)} 10%, transparent)` }),
      })),
    ] as uPlot.Series[],
  };
  const data = [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])];
  return new uPlot(options, data as uPlot.AlignedData, at);
}

/** From the first to the last, with room for half a bar; a single point has a day on either side. */
function spanOf(times: readonly number[], kind: 'line' | 'bars'): [number, number] {
  const first = (times[0] ?? 0) / 1_000;
  const last = (times.at(-1) ?? 0) / 1_000;
  if (times.length < 2) return [first - DAY_S, last + DAY_S];
  const half = kind === 'bars' ? (last - first) / (times.length - 1) / 2 : 0;
  return [first - half, last + half];
}

/** As the canvas understands it: of `light-dark(...)` it knows nothing. */
function resolved(at: HTMLElement, colour: string, forced: 'auto' | 'none' = 'auto'): string {
  const probe = document.createElement('span');
  probe.style.color = colour;
  probe.style.setProperty('forced-color-adjust', forced);
  at.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
