// Shows the look on sample pages: `node test/support/look.ts serve` (loopback) or `… check <folder>` (screenshots, axe, widths, bytes).
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import ejs from 'ejs';
import express from 'express';
import { type Browser, chromium } from 'playwright-core';
import { Assets } from '../../src/platform/web/assets.ts';
import type { Language } from '../../src/platform/web/words.ts';
import { localsOf, type Sample, samples, type Theme } from './look/locals.ts';

const root = resolve(import.meta.dirname, '../..');
const views = join(root, 'views');
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** @returns a sample inside the layout, rendered as a view of the panel would be */
function rendered(sample: Sample, language: Language, theme: Theme, assets: Assets): string {
  const locals = localsOf(sample, language, theme, assets);
  const source = sample === 'error' ? join(views, 'error.ejs') : join(root, 'test/support/look', `${sample}.ejs`);
  const filename = sample === 'error' ? source : join(views, 'look', `${sample}.ejs`);
  const body = ejs.render(readFileSync(source, 'utf8'), locals, { filename, views: [views] });
  return ejs.render(
    readFileSync(join(views, 'layout.ejs'), 'utf8'),
    { ...locals, body },
    { filename: join(views, 'layout.ejs') },
  );
}

function serve(port: number): Promise<Server> {
  const app = express();
  app.use((_req, res, next) => {
    res.set('Content-Security-Policy', policy);
    next();
  });
  app.get('/captcha.svg', (_req, res) => res.type('svg').send(picture));
  app.get('/sites/:site/backups/:day/state', (_req, res) =>
    res.json({ text: '파일 18,201개', value: 18201, max: 18201, finished: true }),
  );
  // A change of style shows on reload, so everything is read anew.
  app.use('/assets', (req, res, next) => new Assets(join(root, 'public'), join(views, 'icons')).serve()(req, res, next));
  app.get(['/', '/:sample', '/en', '/en/:sample'], (req, res) => {
    const sample = samples.find((name) => name === (req.params.sample ?? 'home'));
    const theme: Theme = req.query.theme === 'dark' || req.query.theme === 'light' ? req.query.theme : '';
    if (!sample) return res.status(404).end();
    const assets = new Assets(join(root, 'public'), join(views, 'icons'));
    return res.send(rendered(sample, /^\/en(\/|$)/.test(req.path) ? 'en' : 'ko', theme, assets));
  });
  return new Promise((done) => {
    const server = createServer(app).listen(port, '127.0.0.1', () => done(server));
  });
}

const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" width="240" height="80" viewBox="0 0 240 80"><rect width="240" height="80" fill="#fff"/>' +
  '<g fill="none" stroke="#132129" stroke-width="5"><path d="M30 60V22l26 36V20M84 20h-18v38h20M66 40h16M110 22l20 38M132 22l-22 40M160 58V20h14a9 9 0 0 1 0 20h-14M196 60l14-40 14 40M201 46h18"/></g></svg>';

type Look = { readonly sample: Sample; readonly language: Language; readonly theme: Theme; readonly width: number };

const looks: readonly Look[] = samples.flatMap((sample) =>
  (['ko', 'en'] as const).flatMap((language) =>
    (['light', 'dark'] as const).flatMap((theme) => [360, 1280].map((width) => ({ sample, language, theme, width }))),
  ),
);

/** @returns what is wrong with one look, in words; takes its picture on the way */
async function faultsOf(browser: Browser, base: string, look: Look, folder: string): Promise<string[]> {
  const { sample, language, theme, width } = look;
  const name = `${sample}-${language}-${theme}-${width}`;
  const context = await browser.newContext({ viewport: { width, height: width < 800 ? 640 : 720 } });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${name}: ${message.text()}`);
  });
  await page.goto(`${base}${language === 'en' ? '/en' : ''}/${sample}?theme=${theme}`);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  const { violations, incomplete } = await new AxeBuilder({ page }).withTags(tags).analyze();
  for (const { id, nodes } of violations)
    faults.push(`${name}: axe ${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
  for (const { id, nodes } of incomplete)
    faults.push(`${name}: axe could not decide ${id}: ${nodes.map((node) => node.html.slice(0, 90)).join(' | ')}`);
  if (width === 360) {
    await page.setViewportSize({ width: 320, height: 640 });
    const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    if (sideways > 0) faults.push(`${name}: ${sideways} px too wide at 320 px`);
    const small = await page.evaluate<string[]>(smallTargets);
    if (small.length > 0) faults.push(`${name}: lower than 44 px: ${small.join(', ')}`);
  }
  await context.close();
  return faults;
}

const smallTargets = `[...document.querySelectorAll('button, input:not([type=hidden]), .button, nav a, .day[href]')]
  .filter((node) => node.offsetParent && node.getBoundingClientRect().height < 43.5 && !node.matches('input[type=checkbox], input[type=radio]'))
  .map((node) => node.textContent.trim().slice(0, 20) || node.name)`;

async function check(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const server = await serve(0);
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
  const wanted = process.argv[4];
  let faults = 0;
  for (const look of looks.filter(({ sample }) => !wanted || sample === wanted)) {
    for (const fault of await faultsOf(browser, base, look, folder)) {
      faults += 1;
      console.log(fault);
    }
  }
  const assets = new Assets(join(root, 'public'), join(views, 'icons'));
  for (const sample of samples) console.log(`${sample}.html: ${gzipSync(rendered(sample, 'ko', '', assets)).length} bytes gzip`);
  const style = await (await fetch(`${base}/assets/${assets.hashed('panel.css').name}`)).arrayBuffer();
  console.log(`panel.css: ${gzipSync(Buffer.from(style)).length} bytes gzip; ${faults} faults`);
  await browser.close();
  server.close();
  if (faults > 0) process.exitCode = 1;
}

if (process.argv[2] === 'serve') await serve(4300).then(() => console.log('http://127.0.0.1:4300/'));
else if (process.argv[2] === 'check' && process.argv[3]) await check(resolve(process.argv[3]));
else console.log('node test/support/look.ts serve | check <folder> [sample]');
