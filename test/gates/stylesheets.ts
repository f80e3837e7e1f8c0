// The rules of our stylesheets as functions of their text: colours in one file, no force, no ids (ux.md 3.5).

/** Colours that name no colour: the reader's own, what lies beneath, or the text's. */
const colourless = ['transparent', 'currentcolor', 'inherit', 'none'];
const colourFunctions = /\b(rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|light-dark)\(/i;
const hexColour = /#[0-9a-f]{3,8}\b/i;
/** CSS's 148 names, without the system's (CanvasText and the like), which forced colours are written in. */
const namedColour =
  /(?<![-\w.#])(aliceblue|antiquewhite|aqua|aquamarine|azure|beige|bisque|black|blanchedalmond|blue|blueviolet|brown|burlywood|cadetblue|chartreuse|chocolate|coral|cornflowerblue|cornsilk|crimson|cyan|dark\w+|deeppink|deepskyblue|dimgr[ae]y|dodgerblue|firebrick|floralwhite|forestgreen|fuchsia|gainsboro|ghostwhite|gold|goldenrod|gr[ae]y|green|greenyellow|honeydew|hotpink|indianred|indigo|ivory|khaki|lavender|lavenderblush|lawngreen|lemonchiffon|light(?!er\b)\w+|lime|limegreen|linen|magenta|maroon|medium\w+|midnightblue|mintcream|mistyrose|moccasin|navajowhite|navy|oldlace|olive|olivedrab|orange|orangered|orchid|pale\w+|papayawhip|peachpuff|peru|pink|plum|powderblue|purple|rebeccapurple|red|rosybrown|royalblue|saddlebrown|salmon|sandybrown|seagreen|seashell|sienna|silver|skyblue|slateblue|slategr[ae]y|snow|springgreen|steelblue|tan|teal|thistle|tomato|turquoise|violet|wheat|white|whitesmoke|yellow|yellowgreen)(?![-\w(])/i;

/** Media in which a reader's wish stands above ours. */
const mayForce = /prefers-reduced-motion|print|forced-colors/;

type Rule = { readonly selector: string; readonly value: string; readonly property: string; readonly within: readonly string[] };

/** @returns what a stylesheet breaks, each as a sentence; `20-tokens.css` is where colours stand */
export function styleFaults(name: string, css: string): string[] {
  const isTokens = name === '20-tokens.css';
  const rules = rulesOf(css);
  const selectors = [...new Set(rules.map(({ selector }) => selector))];
  return [
    ...selectors.filter((selector) => hasId(selector)).map((selector) => `${name}: ${selector} selects an id`),
    ...rules
      .filter(({ value, within }) => value.includes('!important') && !within.some((at) => mayForce.test(at)))
      .map(({ selector, property }) => `${name}: ${property} of ${selector} is !important`),
    ...(isTokens ? [] : rules.filter(namesColour)).map(
      ({ selector, property, value }) => `${name}: ${selector} has a colour of its own, ${property}: ${value}`,
    ),
  ];
}

/** Attribute values are texts: `[href^="#"]` selects no id. */
const hasId = (selector: string) => /#[a-z_]/i.test(selector.replaceAll(/"[^"]*"|'[^']*'/g, ''));

function namesColour({ property, value }: Rule): boolean {
  // Names of fonts and areas, addresses and texts are no colours, whatever they are called.
  if (
    /^(font-family|font|--font|--mono|content|grid-template-areas|grid-area|animation-name|view-transition-name)$/.test(property)
  )
    return false;
  const plain = value.replaceAll(/url\([^)]*\)|"[^"]*"|'[^']*'|var\(--[\w-]+\)/g, '').toLowerCase();
  if (colourless.includes(plain.trim())) return false;
  return colourFunctions.test(plain) || hexColour.test(plain) || namedColour.test(plain);
}

/** Declarations with the rules they stand in, nested ones too. Our stylesheets have no braces or semicolons in texts; where they had, this throws. */
function rulesOf(css: string): Rule[] {
  const text = css.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  if (/"[^"\n]*[{};][^"\n]*"/.test(text))
    throw new Error('a text with a brace or a semicolon: this reader cannot tell rules apart');
  const rules: Rule[] = [];
  const open: string[] = [];
  for (const [, before = '', end = ''] of text.matchAll(/([^{};]*)([{};])/g)) {
    const part = before.trim().replaceAll(/\s+/g, ' ');
    if (end === '{') open.push(part);
    else {
      const [, property, value] = /^([-\w]+)\s*:\s*([\s\S]+)$/.exec(part) ?? [];
      const selector = open.findLast((at) => !at.startsWith('@')) ?? open.at(-1) ?? '';
      if (property && value) rules.push({ selector: selector, property, value, within: [...open] });
      if (end === '}') open.pop();
    }
  }
  return rules;
}
