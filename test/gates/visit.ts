// Brings a window to a page of the list, in one look and as one person.
import type { CDPSession, Response, Page as Tab } from 'playwright-core';
import type { Language } from '../../src/platform/web/words.ts';
import type { Look } from './looks.ts';
import type { Page, Sent } from './pages.ts';
import type { Seat } from './seats.ts';
import { type Arrived, listen } from './traffic.ts';
import type { Names } from './worlds.ts';

export type Visit = {
  readonly tab: Tab;
  readonly devTools: CDPSession;
  readonly page: Page;
  readonly look: Look;
  readonly status: number;
  readonly traffic: readonly Arrived[];
  /** errors on the console, reports of the CSP, exceptions, requests to other hosts; those that the page must have are left out */
  complaints(): string[];
};

const heights: Readonly<Record<Look['width'], number>> = { 360: 640, 768: 1024, 1280: 720 };

export const addressOf = (language: Language, path: string) => (language === 'en' ? `/en${path === '/' ? '' : path}` : path);

export async function open(page: Page, look: Look, seat: Seat): Promise<Visit> {
  const { worlds, page: tab, complaints } = seat;
  // The page before must not ask again as somebody else.
  await tab.evaluate('globalThis.gates?.still()');
  await seat.become(page.who);
  await dress(tab, look);
  complaints.length = 0;
  const traffic = listen(tab, seat.weights);
  const first = await tab.goto(`${worlds.house.origin}${addressOf(look.language, page.path(worlds.names))}`);
  const answer = page.sent ? await send(tab, page, look.language, worlds.names) : first;
  const status = answer?.status() ?? 0;
  // The focus that a page asks for comes with its first picture.
  await tab.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  return {
    ...{ tab, devTools: seat.devTools, page, look, status, traffic: await traffic.arrived() },
    complaints: () => unexpected(complaints, page.status ?? 200),
  };
}

async function dress(tab: Tab, { theme, width, medium }: Look): Promise<void> {
  await tab.setViewportSize({ width, height: heights[width] });
  await tab.emulateMedia({
    colorScheme: theme,
    // No page is looked at while it still fades in.
    reducedMotion: 'reduce',
    forcedColors: medium === 'forced colours' ? 'active' : 'none',
    media: medium === 'print' ? 'print' : 'screen',
  });
}

/** Fills in the form and sends it, as a person would; hidden fields can be forged. */
async function send(tab: Tab, page: Page, language: Language, names: Names): Promise<Response> {
  const sent = page.sent as Sent;
  const action = addressOf(language, (sent.action ?? page.path)(names).replace(/\?.*$/, ''));
  const filling = JSON.stringify({ action, fields: sent.fields, multipart: sent.multipart ?? false });
  const isAnswer = (response: Response) =>
    response.request().isNavigationRequest() && !(response.status() >= 300 && response.status() < 400);
  const arrived = Promise.all([tab.waitForResponse(isAnswer), tab.waitForEvent('load')]);
  await tab.evaluate(`gates.send(${filling})`);
  const [answer] = await arrived;
  return answer;
}

/** Chromium reports the status of a refused page as an error of its console; that one is expected. */
function unexpected(complaints: readonly string[], status: number): string[] {
  const known =
    status >= 400 ? complaints.find((one) => one.includes(`the server responded with a status of ${status}`)) : undefined;
  return complaints.filter((one) => one !== known).map((one) => `complaint: ${one}`);
}
