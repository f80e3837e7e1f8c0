// The style page: every part of the look in every state, on a developer's machine only. Its samples stand here and in messages/<language>/style.ts.
import { readFileSync } from 'node:fs';
import { type Request, type RequestHandler, Router } from 'express';
import { day as dayMilliseconds } from '../clock.ts';
import { notFound } from '../errors.ts';
import type { Addresses } from './addresses.ts';
import type { Assets } from './assets.ts';
import { coloursOf, contrast, pairs } from './tokens.ts';

const states = [
  ...['verified', 'proven', 'warned', 'shrunken', 'made', 'queued', 'running'],
  ...['failed', 'damaged', 'missing', 'expired'],
];
const tones: Readonly<Record<string, string>> = {
  ...{ verified: 'ok', proven: 'ok', warned: 'warn', shrunken: 'warn', made: 'info', queued: 'info', running: 'info' },
  ...{ failed: 'bad', damaged: 'bad' },
};
const at = Date.parse('2026-11-21T18:04:00Z');
const sha256 = '5d89a269648ec085d45bc1df0c6d989c1f0f122ca12aa1dfa47c331914e2c1d3';

/** @param tokens where the colours stand: `20-tokens.css` */
export function stylePage(addresses: Addresses, assets: Assets, tokens: string): Router {
  const router = Router();
  const onlyHere: RequestHandler = (_req, _res, next) => next(addresses.isLoopback ? undefined : notFound());
  router.get('/style', onlyHere, async (req, res) => {
    const { words } = req.visit;
    const colours = coloursOf(readFileSync(tokens, 'utf8'));
    const ratio = (colour: string, on: string, theme: 'light' | 'dark') =>
      contrast(colours.get(colour)?.[theme] ?? '', colours.get(on)?.[theme] ?? '').toFixed(2);
    await res.page('style/page', {
      title: words.t('style.title'),
      section: 'style',
      at,
      sha256,
      archive: '/backup/gotgan-20261122-0304.zip',
      command: 'sha256sum -c gotgan-20261122-0304.zip.sha256',
      folders: ['www', 'www/images'],
      states,
      ...samplesOf(req),
      contrasts: pairs.map(({ colour, on, least }) => ({
        ...{ colour, on, least },
        light: ratio(colour, on, 'light'),
        dark: ratio(colour, on, 'dark'),
      })),
      iconNames: assets.iconNames,
    });
  });
  return router;
}

function samplesOf({ visit: { words } }: Request) {
  const { t, bytes, dateOf, time } = words;
  const word = (state: string) => t(`backups.state.${state}`);
  const localDay = (back: number) => new Date(at - back * dayMilliseconds).toISOString().slice(0, 10);
  const cell = (state: string, back: number, href?: string) => ({
    number: Number(localDay(back).slice(8)),
    state,
    name: `${dateOf(localDay(back))}, ${word(state)}`,
    ...(href && { href }),
  });
  const band = (length: number, known: readonly string[], href?: string) =>
    Array.from({ length }, (_, index) => cell(known[index % 9] ?? 'verified', length - 1 - index, href));
  const meter = (percent: number, state?: string) => ({
    label: t('dashboard.usage.storage'),
    text: t('dashboard.usage.text', { used: bytes(percent * 1e8), quota: bytes(1e10), percent }),
    ...{ value: percent, max: 100, state, note: t('dashboard.usage.full') },
  });
  return {
    tags: states.map((state) => ({ state: tones[state] ?? 'plain', text: word(state) })),
    meters: [meter(42), meter(86, 'warn'), meter(97, 'bad')],
    serviceDays: band(35, ['verified', 'verified', 'verified', 'warned', 'verified', 'failed', 'verified', 'missing', 'made']),
    siteDays: Array.from({ length: 14 }, (_, index) => cell(states[index] ?? 'verified', 13 - index, '#band')),
    month: {
      caption: t('style.band.month'),
      weekdays: Array.from({ length: 7 }, (_, index) => weekday(words.language, index)),
      weeks: Array.from({ length: 2 }, (_, week) =>
        Array.from({ length: 7 }, (_, index) => ({
          number: week * 7 + index + 1,
          day: {
            ...cell(states[week * 7 + index] ?? 'verified', 13 - week * 7 - index, '#band'),
            number: week * 7 + index + 1,
            current: week === 1 && index === 6,
          },
        })),
      ),
      previous: { href: '#band', text: t('backups.list.older') },
    },
    job: {
      title: t('backups.job.title', { step: 2, steps: 4, name: t('backups.step.files') }),
      text: t('backups.job.files', { done: '8,214', total: '18,201' }),
      ...{ value: 8214, max: 18_201, note: t('backups.job.moved', { seconds: 12 }), stateHref: '' },
      refresh: { href: '#states', text: t('backups.refresh') },
    },
    plans: ['none', 'separate'].map((value) => ({ value, label: value, note: t(`orders.plans.backupVariant.${value}`) })),
    notice: {
      heading: t('home.backupDuty.none.heading'),
      paragraphs: [
        [
          { text: t('home.backupDuty.none.duty'), strong: true },
          { text: t('home.backupDuty.none.carveOut'), strong: true },
        ],
      ],
      links: [{ href: '#messages', text: t('home.backupDuty.howTo') }],
      version: time(at),
    },
  };
}

function weekday(language: 'ko' | 'en', index: number) {
  const name = (width: 'short' | 'long') =>
    new Intl.DateTimeFormat(language === 'ko' ? 'ko-KR' : 'en-GB', { timeZone: 'UTC', weekday: width }).format(
      Date.UTC(2024, 0, index + 1, 12),
    );
  return { short: name('short'), full: name('long') };
}
