// Headers of every answer (security.md F.1; ux.md 5.1; ruling 11): strict CSP without exceptions, isolation, no referrer.
import type { RequestHandler, Response } from 'express';
import type { Addresses } from './addresses.ts';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
];

const denied = [
  'accelerometer',
  'autoplay',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
];

const always: Record<string, string> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Origin-Agent-Cluster': '?1',
  'Permissions-Policy': `${denied.map((name) => `${name}=()`).join(', ')}, publickey-credentials-get=(self), publickey-credentials-create=(self)`,
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-DNS-Prefetch-Control': 'off',
  'Cache-Control': 'no-store',
};

export function headers(addresses: Addresses): RequestHandler {
  const ownsOrigin = addresses.isHttps && addresses.base === '';
  const whole = [...policy, ...(addresses.isHttps ? ['upgrade-insecure-requests'] : [])].join('; ');
  // Set in one go, without Express's look at each of them.
  const every = new Map(
    Object.entries({
      ...always,
      'Content-Security-Policy': whole,
      ...(ownsOrigin && { 'Strict-Transport-Security': 'max-age=63072000; includeSubDomains' }),
    }),
  );
  return (_req, res, next) => {
    res.setHeaders(every);
    res.locals.pagePolicy = whole;
    next();
  };
}

/**
 * For bytes that customers made (files, archives): never shown in place, never run.
 * @param name as the person knows it; both forms of RFC 6266 are sent
 */
export function asAttachment(res: Response, name: string): void {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  res.set({
    'Content-Disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  });
}

/** Bytes were announced and an error page comes instead: what was said about the bytes is taken back, or the page had no style. */
export function asPageAgain(res: Response): void {
  res.set('Content-Security-Policy', res.locals.pagePolicy ?? "default-src 'none'");
  for (const name of ['Content-Disposition', 'ETag', 'Last-Modified', 'Content-Length', 'Accept-Ranges', 'Content-Range'])
    res.removeHeader(name);
}
