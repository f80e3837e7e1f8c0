// Letters as files: the default of a panel that has no mail server yet. Any mail program opens them; they contain real links.
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type MimeNode from 'nodemailer/lib/mime-node';
import { type Clock, systemClock } from '../clock.ts';
import { unavailable } from '../errors.ts';
import { messageOf, senderOf } from './message.ts';
import type { Letter, Mailer } from './port.ts';

export type OutboxOptions = {
  /** `곳간 <no-reply@example.com>` */
  readonly from: string;
  readonly clock?: Clock;
  /** told of each letter: its file, never its receiver, a link or the subject, which may name a site */
  readonly logLine?: (line: string) => void;
};

/** Longest line of a message without transfer encoding, in bytes (RFC 5322 2.1.1). */
const maximumLineBytes = 998;

/**
 * Writes `<time>-<message id>.eml` (mode 0640, whole or not at all). The text part stands in it as it is, in UTF-8, with a link
 * unbroken on its line; lines end as on this system.
 */
export function outbox(folder: string, options: OutboxOptions): Mailer {
  const { clock = systemClock, logLine } = options;
  const from = senderOf(options.from);
  const check = async () => {
    await mkdir(folder, { recursive: true, mode: 0o750 });
  };
  return {
    send: async (letter) => {
      const now = new Date(clock.now());
      const message = await compose(letter, from, now);
      const name = `${now.toISOString().replace(/[-:.]/g, '')}-${letter.messageId.replace(/[^A-Za-z0-9-]/g, '')}.eml`;
      try {
        await check();
        await writeWhole(folder, name, message);
      } catch (error) {
        throw refused(error);
      }
      logLine?.(`letter ${name}`);
    },
    check: () =>
      check().catch((error) => {
        throw refused(error);
      }),
    close: async () => {},
  };
}

async function compose(letter: Letter, from: ReturnType<typeof senderOf>, date: Date): Promise<Buffer> {
  // Loaded with the first letter: pages never need it, and it weighs 19 MiB.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const root = new MailComposer({ ...messageOf(letter, from), date, newline: 'unix' }).compile();
  if (letter.text.split('\n').every((line) => Buffer.byteLength(line) <= maximumLineBytes)) readable(root);
  return root.build();
}

// nodemailer would choose quoted-printable or base64, and so break a link or hide it.
function readable(node: MimeNode): void {
  const isText = String(node.getHeader('Content-Type')).startsWith('text/plain') && !node.getHeader('Content-Disposition');
  if (isText) node.getTransferEncoding = () => '8bit';
  for (const child of node.childNodes) readable(child);
}

async function writeWhole(folder: string, name: string, content: Buffer): Promise<void> {
  const unfinished = join(folder, `.${name}.part`);
  const file = await open(unfinished, 'w', 0o640);
  try {
    await file.writeFile(content);
    await file.chmod(0o640);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, join(folder, name));
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
}

const refused = (error: unknown) => unavailable('error.unavailable', { code: codeOf(error) });

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'outbox';
