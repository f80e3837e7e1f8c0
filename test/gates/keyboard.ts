// A person who has only a keyboard: goes from stop to stop with Tab, sees where the focus is, and presses keys.
import type { CDPSession, Locator, Page as Tab } from 'playwright-core';

const mostStops = 200;

/** Runs in the page. */
export const hasFocus = (node: unknown) =>
  (globalThis as unknown as { document: { activeElement: unknown } }).document.activeElement === node;

const tabDown = { type: 'rawKeyDown', key: 'Tab', windowsVirtualKeyCode: 9 } as const;

/** Presses Tab as often as asked, as fast as the page takes it, and waits until it has taken the last. */
export async function pressTab(devTools: CDPSession, times: number): Promise<void> {
  await Promise.all(Array.from({ length: times }, () => devTools.send('Input.dispatchKeyEvent', tabDown)));
}

export class Keyboard {
  readonly #tab: Tab;

  constructor(tab: Tab) {
    this.#tab = tab;
    // Heard from the beginning: the system's window must never open, which would wait for a mouse.
    tab.on('filechooser', () => {});
  }

  /** Goes to an element with Tab alone, from where the focus is. @throws Error when it is never reached, or its focus cannot be seen */
  async reach(wanted: Locator): Promise<void> {
    const node = await wanted.elementHandle();
    for (let stops = 0; stops < mostStops; stops += 1) {
      if (await node?.evaluate(hasFocus)) break;
      await this.#tab.keyboard.press('Tab');
      if (stops === mostStops - 1) throw new Error(`${wanted} is not reached with Tab on ${this.#tab.url()}`);
    }
    const faults = await this.#tab.evaluate<string[]>('gates.ring(document.activeElement)');
    if (faults.length > 0) throw new Error(`${this.#tab.url()}: ${faults.join('; ')}`);
  }

  /** Goes to a link or button and presses Enter; waits for the page that follows. */
  async follow(wanted: Locator): Promise<void> {
    await this.reach(wanted);
    const answered = this.#tab.waitForEvent('load');
    await this.#tab.keyboard.press('Enter');
    await answered;
  }

  async type(wanted: Locator, text: string): Promise<void> {
    await this.reach(wanted);
    await this.#tab.keyboard.press('Control+A');
    await this.#tab.keyboard.type(text);
  }

  /** Ticks a box, or chooses a dot. */
  async tick(wanted: Locator): Promise<void> {
    await this.reach(wanted);
    await this.#tab.keyboard.press('Space');
    if (!(await wanted.isChecked())) throw new Error(`${wanted} is not ticked by the space bar`);
  }

  /** Opens the chooser of files of a field, which is the system's own window. */
  async choose(wanted: Locator, path: string): Promise<void> {
    await this.reach(wanted);
    const [chooser] = await Promise.all([this.#tab.waitForEvent('filechooser'), this.#tab.keyboard.press('Enter')]);
    await chooser.setFiles(path);
  }
}
