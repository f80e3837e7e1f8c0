// A letter as a message of RFC 5322: one recipient, nothing of it can become a second header or a second receiver.
import type { Letter } from './port.ts';

export type Sender = { readonly name: string; readonly address: string };

const plainAddress = /^[^\s\p{Cc}<>()[\]\\,;:"@]+@[^\s\p{Cc}<>()\\,;"@]+$/u;

/**
 * @param from `곳간 <no-reply@example.com>` or a bare address
 * @throws Error with a sentence for the operator
 */
export function senderOf(from: string): Sender {
  const [, name = '', address = ''] = /^(?:(.*)<)?([^<>]+)>?$/s.exec(from.trim()) ?? [];
  if (!plainAddress.test(address)) throw new Error('BRAND_SENDER: no address in it; write it as: Name <no-reply@example.com>');
  return { name: oneLine(name).replaceAll('"', ''), address };
}

/** @returns the message for nodemailer; files and addresses of the network are never read into it */
export function messageOf(letter: Letter, from: Sender) {
  if (!plainAddress.test(letter.to)) throw new Error('a letter goes to one plain address');
  return {
    from,
    to: { name: '', address: letter.to },
    subject: oneLine(letter.subject),
    messageId: `<${oneLine(letter.messageId)}@${from.address.slice(from.address.indexOf('@') + 1)}>`,
    text: letter.text,
    ...(letter.html !== undefined && { html: letter.html }),
    attachments: letter.attachments?.map((attachment) => ({ ...attachment, filename: oneLine(attachment.filename) })) ?? [],
    // RFC 3834: no automatic answer to an automatic letter
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
