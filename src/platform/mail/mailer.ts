// From MAIL_URL to the way letters leave the house.
import { fileURLToPath } from 'node:url';
import { type OutboxOptions, outbox } from './outbox.ts';
import type { Mailer } from './port.ts';
import { smtp } from './smtp.ts';

/**
 * @param url `file:<folder>` or `smtp://…`, `smtps://…`
 * @throws Error with a sentence for the operator when it cannot be read
 */
export function newMailer(url: string, options: OutboxOptions): Mailer {
  if (url.startsWith('file://')) return outbox(fileURLToPath(url), options);
  if (url.startsWith('file:')) return outbox(url.slice('file:'.length), options);
  if (/^smtps?:\/\//.test(url)) return smtp(url, options);
  throw new Error(`MAIL_URL: ${url.split(':')[0]} is not known; use file:<folder>, smtp://… or smtps://…`);
}
