// Counting of failed sign-ins, and what follows from it: CAPTCHA, growing waits, alarm (KHADA 6.3; security.md C.1; architecture §9).
import type { Request } from 'express';
import type { Choices } from '../options.ts';
import type { Captcha } from '../platform/captcha/port.ts';
import { type Clock, minute } from '../platform/clock.ts';
import type { Counters, Hit } from '../platform/counters/port.ts';
import type { Connection } from '../platform/database/database.ts';
import { Invalid } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Letters } from '../platform/mail/letters.ts';
import { equalText, hashToken, type Secrets } from '../platform/secrets.ts';
import { sourceOf } from '../platform/web/networks.ts';
import { beforeWaits, challenging, exceeded, nameOf, namesOf, ofDevice, reached, type Stranger, sendings } from './buckets.ts';
import type { Devices } from './devices.ts';
import { Stuffing } from './stuffing.ts';
import { Waits } from './waits.ts';

declare module 'express-session' {
  interface SessionData {
    /** keyed index of the login name submitted last */
    triedIndex: string;
    captcha: { digest: string; expiresAt: number };
  }
}

const pictureMilliseconds = 3 * minute;

export type DefenceParts = {
  readonly connection: Connection;
  readonly counters: Counters;
  readonly captcha: Captcha;
  readonly devices: Devices;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly letters: Letters;
  readonly log: Pick<Log, 'warn'>;
  readonly choices: Pick<Choices, 'captchaAfter' | 'limits' | 'operatorEmail' | 'officers'>;
};

/** One attempt that was counted before its password is looked at. */
export type Attempt = {
  /** the browser has signed in to this account before, and has not failed too often */
  readonly isKnown: boolean;
  /** not a failure after all */
  takeBack(): Promise<void>;
  /** turned out well */
  succeed(): Promise<void>;
};

/**
 * Every count stands in the database, so it is one for all processes; a store that does not answer refuses (503) and never lets
 * through. A browser whose device cookie is valid for the account is touched by its own failures alone (ruling 8); everybody else is a
 * stranger and shares the counts of account, session, address, network and service.
 */
export class Defence {
  readonly #parts: DefenceParts;
  readonly #rules: Pick<Choices, 'captchaAfter' | 'limits'>;
  readonly stuffing: Stuffing;
  readonly waits: Waits;

  constructor(parts: DefenceParts) {
    this.#parts = parts;
    const { choices } = parts;
    this.#rules = choices;
    const operatorEmail = choices.operatorEmail ?? choices.officers?.security.email;
    this.stuffing = new Stuffing({ ...parts, limits: choices.limits, operatorEmail });
    this.waits = new Waits(parts);
  }

