/** How long something that must happen may take. */
const WITHIN_MS = 20_000;

const LOOK_EVERY_MS = 20;

/**
 * Looks until `holds`, for what the outside world tells nobody about. Throws with `what` if it does
 * not come to pass.
 */
export async function eventually(
  what: string,
  holds: () => Promise<boolean>,
  { withinMs = WITHIN_MS }: { readonly withinMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`never came to pass: ${what}`);
    await new Promise((next) => setTimeout(next, LOOK_EVERY_MS));
  }
}
