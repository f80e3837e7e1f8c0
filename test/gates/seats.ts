// Seats in front of one browser: so many pages are looked at side by side, each in a window and with sessions of its own.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, CDPSession } from 'playwright-core';
import { launchBrowser, newVisit, type Visit as Window } from '../support/browser.ts';
import { axeForLater } from './axe.ts';
import type { Who, Worlds } from './worlds.ts';

type Cookies = { name: string; value: string }[];

/** Where the pages are: a panel, what their addresses are made of, and who may enter. */
export type Ground = Pick<Worlds, 'house' | 'names' | 'enter'>;

/** A window that is used again and again: a new one for each page would cost more than the looking. */
export type Seat = Window & {
  readonly worlds: Ground;
  readonly devTools: CDPSession;
  /** bytes of what never changes below its address */
  readonly weights: Map<string, number>;
  /** Everybody but a guest keeps the session of the seat. */
  become(who: Who): Promise<void>;
};

export const inPage = ['common', 'markup', 'layout', 'focus', 'form'].map((name) =>
  join(import.meta.dirname, 'in-page', `${name}.js`),
);

/**
 * Each page is a new one: what V8 optimises beside, for later, is never used, and what it has compiled it keeps for the next page; so with the
 * frame of a page, which else is made anew each time. Pictures are drawn by the processor, without a process between. Together a sixth of
 * what the pages cost (measured).
 */
const frugal = [
  '--js-flags=--no-opt --no-maglev --single-threaded --no-flush-bytecode',
  '--enable-features=RenderDocument:level/crashed-frame',
  '--in-process-gpu',
  '--disable-software-rasterizer',
  '--disable-gpu-compositing',
];
export const launchForPages = () => launchBrowser(frugal);

export async function newSeat(browser: Browser, worlds: Ground): Promise<Seat> {
  const { origin } = worlds.house;
  const window = await newVisit(browser, { javaScript: true, locale: 'ko-KR', origin });
  for (const path of inPage) await window.context.addInitScript({ path });
  await window.context.addInitScript({ content: axeForLater });
  const devTools = await window.context.newCDPSession(window.page);
  await devTools.send('Network.enable');
  const sessions = new Map<Who, Promise<Cookies>>();
  const become = async (who: Who) => {
    await window.context.clearCookies();
    if (who === 'guest') return;
    const session = sessions.get(who) ?? worlds.enter(who).then(cookiesOf);
    sessions.set(who, session);
    await window.context.addCookies((await session).map((cookie) => ({ ...cookie, url: origin })));
  };
  return { ...window, worlds, devTools, become, weights: new Map() };
}

const longestMinutes = 3;

/** A page that answers nothing any more (scripts forbidden by a sandbox, for instance) must not stop all others. */
async function hung(): Promise<never> {
  await sleep(longestMinutes * 60_000, undefined, { ref: false });
  throw new Error(`the page has not answered for ${longestMinutes} minutes`);
}

/** Hands out seats, first come, first served. */
export class Seats {
  readonly #make: () => Promise<Seat>;
  readonly #waiting: ((seat: Seat) => void)[] = [];
  readonly #free: Seat[] = [];
  #toCome: number;

  constructor(count: number, make: () => Promise<Seat>) {
    this.#toCome = count;
    this.#make = make;
  }

  async use<T>(work: (seat: Seat) => Promise<T>): Promise<T> {
    const seat = await this.#next();
    try {
      const result = await Promise.race([work(seat), hung()]);
      this.#give(seat);
      return result;
    } catch (error) {
      // A window in which something broke down is not used again.
      await seat.context.close();
      this.#give(await this.#make());
      throw error;
    }
  }

  #give(seat: Seat): void {
    const next = this.#waiting.shift();
    if (next) next(seat);
    else this.#free.push(seat);
  }

  #next(): Promise<Seat> {
    const free = this.#free.pop();
    if (free) return Promise.resolve(free);
    if (this.#toCome === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#toCome -= 1;
    return this.#make();
  }
}

/** @returns the cookies that this visitor would send, for a browser to go on with */
export function cookiesOf({ agent }: Awaited<ReturnType<Worlds['enter']>>): Cookies {
  const asked = { domain: '127.0.0.1', path: '/', secure: false, script: false };
  return agent.jar.getCookies(asked).map(({ name, value }) => ({ name, value }));
}
