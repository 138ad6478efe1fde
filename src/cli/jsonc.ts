/** JSON as people write it in files: with comments, and a comma after the last entry. */

/** A text, or one of the things that JSON has not. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|,(?=\s*[}\]])/g;

/** Throws what `JSON.parse` throws; places in its messages hold for `given`. */
export function parseJsonc(given: string): unknown {
  const text = given.replace(/^\uFEFF/, ' ');
  const bare = text.replaceAll(TOKEN, (token) =>
    token.startsWith('"') || token === ',' ? token : blank(token),
  );
  return JSON.parse(
    bare.replaceAll(TOKEN, (token) => (token.startsWith('"') ? token : blank(token))),
  );
}

/** As long, and of as many lines. */
const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