  /**
   * Counts first, so that a burst of attempts at once cannot pass a number together.
   * @throws Invalid 429 `login.wait` with a clock time, the same for known and unknown names and whatever it is that waits; Invalid on
   * `captcha` when one is due and not solved. Neither counts as a failure.
   */
  async admit(req: Request, loginIndex: string, captcha: string | undefined): Promise<Attempt> {
    req.session.triedIndex = loginIndex;
    const nonce = this.#parts.devices.known(req, loginIndex);
    return (nonce !== undefined && (await this.#asDevice(req, nonce, captcha))) || this.#asStranger(req, loginIndex, captcha);
  }

  /** @returns undefined for a browser that has failed so often that it is a stranger again */
  async #asDevice(req: Request, nonce: string, captcha: string | undefined): Promise<Attempt | undefined> {
    const { counters } = this.#parts;
    const { captcha: own, wear } = ofDevice(nonce, this.#rules);
    const all = [own, ...wear];
    const counts = await counters.hitAll(all);
    const takeBack = () => counters.refundAll(all);
    if (exceeded(wear, counts.slice(1))) {
      await takeBack();
      return undefined;
    }
    if (exceeded([own], counts)) await this.#challenge(req, captcha, takeBack);
    const succeed = async () => {
      for (const { key } of all) await counters.clear(key);
      await this.stuffing.entered();
    };
    return { isKnown: true, takeBack, succeed };
  }

  async #asStranger(req: Request, loginIndex: string, captcha: string | undefined): Promise<Attempt> {
    const stranger = this.#stranger(req, loginIndex);
    const { hasBegun } = await this.#refuseWaiting(req, stranger);
    if (!captcha) await this.#refuseUnanswered(stranger);
    const { failures, challenges, isDue, tried } = await this.#countStranger(req, stranger);
    const refuse = () => this.#parts.counters.refundAll(failures);
    if (challenges) await this.#challenge(req, captcha, refuse);
    const isServed = isDue || hasBegun;
    const until = isServed ? await this.waits.serve(loginIndex, isDue) : undefined;
    if (until !== undefined) {
      await refuse();
      throw wait(req, until);
    }
    const takeBack = () => this.#parts.counters.refundAll([...failures, ...tried]);
    return {
      isKnown: false,
      takeBack: async () => {
        await takeBack();
        if (isServed) await this.waits.takeBack(loginIndex);
      },
      succeed: async () => {
        await takeBack();
        await this.waits.clear(loginIndex);
        await this.stuffing.entered();
      },
    };
  }

  /**
   * @returns `failures`: hits that a refusal takes back; `tried`: those that only success does. `isDue`: strangers have failed so often
   * at this name that waits begin. @throws Invalid 429 when this address has sent too much
   */
  async #countStranger(req: Request, stranger: Stranger) {
    const { counters } = this.#parts;
    const { limits } = this.#rules;
    const buckets = challenging(stranger, this.#rules);
    const [waiting, sent, name] = [
      beforeWaits(stranger.loginIndex, limits),
      sendings(stranger, limits),
      nameOf(stranger, limits),
    ];
    const failures = [...buckets, waiting];
    const counts = await counters.hitAll([...failures, sent, name]);
    const [ofName, sendingsNow, tries] = counts.slice(buckets.length);
    if (sendingsNow && exceeded([sent], [sendingsNow])) {
      await counters.refundAll([...failures, name]);
      throw wait(req, sendingsNow.resetAt);
    }
    const isLoud = (sendingsNow?.count ?? 0) > limits.failuresPerAddress.count;
    const noted = await this.#note(stranger, { isNew: tries?.count === 1, isLoud });
    return {
      failures,
      tried: [name, ...noted.hits],
      challenges: noted.challenges || exceeded(buckets, counts),
      isDue: (ofName?.count ?? 0) >= waiting.limit,
    };
  }

  /** Who must wait is told so before anything is written: a flood of attempts costs little. */
  async #refuseWaiting(req: Request, stranger: Stranger): Promise<{ hasBegun: boolean }> {
    const sent = sendings(stranger, this.#rules.limits);
    const { count, resetAt } = await this.#parts.counters.read(sent.key, sent.windowMilliseconds);
    if (count >= sent.limit) throw wait(req, resetAt);
    const { hasBegun, until } = await this.waits.state(stranger.loginIndex);
    if (until === undefined) return { hasBegun };
    await this.#parts.counters.hit(sent.key, sent.windowMilliseconds);
    throw wait(req, until);
  }

  /**
   * Who would be asked for a CAPTCHA in any case and brings no answer is refused in one act of counting: of a storm most are such.
   * @throws Invalid on `captcha`
   */
  async #refuseUnanswered(stranger: Stranger): Promise<void> {
    const { counters } = this.#parts;
    const { limits } = this.#rules;
    const buckets = challenging(stranger, this.#rules);
    const [names, name, sent] = [namesOf(stranger, limits), nameOf(stranger, limits), sendings(stranger, limits)];
    const isOn = await this.stuffing.isOn();
    const counts = await counters.readAll([...buckets, names, name, sent]);
    const [ofNames, ofName, ofSent] = counts.slice(buckets.length);
    if (!isOn && !reached(buckets, counts) && !(ofNames && exceeded([names], [ofNames]))) return;
    const isLoud = (ofSent?.count ?? 0) >= limits.failuresPerAddress.count;
    const hits = [...(ofName?.count === 0 ? [names] : []), ...this.stuffing.hits({ isOn, isLoud })];
    await counters.hitAll([sent, name, ...hits]);
    await this.stuffing.look((ofNames?.count ?? 0) + (ofName?.count === 0 ? 1 : 0));
    throw new Invalid({ captcha: [{ key: 'login.captchaMissing' }] });
  }

  /** Counts for network and service what was tried, whatever comes of it but success. */
  async #note(
    stranger: Stranger,
    { isNew, isLoud }: { isNew: boolean; isLoud: boolean },
  ): Promise<{ hits: Hit[]; challenges: boolean }> {
    const { counters } = this.#parts;
    const names = namesOf(stranger, this.#rules.limits);
    const isOn = await this.stuffing.isOn();
    const hits = [...(isNew ? [names] : []), ...this.stuffing.hits({ isOn, isLoud })];
    await counters.hitAll(hits);
    const tried = await counters.read(names.key, names.windowMilliseconds);
    await this.stuffing.look(tried.count);
    return { hits, challenges: isOn || exceeded([names], [tried]) };
  }

  /** @throws Invalid on `captcha`; the attempt is taken back */
  async #challenge(req: Request, captcha: string | undefined, takeBack: () => Promise<void>): Promise<void> {
    if (await this.solves(req, captcha)) return;
    await takeBack();
    throw new Invalid({ captcha: [{ key: captcha ? 'login.captchaWrong' : 'login.captchaMissing' }] });
  }

  /** Whether the form shows a CAPTCHA: by the counts of this browser, of where it is, and of the login name submitted last in this session. */
  async isDue(req: Request): Promise<boolean> {
    const { counters, devices } = this.#parts;
    const loginIndex = req.session.triedIndex ?? '';
    const nonce = loginIndex === '' ? undefined : devices.known(req, loginIndex);
    if (nonce !== undefined) {
      const { captcha, wear } = ofDevice(nonce, this.#rules);
      const counts = await counters.readAll([captcha, ...wear]);
      if (!reached(wear, counts.slice(1))) return reached([captcha], counts);
    }
    // Whose cookie it is is known once a name was submitted; until then nobody who may be known is asked.
    if (loginIndex === '' && devices.carries(req)) return false;
    const stranger = this.#stranger(req, loginIndex);
    const buckets = [...challenging(stranger, this.#rules), namesOf(stranger, this.#rules.limits)];
    return reached(buckets, await counters.readAll(buckets)) || (await this.stuffing.isOn());
  }

  #stranger(req: Request, loginIndex: string): Stranger {
    const { address, networks } = sourceOf(req.visit.address);
    const digest = (text: string) => this.#parts.secrets.digest('signIn.source', text);
    return {
      session: hashToken(req.sessionID),
      loginIndex,
      source: { address: digest(address), networks: networks.map(digest) },
    };
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

/** Told as a clock time without seconds, which must not be too early. */
function wait(req: Request, until: number): Invalid {
  const shown = req.visit.words.clock(Math.ceil(until / minute) * minute);
  return new Invalid({ '': [{ key: 'login.wait', parameters: { until: shown } }] }, 'login.wait', 429);
}
