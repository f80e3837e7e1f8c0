// Pictures of every page in every state, to be looked at: `node test/support/screenshots.ts <folder> [page …] [--help]`.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { password } from './panel.ts';
import { type Shot, shots } from './screenshots/shots.ts';
import { buildWorld, type Customer, type World } from './screenshots/world.ts';

const help = `node test/support/screenshots.ts <folder> [page …]
  --width 360,768,1280   --language ko,en   --theme light,dark   (these are the usual ones)
  --media screen,print,forced,big           as on a screen (usual), on paper, in forced colours, with text of 200 %
  --no-js                without JavaScript
  --first                the first screen only
A page is a name of test/support/screenshots/shots.ts or its beginning.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    width: { type: 'string', default: '360,768,1280' },
    language: { type: 'string', default: 'ko,en' },
    theme: { type: 'string', default: 'light,dark' },
    media: { type: 'string', default: 'screen' },
    js: { type: 'boolean', default: true },
    first: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

type Look = { readonly width: number; readonly language: string; readonly theme: string; readonly media: string };

const looks: readonly Look[] = values.language
  .split(',')
  .flatMap((language) =>
    values.theme
      .split(',')
      .flatMap((theme) =>
        values.width
          .split(',')
          .flatMap((width) => values.media.split(',').map((media) => ({ language, theme, media, width: Number(width) }))),
      ),
  );

/** A browser profile that is signed in, or not. */
async function profile(browser: Browser, world: World, customer: Customer | undefined): Promise<BrowserContext> {
  const context = await browser.newContext({ javaScriptEnabled: values.js });
  context.setDefaultTimeout(20_000);
  if (!customer) return context;
  const page = await context.newPage();
  await page.goto(`${world.origin}/login`);
  await page.locator('#email').fill(customer.email);
  await page.locator('#password').fill(password);
  await page.locator('form[action^="/login"] .button-primary').click();
  await page.close();
  return context;
}

async function take(page: Page, world: World, shot: Shot, look: Look, folder: string): Promise<void> {
  const { width, language, theme, media } = look;
  await page.setViewportSize({ width, height: width < 600 ? 640 : width < 1000 ? 1024 : 720 });
  await page.emulateMedia({
    colorScheme: theme === 'dark' ? 'dark' : 'light',
    forcedColors: media === 'forced' ? 'active' : 'none',
    // A page that is still sliding in is no picture of it.
    reducedMotion: 'reduce',
    media: 'screen',
  });
  const prefix = language === 'en' ? '/en' : '';
  await shot.open(page, (path) => `${world.origin}${prefix}${path}`, world);
  if (media === 'print') await page.emulateMedia({ media: 'print' });
  // The policy of the page forbids styles from elsewhere; a script may set one property.
  if (media === 'big') await page.evaluate('document.documentElement.style.fontSize = "200%"');
  const name = [shot.name, language, theme, width, ...(media === 'screen' ? [] : [media]), ...(values.js ? [] : ['no-js'])];
  await page.screenshot({ path: join(folder, `${name.join('-')}.png`), fullPage: !values.first });
}

async function main(folder: string, names: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const world = await buildWorld((line) => console.log(line));
  const browser = await launchBrowser();
  try {
    await takeAll(browser, world, folder, names);
  } catch (error) {
    // Said at once: closing may take its time.
    console.log(error);
    process.exitCode = 1;
  } finally {
    await browser.close();
    await world.close();
  }
}

async function takeAll(browser: Browser, world: World, folder: string, names: readonly string[]): Promise<void> {
  const wanted = shots.filter(({ name }) => names.length === 0 || names.some((one) => name.startsWith(one)));
  const profiles = new Map<string, BrowserContext>();
  for (const shot of wanted) {
    const who = shot.who ?? `guest ${shot.name}`;
    const context = profiles.get(who) ?? (await profile(browser, world, shot.who && world.customers[shot.who]));
    profiles.set(who, context);
    console.log(shot.name);
    const page = await context.newPage();
    for (const look of looks) {
      await take(page, world, shot, look, folder).catch((error: Error) =>
        console.log(`${shot.name}: ${error.message.split('\n')[0]}`),
      );
    }
    await page.close();
  }
}

const [folder, ...names] = positionals;
if (values.help || !folder) console.log(help);
else await main(resolve(folder), names);
