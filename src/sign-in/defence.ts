// Counting of failed sign-ins, and the CAPTCHA that is due after too many (KHADA 6.3; architecture §9).
import type { Request } from 'express';
import type { Captcha } from '../platform/captcha/port.ts';
import { type Clock, minute } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import { equalText, hashToken, type Secrets } from '../platform/secrets.ts';
import type { Devices } from './devices.ts';

declare module 'express-session' {
  interface SessionData {
    /** keyed index of the login name submitted last */
    triedIndex: string;
    captcha: { digest: string; expiresAt: number };
  }
}

const windowMilliseconds = 15 * minute;
const pictureMilliseconds = 3 * minute;

export type DefenceParts = {
  readonly counters: Counters;
  readonly captcha: Captcha;
  readonly devices: Devices;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** failures before a CAPTCHA is asked */
  readonly captchaAfter: number;
};

/** One attempt that was counted before its password is looked at. */
export type Attempt = {
  readonly captchaDue: boolean;
  /** not a failure after all */
  takeBack(): Promise<void>;
  /** turned out well */
  succeed(): Promise<void>;
};

export class Defence {
  readonly #parts: DefenceParts;

  constructor(parts: DefenceParts) {
    this.#parts = parts;
  }

  /** Counts first, so that a burst of attempts at once cannot pass the number together. */
  async begin(req: Request, loginIndex: string): Promise<Attempt> {
    const { counters, captchaAfter } = this.#parts;
    req.session.triedIndex = loginIndex;
    const keys = this.#keys(req, loginIndex);
    const counts = await Promise.all(keys.all.map((key) => counters.hit(key, windowMilliseconds)));
    const takeBack = async () => {
      await Promise.all(keys.all.map((key) => counters.refund(key, windowMilliseconds)));
    };
    return {
      captchaDue: counts.some(({ count }) => count > captchaAfter),
      takeBack,
      succeed: async () => {
        await takeBack();
        await counters.clear(keys.device);
      },
    };
  }

  /** Whether the form shows a CAPTCHA: by the device's own failures, or those of the login name submitted last in this session. */
  async isDue(req: Request): Promise<boolean> {
    const { counters, captchaAfter } = this.#parts;
    if (!req.session.csrf) return false;
    const keys = this.#keys(req, req.session.triedIndex ?? '');
    const counts = await Promise.all(keys.all.map((key) => counters.read(key, windowMilliseconds)));
    return counts.some(({ count }) => count >= captchaAfter);
  }

  #keys(req: Request, loginIndex: string): { device: string; all: string[] } {
    const known = loginIndex === '' ? undefined : this.#parts.devices.known(req, loginIndex);
    const device = `signIn.device:${known ?? hashToken(req.sessionID)}`;
    return { device, all: known || loginIndex === '' ? [device] : [device, `signIn.address:${loginIndex}`] };
  }

  /** Draws a new picture; the last one is void. */
  async draw(req: Request): Promise<Buffer> {
    const { captcha, clock } = this.#parts;
    const { answer, picture } = await captcha.draw();
    req.session.captcha = { digest: this.#digest(req, answer), expiresAt: clock.now() + pictureMilliseconds };
    return picture;
  }

  /** One use: whatever comes of it, the picture is void afterwards. */
  async solves(req: Request, typed: string | undefined): Promise<boolean> {
    const { clock, counters } = this.#parts;
    const asked = req.session.captcha;
    delete req.session.captcha;
    if (!asked || !typed || asked.expiresAt < clock.now()) return false;
    // Requests side by side each read the session before one of them has written it.
    if ((await counters.hit(`signIn.captcha:${asked.digest}`, pictureMilliseconds)).count > 1) return false;
    return equalText(asked.digest, this.#digest(req, typed));
  }

  #digest(req: Request, answer: string): string {
    return this.#parts.secrets.digest('captcha', `${req.sessionID}|${this.#parts.captcha.normalise(answer)}`);
  }
}
