// Blocks on a page of another origin with the strictest policy: there as the panel says them, in their place, and the place's own words without scripts.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { startPanel, type TestPanel } from '../support/panel.ts';

let house: TestPanel;
let browser: Browser;
let site: Server;
let homepage: string;

const page = () => `<!doctype html><html lang="ko"><meta charset="utf-8"><title>a</title>
<script src="${house.origin}/blocks/backup-notice.js?lang=en" async></script>
<body><div data-gotgan-place="backup-notice"><a href="/duty">the duty</a></div>
<script src="${house.origin}/blocks/sla.js?lang=en&amp;plan=tree"></script><p id="after">after</p></body></html>`;

describe.skipIf(browserMissing !== undefined)('blocks on a page of the company', () => {
  beforeAll(async () => {
    house = await startPanel();
    browser = await launchBrowser();
    site = createServer((_req, res) => {
      const policy = `default-src 'none'; script-src ${house.origin}; connect-src ${house.origin}; require-trusted-types-for 'script'; trusted-types 'none'`;
      const isolated = { 'Cross-Origin-Embedder-Policy': 'require-corp', 'Cross-Origin-Opener-Policy': 'same-origin' };
      res.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': policy, ...isolated }).end(page());
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    homepage = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    site?.closeAllConnections();
    site?.close();
    await browser?.close();
    await house?.close();
  });

  test('stand in their place, word for word, with no complaint of the policy', async () => {
    const visit = await browser.newPage();
    const complaints: string[] = [];
    visit.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    visit.on('pageerror', (error) => void complaints.push(error.message));
    await visit.goto(homepage);
    await visit.locator('[data-gotgan-block="backup-notice"]').waitFor();
    for (const [block, query] of [
      ['backup-notice', '?lang=en'],
      ['sla', '?lang=en&plan=tree'],
    ]) {
      const said = JSON.parse(
        await visit.evaluate(`fetch('${house.origin}/blocks/${block}.json${query}').then((a) => a.text())`),
      );
      expect(await visit.evaluate(`document.querySelector('[data-gotgan-block="${block}"]').outerHTML`)).toBe(
        said.html.replaceAll('&quot;', '"'),
      );
    }
    expect(await visit.locator('[data-gotgan-place] a[href="/duty"]').count()).toBe(0);
    expect(await visit.locator('[data-gotgan-block="sla"] + #after').count()).toBe(1);
    expect(complaints.filter((line) => !line.includes('favicon'))).toEqual([]);
    await visit.close();
  });

  test('without scripts the place keeps its own words', async () => {
    const visit = await browser.newPage({ javaScriptEnabled: false });
    await visit.goto(homepage);
    expect(await visit.locator('[data-gotgan-place] a[href="/duty"]').count()).toBe(1);
    await visit.close();
  });
});
