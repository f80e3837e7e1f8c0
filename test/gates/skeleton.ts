// A page without its words: two pages of one skeleton are both valid HTML or both not, so the second need not be looked at.

/** Of names of parts, headings and labels the validator asks which are equal (`unique-landmark`, `no-redundant-aria-label`). */
const ofNames = new Set(['alt', 'title', 'aria-label', 'placeholder']);
/** Of these only whether they are empty; of what scripts are given not even that. */
const ofValues = new Set(['abbr', 'content', 'value']);
const ofAddresses = new Set(['href', 'src', 'action', 'formaction']);
const ofLanguages = new Set(['lang', 'hreflang']);

type Words = (text: string) => string;
/** Nothing stays nothing, and what a text may not hold stays (`no-raw-characters`). */
const isKept = (words: string) => words === '' || /[<>]|&(?!#?\w+;)/.test(words);

/**
 * @returns the page with a sign for each text: in names, headings and labels the same number for the same words; addresses and languages
 * are as if there were one language, and of moments only the form is left. Every attribute that is not named above stays as it is, ids among them.
 */
export function skeletonOf(html: string): string {
  const seen = new Map<string, number>();
  const numbered: Words = (text) => {
    const words = text.trim();
    if (isKept(words)) return words;
    const number = seen.get(words) ?? seen.size;
    seen.set(words, number);
    return `#${number}`;
  };
  let isName = false;
  return html.replace(/<!--[\s\S]*?-->|<[^>]*>|[^<]+/g, (piece) => {
    if (!piece.startsWith('<')) return isName ? numbered(piece) : plain(piece);
    if (/^<\/?(h[1-6]|label|legend|caption|title)\b/.test(piece)) isName = !piece.startsWith('</');
    return piece.startsWith('<!') ? piece : withoutWords(piece, numbered);
  });
}

const plain: Words = (text) => (isKept(text.trim()) ? text.trim() : '#');

function withoutWords(tag: string, numbered: Words): string {
  // A pragma's content is an order to the browser, and a number of a list is no word.
  const keepsValues = /\shttp-equiv=|^<(li|meter|progress|data)\b/i.test(tag);
  return tag.replace(/([\w-]+)="([^"]*)"/g, (whole, name: string, value: string) => {
    if (name.startsWith('data-')) return name;
    if (ofNames.has(name)) return `${name}="${numbered(value)}"`;
    if (ofValues.has(name)) return keepsValues ? whole : `${name}="${plain(value)}"`;
    if (ofAddresses.has(name)) return `${name}="${addressed(value)}"`;
    if (name === 'datetime') return `${name}="${value.replace(/\d/g, '0')}"`;
    return ofLanguages.has(name) && /^(ko|en)$/.test(value) ? `${name}="-"` : whole;
  });
}

/** A query is no more than its form: nothing in it leads to a part of the page. */
function addressed(value: string): string {
  const path = value.replace(/^\/en(?=[/?#]|$)/, '') || '/';
  return isKept(path) ? path : path.replace(/\?[^#]*/, '?');
}
