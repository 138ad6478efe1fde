/** Small drawings in the colour of the text beside them. They say nothing that the text does not. */

const PATHS = {
  overview: 'M2.5 8.5h4v5h-4zM9.5 2.5h4v11h-4zM2.5 2.5h4v3h-4z',
  tenants:
    'M13 4c0 1.1-2.2 2-5 2S3 5.1 3 4s2.2-2 5-2 5 .9 5 2zM3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2',
  again: 'M13.5 8A5.5 5.5 0 1 1 11.6 3.800M13.5 2v3.500H10',
  operations: 'M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 8 2a6 6 0 0 1 6 6z',
  audit: 'M4 2.5h6l2.5 2.5v8.5H4zM6 7h4.5M6 9.5h4.5M6 12h2.5',
  webhooks: 'M5 10.5a2.5 2.5 0 1 0 2.5 2.5H12M8 6a2.5 2.5 0 1 1 2 1.5l1.8 3.2M7.8 6.5 5.8 10',
  policy: 'M3 4.5h10M3 8h10M3 11.5h10M6 3v3M10.5 6.5v3M5 10v3',
  plans: 'M8 2 2 5l6 3 6-3zM2 8l6 3 6-3M2 11l6 3 6-3',
  prices:
    'M8 2v12M11 4.5C10.5 3.6 9.4 3.2 8 3.2 6.3 3.2 5 4 5 5.400c0 3.2 6.2 1.8 6.2 5 0 1.5-1.4 2.3-3.2 2.3-1.6 0-2.9-.6-3.4-1.7',
  tag: 'M2.5 2.500h5l6 6-5 5-6-6zM5.2 5.2h.01',
  invoice: 'M3.5 2.500h9v11l-1.5-1-1.5 1-1.5-1-1.5 1-1.5-1-1.5 1zM6 6h4M6 9h4',
  customers:
    'M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.500c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3.300a2.5 2.5 0 0 1 0 4.600M12 9.800c1.6.5 2.6 1.8 2.6 3.7',
  keys: 'M9.5 6.500a3.5 3.5 0 1 1-2-3.160 3.5 3.5 0 0 1 2 3.160zM8.5 8.900l5 4.600M11.5 11.500l1.5-1.5',
  settings:
    'M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 1.800v2M8 12.200v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.400M3.6 12.4 5 11M11 5l1.4-1.4',
  search: 'M7 11.500a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5 14 14',
  menu: 'M2.5 4.500h11M2.5 8h11M2.5 11.500h11',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5 6.5 12 13 4.5',
  copy: 'M5.5 5.500v-3h8v8h-3M2.5 5.500h8v8h-8z',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  up: 'M4 10l4-4 4 4',
  sun: 'M8 10.800a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.600zM8 1.500v1.500M8 13v1.500M1.5 8H3M13 8h1.500M3.4 3.400l1 1M11.6 11.600l1 1M3.4 12.600l1-1M11.6 4.400l1-1',
  moon: 'M13.5 9.500A6 6 0 0 1 6.5 2.500a6 6 0 1 0 7 7z',
  screen: 'M2 3h12v8H2zM6 14h4M8 11v3',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  warning: 'M8 2.5 14.5 13.500h-13zM8 6.500v3M8 11.500v.01',
  bolt: 'M9 1.5 3.5 9H8l-1 5.500L12.5 7H8z',
  sleep: 'M12.5 10A5.5 5.5 0 0 1 6 3.500a5.5 5.5 0 1 0 6.5 6.500z',
  plus: 'M8 3v10M3 8h10',
  logout: 'M6 2.500H3v11h3M7 8h7M11 5l3 3-3 3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="shrink-0"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
