// A browser without JavaScript for panels under a path: keeps cookies by their Path as a browser does, reads forms and sends them.
import { hiddenFields } from '../panel.ts';

type Cookie = { readonly name: string; readonly value: string; readonly path: string };
export type Answer = {
  readonly status: number;
  readonly location: string;
  readonly text: string;
  readonly headers: Headers;
  readonly setCookies: string[];
};
type Fields = Record<string, string | string[]>;

export class Client {
  readonly #origin: string;
  #cookies: Cookie[] = [];

  constructor(origin: string) {
    this.#origin = origin;
  }

  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const url = new URL(path, this.#origin);
    const cookie = this.cookiesFor(url.pathname);
    const headers = { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) };
    const send = () => fetch(url, { redirect: 'manual', ...init, headers });
    // A connection that was kept may have been closed meanwhile; a browser asks for the page once more.
    const response = await send().catch((error) => (init.method === undefined ? send() : Promise.reject(error)));
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) this.#keep(line);
    const { status, headers: got } = response;
    return { status, location: got.get('location') ?? '', text: await response.text(), headers: got, setCookies };
  }

  /** @returns the header a browser would send there */
  cookiesFor(path: string): string {
    return this.#cookies
      .filter(({ path: under }) => path === under || path.startsWith(under.endsWith('/') ? under : `${under}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/;\s*/);
    const name = pair.slice(0, pair.indexOf('='));
    const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice('path='.length) ?? '/';
    this.#cookies = this.#cookies.filter((known) => known.name !== name || known.path !== path);
    const isGone = attributes.some((attribute) => /^expires=Thu, 01 Jan 1970/i.test(attribute));
    if (!isGone) this.#cookies.push({ name, value: pair.slice(pair.indexOf('=') + 1), path });
  }

  /** @returns the cookies that are kept, as `name Path=…` */
  kept(): string[] {
    return this.#cookies.map(({ name, path }) => `${name} Path=${path}`).sort();
  }

  get(path: string): Promise<Answer> {
    return this.ask(path);
  }

  /** Opens a page and sends its form with these fields, as a browser does. */
  async submit(page: string, fields: Fields, action = page): Promise<Answer> {
    const shown = await this.get(page);
    // Nobody can send a form that was not shown.
    if (shown.status >= 500) return shown;
    const { text } = shown;
    return this.post(action, { ...hiddenFields(text, action), ...fields });
  }

  post(path: string, fields: Fields): Promise<Answer> {
    const body = new URLSearchParams(
      Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
    );
    return this.ask(path, { method: 'POST', body, headers: { origin: this.#origin } });
  }

  /** Sends files by the plain form of a folder. */
  async upload(
    page: string,
    action: string,
    files: readonly { name: string; body: string | Buffer<ArrayBuffer> }[],
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const shown = await this.get(page);
    if (shown.status >= 500) return shown;
    const { text } = shown;
    const body = new FormData();
    for (const [name, value] of Object.entries({ ...hiddenFields(text, action), to: 'www', conflict: 'skip', ...more }))
      body.append(name, String(value));
    for (const file of files) body.append('files', new Blob([file.body]), file.name);
    return this.ask(action, { method: 'POST', body, headers: { origin: this.#origin } });
  }
}

/** @returns where a page leads, without fragments: `links` may be followed, `forms` are sent to */
export function placesIn(html: string): { links: string[]; forms: string[] } {
  const values = (attributes: string) =>
    [...html.matchAll(new RegExp(`\\s(?:${attributes})="([^"]+)"`, 'g'))]
      .map(([, place = '']) => place.replaceAll('&amp;', '&').replaceAll('&#38;', '&').replace(/#.*$/, ''))
      .filter((place) => place !== '' && !/^(mailto|tel):/.test(place));
  return { links: [...new Set(values('href|src|data-job'))], forms: [...new Set(values('action|formaction'))] };
}
