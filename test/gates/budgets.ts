// Bytes that a page may cost (ux.md 5.1), in what travels: gzip, and kilobytes of 1000.
import { gzipSync } from 'node:zlib';

const kilobyte = 1000;

/** @returns how many bytes of HTML a page may have: one with a table may be longer */
const htmlBudget = (html: string): number => (/<table\b/.test(html) ? 20 : 12) * kilobyte;

/** @returns addresses of what a page loads with it, by kind */
export function filesOf(html: string): { readonly styles: string[]; readonly scripts: string[]; readonly images: string[] } {
  const found = (form: RegExp) => [...html.matchAll(form)].map(([, address = '']) => address);
  return {
    styles: found(/<link\b[^>]*\brel="stylesheet"[^>]*\bhref="([^"]+)"/g),
    scripts: found(/<script\b[^>]*\bsrc="([^"]+)"/g),
    images: [...found(/<link\b[^>]*\brel="icon"[^>]*\bhref="([^"]+)"/g), ...found(/<img\b[^>]*\bsrc="([^"]+)"/g)],
  };
}

/** Of a first view, everything together. */
const firstView = { guest: 30 * kilobyte, signedIn: 40 * kilobyte, files: 60 * kilobyte };

/**
 * @param weigh bytes of a file as it travels
 * @returns what a page spends beyond its budget, each as a sentence with both numbers
 */
export function overspent(html: string, path: string, weigh: (address: string) => number): string[] {
  const { styles, scripts, images } = filesOf(html);
  const sum = (addresses: readonly string[]) => addresses.map(weigh).reduce((one, other) => one + other, 0);
  const isSignedIn = /<form\b[^>]*\baction="[^"]*\/logout"/.test(html);
  const isForm = /<form\b/.test(html);
  const isFiles = /\/files\b/.test(path);
  const page = gzipSync(html).length;
  const bounds: [string, number, number][] = [
    ['HTML', page, htmlBudget(html)],
    ['stylesheets', styles.length, 1],
    ['style', sum(styles), 12 * kilobyte],
    // Who only reads is sent no script; pages of files may go on with what broke off.
    ['scripts', sum(scripts), isSignedIn || isForm ? (isFiles ? 26 : 8) * kilobyte : 0],
    ['images', sum(images), 8 * kilobyte],
    [
      'all',
      page + sum([...styles, ...scripts, ...images]),
      isSignedIn ? (isFiles ? firstView.files : firstView.signedIn) : firstView.guest,
    ],
  ];
  return bounds.filter(([, spent, bound]) => spent > bound).map(([what, spent, bound]) => `${what}: ${spent}, ${bound} at most`);
}
