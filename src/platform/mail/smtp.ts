// Letters by SMTP: encrypted on every way that leaves this machine.
import { unavailable } from '../errors.ts';
import { messageOf, senderOf } from './message.ts';
import type { Mailer } from './port.ts';

const timeoutMilliseconds = 10_000;

export type SmtpOptions = {
  /** `곳간 <no-reply@example.com>` */
  readonly from: string;
};

/**
 * @param url `smtps://user:password@host` (TLS, port 465) or `smtp://user:password@host` (port 587, STARTTLS); without STARTTLS
 *   only on loopback, or where the operator asks for it by `?tls=optional`
 * @throws Error with a sentence for the operator when the address cannot be read
 */
export function smtp(url: string, { from }: SmtpOptions): Mailer {
  const sender = senderOf(from);
  const options = { ...connectionOf(url), pool: true, maxConnections: 4, maxMessages: 100 } as const;
  // Loaded with the first letter: pages never need it, and it weighs 19 MiB.
  const connect = async () => {
    const { createTransport } = await import('nodemailer');
    const transport = createTransport(options);
    // A pooled connection that is lost while it is idle has nobody else to tell.
    transport.on('error', () => {});
    return transport;
  };
  let connected: ReturnType<typeof connect> | undefined;
  const transport = () => {
    connected ??= connect();
    return connected;
  };
  return {
    send: async (letter) => {
      const message = messageOf(letter, sender);
      try {
        await (await transport()).sendMail(message);
      } catch (error) {
        throw refused(error);
      }
    },
    check: async () => {
      try {
        await (await transport()).verify();
      } catch (error) {
        throw refused(error);
      }
    },
    close: async () => (await connected)?.close(),
  };
}

/** @returns the options of nodemailer for an address of `smtp` */
export function connectionOf(url: string) {
  if (!URL.canParse(url)) throw new Error('MAIL_URL: not an address; use smtp://user:password@host:587 or smtps://…');
  const { protocol, hostname, port, username, password, searchParams } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'smtps:';
  const loopback = host === 'localhost' || host === '::1' || /^127\./.test(host);
  return {
    host,
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    requireTLS: !secure && !loopback && searchParams.get('tls') !== 'optional',
    // A server on this machine has no certificate for its name, and nobody stands between.
    tls: { minVersion: 'TLSv1.2' as const, rejectUnauthorized: !loopback },
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMilliseconds,
    greetingTimeout: timeoutMilliseconds,
    socketTimeout: timeoutMilliseconds,
    dnsTimeout: timeoutMilliseconds,
  };
}

// The server's words may repeat the receiver's address, so only its number is kept.
const refused = (error: unknown) => {
  const fault = error instanceof Error ? (error as Error & { code?: string; responseCode?: number }) : undefined;
  return unavailable('error.unavailable', { code: fault?.code ?? 'smtp', answer: fault?.responseCode ?? 0 });
};
