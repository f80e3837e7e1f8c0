// The device cookie: a browser that signed in once keeps its own allowance, so that a stranger's failures lock nobody out (ruling 8).
import { randomBytes } from 'node:crypto';
import type { CookieOptions, Request, Response } from 'express';
import { day } from '../platform/clock.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { cookieFor, cookieOf } from '../platform/web/cookies.ts';

const lifetimeMilliseconds = 180 * day;

/** `<nonce>.<signature over nonce and login name>`: no session, nothing personal in it. */
export class Devices {
  readonly #secrets: Secrets;
  readonly #name: string;
  readonly #options: CookieOptions;

  constructor(secrets: Secrets, addresses: Addresses) {
    const { name, options } = cookieFor(addresses, 'device');
    this.#secrets = secrets;
    this.#name = name;
    this.#options = { ...options, sameSite: 'strict', maxAge: lifetimeMilliseconds };
  }

  /** @param loginIndex keyed look-up value of a login name */
  remember(res: Response, loginIndex: string): void {
    const nonce = randomBytes(18).toString('base64url');
    res.cookie(this.#name, `${nonce}.${this.#sign(nonce, loginIndex)}`, this.#options);
  }

  /** @returns the device's nonce when its cookie is valid for this login name */
  known(req: Request, loginIndex: string): string | undefined {
    const [nonce, signature] = (cookieOf(req, this.#name) ?? '').split('.');
    if (!nonce || !signature) return undefined;
    return this.#secrets.verifies('device', `${nonce}|${loginIndex}`, signature) ? nonce : undefined;
  }

  /** What was typed as a session ended is shown to nobody else who signs in here: the last in this browser was this login name. */
  keptFor(req: Request, loginIndex: string): Request['session']['kept'] | undefined {
    return this.known(req, loginIndex) ? req.session.kept : undefined;
  }

  /** @returns whether the browser carries a device cookie, valid for some login name or not */
  carries(req: Request): boolean {
    return cookieOf(req, this.#name) !== undefined;
  }

  #sign(nonce: string, loginIndex: string): string {
    return this.#secrets.sign('device', `${nonce}|${loginIndex}`);
  }
}
