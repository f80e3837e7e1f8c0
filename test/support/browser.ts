// The real browser of journeys: Debian's Chromium without a window through playwright-core, and an ear for everything that goes wrong in a page.
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** The same engine twice: the shell has no windows to draw, and takes a third less of the processor (measured). */
const known = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const executable = process.env.CHROMIUM ?? known.find((path) => existsSync(path));

/** Why no browser can be started here; undefined when one can. */
export const browserMissing =
  executable && existsSync(executable)
    ? undefined
    : `skipped: there is no ${executable ?? known.join(' or ')}; install chromium-headless-shell or name a Chromium in CHROMIUM`;

/**
 * Headless, without the services of Chromium that would ask the network for something.
 * @param downloadsPath where files lie while they arrive
 */
export function launchBrowser(more: readonly string[] = [], downloadsPath?: string): Promise<Browser> {
  return chromium.launch({
    ...(downloadsPath !== undefined && { downloadsPath }),
    ...(executable && { executablePath: executable }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
      ...more,
    ],
  });
}

export type Visit = { readonly context: BrowserContext; readonly page: Page; readonly complaints: string[] };

/** A fresh browser profile. `complaints` gathers errors on the console, CSP violations, exceptions of scripts, and requests to other hosts. */
export async function newVisit(
  browser: Browser,
  options: { javaScript: boolean; locale: string; origin: string },
): Promise<Visit> {
  const context = await browser.newContext({
    javaScriptEnabled: options.javaScript,
    locale: options.locale,
    acceptDownloads: true,
    viewport: { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content Security Policy/i.test(message.text()))
      complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => {
    // The browser's own fading from page to page (`@view-transition`), which it leaves out when a page is there before it began.
    if (!/^Transition was (aborted|skipped)/.test(error.message)) complaints.push(`${page.url()}: ${error.message}`);
  });
  page.on('requestfailed', (request) => {
    // A download leaves the page where it is, which Chromium calls an aborted navigation.
    if (!/ERR_ABORTED/.test(request.failure()?.errorText ?? ''))
      complaints.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== options.origin && !request.url().startsWith('data:'))
      complaints.push(`asks another host: ${request.url()}`);
  });
  return { context, page, complaints };
}
