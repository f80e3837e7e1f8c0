// From the addresses of the configuration to the adapters that reach the outside world.
import { join } from 'node:path';
import type { Adapters, Choices } from './options.ts';
import { pictureCaptcha } from './platform/captcha/picture.ts';
import { systemClock } from './platform/clock.ts';
import { newLog } from './platform/log.ts';
import { newMailer } from './platform/mail/mailer.ts';
import { noScanner } from './platform/scanner/none.ts';
import { folderHost } from './platform/site-host/folders.ts';
import { diskArchives } from './platform/storage/archives.ts';

/** Where each part lies, with DATA_DIR moving all defaults. */
export function places(choices: Choices) {
  const inData = (name: string) => join(choices.dataFolder, name);
  return {
    databaseUrl: choices.databaseUrl ?? `sqlite:${inData('panel.db')}`,
    mailUrl: choices.mailUrl ?? `file:${inData('outbox')}`,
    archives: folderOf(choices.archivesUrl) ?? inData('archives'),
    sites: folderOf(choices.sitesUrl) ?? inData('sites'),
    closed: inData('closed'),
    quarantine: inData('quarantine'),
  };
}

const folderOf = (url: string | undefined) => url?.slice('file:'.length);

/** Adapters that were given as values stay; the rest is made from the addresses. */
export function adaptersFor(choices: Choices, given: Adapters) {
  const place = places(choices);
  const log = given.log ?? newLog(choices.logLevel);
  return {
    log,
    clock: given.clock ?? systemClock,
    mailer: given.mailer ?? newMailer(place.mailUrl, { from: choices.brand.sender, logLine: (line) => log.info(line) }),
    scanner: given.scanner ?? noScanner(),
    archives: given.archives ?? diskArchives(place.archives),
    host:
      given.siteHost ??
      folderHost({ root: place.sites, closedRoot: place.closed, ...(choices.sitesGroup && { group: choices.sitesGroup }) }),
    captcha: given.captcha ?? pictureCaptcha(),
  };
}
