// Counting of failed sign-ins at doors without a browser, such as FTP: the panel's counts, but nobody can be asked for a CAPTCHA there
// (KHADA 6.3; security.md C.1).
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Counters, Hit } from '../platform/counters/port.ts';
import type { Secrets } from '../platform/secrets.ts';
import { sourceOf } from '../platform/web/networks.ts';
import { beforeWaits, exceeded, nameOf, namesOf, ofKnownAddress, ofSource, type Stranger } from './buckets.ts';
import type { Attempt } from './defence.ts';
import type { Stuffing } from './stuffing.ts';
import type { Waits } from './waits.ts';

export type OtherDoorsParts = {
  readonly counters: Counters;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly stuffing: Stuffing;
  readonly waits: Waits;
  readonly choices: Pick<Choices, 'limits'>;
};

/** At which door, with which name, from where. */
export type Knock = { readonly door: 'ftp'; readonly name: string; readonly address: string };

/**
 * `known`: the name was used from this address before, so that only failures from there count against it · `stranger`: everybody else
 * · `hopeless`: cannot come in whatever the password, and so costs the name nothing.
 */
export type Standing = 'known' | 'stranger' | 'hopeless';

/** The same counters of address and network as the login's: who guesses at one door is slower at the other. */
export class OtherDoors {
  readonly #parts: OtherDoorsParts;

  constructor(parts: OtherDoorsParts) {
    this.#parts = parts;
  }

  /**
   * Counts first, so that a burst cannot pass a number together. Where the login would ask for a CAPTCHA, a stranger is refused here
   * until older failures leave the window; from the tenth failure of a name on, strangers wait 30 s, doubling to an hour.
   * @returns undefined: refused without a look at the password, for unknown names as for known ones
   */
  async admit(knock: Knock, standing: Standing): Promise<Attempt | undefined> {
    const stranger = this.#stranger(knock);
    return (standing === 'known' && (await this.#asKnown(stranger))) || this.#asStranger(stranger, standing === 'hopeless');
  }

  /** @returns undefined for an address from which so much failed that it is a stranger's again */
  async #asKnown(stranger: Stranger): Promise<Attempt | undefined> {
    const { counters } = this.#parts;
    const own = ofKnownAddress(stranger.loginIndex, stranger, this.#parts.choices.limits);
    const takeBack = () => counters.refund(own.key, own.windowMilliseconds);
    if (exceeded([own], [await counters.hit(own.key, own.windowMilliseconds)])) {
      await takeBack();
      return undefined;
    }
    return { isKnown: true, takeBack, succeed: () => counters.clear(own.key) };
  }

  async #asStranger(stranger: Stranger, isHopeless: boolean): Promise<Attempt | undefined> {
    const { counters, waits, choices } = this.#parts;
    const { loginIndex } = stranger;
    const { hasBegun, until } = isHopeless ? { hasBegun: false } : await waits.state(loginIndex);
    if (until !== undefined) return undefined;
    const sources = ofSource(stranger, choices.limits);
    const name = beforeWaits(loginIndex, choices.limits);
    const failures = isHopeless ? sources : [...sources, name];
    const counts = await counters.hitAll(failures);
    const takeBack = () => counters.refundAll(failures);
    if (exceeded(sources, counts)) {
      await takeBack();
      return undefined;
    }
    const noted = await this.#note(stranger);
    if (noted.isTooMany) {
      await takeBack();
      return undefined;
    }
    const isDue = !isHopeless && (counts[sources.length]?.count ?? 0) >= name.limit;
    if ((isDue || hasBegun) && (await waits.serve(loginIndex, isDue)) !== undefined) {
      await takeBack();
      return undefined;
    }
    return {
      isKnown: false,
      takeBack: async () => {
        await takeBack();
        if (isDue || hasBegun) await waits.takeBack(loginIndex);
      },
      succeed: async () => {
        // The failures were taken back before: twice would take back another's.
        await counters.refundAll(noted.hits);
        await waits.clear(loginIndex);
        await this.#parts.stuffing.entered();
      },
    };
  }

  /** Counts the name for its network, and the attempt for the whole service, as the login does. @returns what success takes back */
  async #note(stranger: Stranger): Promise<{ hits: Hit[]; isTooMany: boolean }> {
    const { counters, stuffing, choices } = this.#parts;
    const [names, name] = [namesOf(stranger, choices.limits), nameOf(stranger, choices.limits)];
    const { count } = await counters.hit(name.key, name.windowMilliseconds);
    const hits = stuffing.hits({ isOn: await stuffing.isOn(), isLoud: false });
    const counted = [...(count === 1 ? [names] : []), ...hits];
    await counters.hitAll(counted);
    const tried = await counters.read(names.key, names.windowMilliseconds);
    await stuffing.look(tried.count);
    return { hits: [name, ...counted], isTooMany: exceeded([names], [tried]) };
  }

  /** @returns until when strangers must wait who use this name, in epoch milliseconds; undefined when they need not */
  async waitOf(knock: Omit<Knock, 'address'>): Promise<number | undefined> {
    return (await this.#parts.waits.state(this.nameOf(knock))).until;
  }

  /** The owner says that it is well: nobody has to wait who uses this name. */
  async forgive(knock: Omit<Knock, 'address'>): Promise<void> {
    const loginIndex = this.nameOf(knock);
    await this.#parts.counters.clear(beforeWaits(loginIndex, this.#parts.choices.limits).key);
    await this.#parts.waits.clear(loginIndex);
  }

  /** @returns what counts and waits know this name by */
  nameOf({ door, name }: Omit<Knock, 'address'>): string {
    return `${door}.${this.#parts.secrets.digest('signIn.otherDoor', `${door} ${name}`)}`;
  }

  #stranger(knock: Knock): Stranger {
    const { address, networks } = sourceOf(knock.address);
    const digest = (text: string) => this.#parts.secrets.digest('signIn.source', text);
    return {
      session: '',
      loginIndex: this.nameOf(knock),
      source: { address: digest(address), networks: networks.map(digest) },
    };
  }
}
