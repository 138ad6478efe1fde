/** What a page holds by role and name, as who hears it finds it. Source: W3C, "HTML Accessibility API Mappings", as far as our pages go. */

const INPUTS: Readonly<Record<string, string>> = {
  ...{ checkbox: 'checkbox', radio: 'radio', range: 'slider', number: 'spinbutton' },
  ...{ search: 'searchbox', button: 'button', submit: 'button' },
};

const ELEMENTS: Readonly<Record<string, string>> = {
  ...{ button: 'button', textarea: 'textbox', select: 'combobox', option: 'option' },
  ...{ h1: 'heading', h2: 'heading', h3: 'heading', main: 'main', nav: 'navigation' },
  ...{
    table: 'table',
    tr: 'row',
    td: 'cell',
    th: 'columnheader',
    ul: 'list',
    ol: 'list',
    li: 'listitem',
  },
  ...{ output: 'status', progress: 'progressbar', time: 'time', search: 'search' },
};

function roleOf(element: Element): string | null {
  const own = element.getAttribute('role');
  if (own !== null) return own;
  const tag = element.tagName.toLowerCase();
  if (tag === 'input') return INPUTS[element.getAttribute('type') ?? 'text'] ?? 'textbox';
  if (tag === 'a') return element.hasAttribute('href') ? 'link' : null;
  return ELEMENTS[tag] ?? null;
}

const NAMED_BY_CONTENT =
  /^(button|link|heading|cell|columnheader|option|menuitem|tab|listitem|row|status|alert|time)$/;

function nameOf(element: Element): string {
  const page = element.ownerDocument;
  const named = (attribute: string): string =>
    (element.getAttribute(attribute) ?? '')
      .split(' ')
      .map((id) => textOf(id === '' ? null : page.getElementById(id)))
      .join(' ')
      .trim();
  const said = named('aria-labelledby') || element.getAttribute('aria-label') || '';
  if (said !== '') return said;
  const label =
    element.id === '' ? null : page.querySelector(`label[for="${CSS.escape(element.id)}"]`);
  const around = element.closest('label');
  if (label !== null || around !== null) return textOf(label ?? around);
  return NAMED_BY_CONTENT.test(roleOf(element) ?? '') ? textOf(element) : '';
}

/** Hidden from who hears it. What a dialog covers is hidden, too. */
const isHidden = (element: Element): boolean =>
  element.closest('[aria-hidden="true"], [hidden], [inert]') !== null;

/** What is read out; nothing of what is hidden. */
export function textOf(element: Element | null): string {
  if (element === null || element.matches('[aria-hidden="true"], [hidden], script, style'))
    return '';
  const parts = Array.from(element.childNodes, (node) =>
    node.nodeType === 1 ? textOf(node as Element) : (node.textContent ?? ''),
  );
  return parts.join('').replaceAll(/\s+/g, ' ').trim();
}

const isNamed = (name: string, wanted: string | RegExp): boolean =>
  typeof wanted === 'string' ? name === wanted : wanted.test(name);

/** All of a role, of a name if one is given, in the order of the page. */
export function all(role: string, name?: string | RegExp): readonly HTMLElement[] {
  return [...document.body.querySelectorAll<HTMLElement>('*')].filter(
    (one) =>
      roleOf(one) === role && !isHidden(one) && (name === undefined || isNamed(nameOf(one), name)),
  );
}

/** The only one; what else there is of this role stands in what is thrown if it is not. */
export function found(role: string, name?: string | RegExp): HTMLElement {
  const [first, ...more] = all(role, name);
  if (first !== undefined && more.length === 0) return first;
  const others = all(role).map((one) => `"${nameOf(one)}"`);
  throw new Error(
    `${more.length + (first ? 1 : 0)} of ${role} "${name ?? ''}"; there are ${others}`,
  );
}
