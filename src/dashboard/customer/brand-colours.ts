/**
 * A colour of somebody's own that can be read on every page, light or dark.
 *
 * It is mixed with black or white until it stands out from the ground it is on as WCAG 2.2 asks of text (4.5 to 1), and what
 * stands on it is black or white, whichever is read better.
 */

type Rgb = readonly [red: number, green: number, blue: number];

export type Accents = {
  readonly light: string;
  readonly dark: string;
  readonly lightInk: string;
  readonly darkInk: string;
};

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

/** The grounds of `styles.css` on which links stand that are the hardest to be read on. */
const LIGHT_GROUND: Rgb = [0xee, 0xf0, 0xf4];
const DARK_GROUND: Rgb = [0x1b, 0x1f, 0x27];

const CONTRAST_MIN = 4.5;

/** Undefined where `colour` is no `#rrggbb`. */
export function accentsOf(colour: string): Accents | undefined {
  const digits = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (digits === null) return undefined;
  const own = digits.slice(1).map((pair) => Number.parseInt(pair, 16)) as unknown as Rgb;
  const light = readable(own, LIGHT_GROUND, BLACK);
  const dark = readable(own, DARK_GROUND, WHITE);
  return { light: hex(light), dark: hex(dark), lightInk: inkOn(light), darkInk: inkOn(dark) };
}

function readable(colour: Rgb, ground: Rgb, towards: Rgb): Rgb {
  for (let part = 0; part < 1; part += 0.04) {
    const mixed = colour.map((one, at) => one + ((towards[at] ?? 0) - one) * part);
    const rounded = mixed.map(Math.round) as unknown as Rgb;
    if (contrast(rounded, ground) >= CONTRAST_MIN) return rounded;
  }
  return towards;
}

const inkOn = (colour: Rgb): string =>
  contrast(colour, WHITE) >= contrast(colour, BLACK) ? '#ffffff' : '#000000';

/** Source: WCAG 2.2, "contrast ratio". */
export function contrast(one: Rgb, other: Rgb): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Source: WCAG 2.2, "relative luminance". */
function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const hex = (colour: Rgb): string =>
  `#${colour.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
