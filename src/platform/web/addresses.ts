// Addresses: made from the public URL alone, never from a Host header or from where a host program mounted the panel.
import type { Language } from './words.ts';

export class Addresses {
  readonly origin: string;
  /** the mount, without a slash at its end: `` or `/hosting` */
  readonly base: string;
  readonly isHttps: boolean;
  readonly isLoopback: boolean;
  readonly #port: string;

  /** @param publicUrl an http(s) address, with the path the panel is mounted under; plain http only on loopback (checked by the options) */
  constructor(publicUrl: string) {
    const url = new URL(publicUrl);
    this.origin = url.origin;
    this.base = url.pathname.replace(/\/+$/, '');
    this.isHttps = url.protocol === 'https:';
    this.isLoopback = isLoopbackName(url.hostname);
    this.#port = url.port;
  }

  /** @returns an address below the mount: the prefix of the language comes after it (`/hosting/en/login`) */
  page(language: Language, path: string): string {
    // Two slashes at the beginning would be the name of another host.
    const ours = path.replace(/^[/\\]{2,}/, '/');
    const prefixed = language === 'en' ? `/en${ours === '/' ? '' : ours}` : ours;
    return `${this.base}${prefixed}`;
  }

  /** @returns a whole address, for letters */
  absolute(language: Language, path: string): string {
    return `${this.origin}${this.page(language, path)}`;
  }

  /** An origin that is ours: the public URL's, or any loopback name on its port when that is loopback itself. */
  isOurs(origin: string): boolean {
    if (origin === this.origin) return true;
    if (!this.isLoopback || !URL.canParse(origin)) return false;
    const url = new URL(origin);
    return isLoopbackName(url.hostname) && url.port === this.#port;
  }

  /** @returns a path of ours that may be redirected to, else undefined: `//evil`, `/\evil`, other schemes and encoded tricks are not ours */
  local(next: unknown): string | undefined {
    if (typeof next !== 'string' || !/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || next.includes('\\')) return undefined;
    const url = new URL(next, this.origin);
    return url.origin === this.origin && url.pathname.startsWith('/') && !url.pathname.startsWith('//')
      ? `${url.pathname}${url.search}`
      : undefined;
  }

  /** @returns a path of this panel without mount and language, when `wanted` is one; the visitor's language is put before it again */
  localPath(wanted: unknown): string | undefined {
    const local = this.local(wanted);
    if (local === undefined || !(local === this.base || local.startsWith(`${this.base}/`))) return undefined;
    const path = local.slice(this.base.length).replace(/^\/en(?=[/?]|$)/, '') || '/';
    return path.startsWith('/') ? path : `/${path}`;
  }
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}
