// What a browser says it is, in two words that a person recognises: "Chrome, Windows".
import { createRequire } from 'node:module';

// Loaded when somebody is told of a browser, which few processes do.
const library = () => createRequire(import.meta.url)('bowser') as typeof import('bowser');

/** @param agent the User-Agent header; any text, at most a few hundred characters of it are read */
export function deviceName(agent: string): { readonly browser: string; readonly system: string } | undefined {
  const text = agent.slice(0, 400);
  if (text.trim() === '') return undefined;
  const { browser, os } = library().parse(text);
  return browser.name || os.name ? { browser: browser.name ?? '', system: os.name ?? '' } : undefined;
}
