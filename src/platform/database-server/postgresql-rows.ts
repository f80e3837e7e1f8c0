// The rows behind `COPY … FROM stdin;` in a text, as psql would take them.
import { LoadFault } from './port.ts';
import type { SqlWindow } from './sql-window.ts';

const [lineFeed, backslash] = [0x0a, 0x5c];
const dataEnd = Buffer.from('\n\\.');
const longestLine = 64 << 10;

export class CopyRows {
  readonly #window: SqlWindow;
  #inLine = false;

  constructor(window: SqlWindow) {
    this.#window = window;
  }

  /** What stands behind the semicolon of COPY on its line is no data. @returns false when more text is needed @throws LoadFault */
  begin(ended: boolean): boolean {
    const window = this.#window;
    const end = window.view(window.length).indexOf(lineFeed);
    if (end === -1 && !ended) return false;
    const rest = window.view(end === -1 ? window.length : end + 1);
    if (rest.toString('latin1').trim() !== '') throw new LoadFault({ line: window.line, reason: 'refused', about: 'COPY' });
    window.take(rest.length);
    return true;
  }

  /**
   * Whole lines where they are not endless.
   * @returns nothing when more text is needed
   * @throws LoadFault when the text ends before the rows do
   */
  next(ended: boolean): { readonly bytes: Buffer; readonly done: boolean } | undefined {
    const window = this.#window;
    const view = window.view(window.length);
    if (!this.#inLine && view[0] === backslash) {
      const head = view.toString('latin1', 0, 4);
      const end = /^\\\.(\r?\n|$)/.exec(head);
      if (end && (end[1] || ended)) {
        window.take(end[0].length);
        return { bytes: view.subarray(0, 0), done: true };
      }
      if (/^\\(\.\r?)?$/.test(head) && !ended) return undefined;
    }
    const cut = this.#cut(view, ended);
    if (cut === 0 && ended) throw new LoadFault({ line: window.line, reason: 'cutOff', about: 'COPY' });
    if (cut === 0) return undefined;
    this.#inLine = view[cut - 1] !== lineFeed;
    window.take(cut);
    return { bytes: view.subarray(0, cut), done: false };
  }

  #cut(view: Buffer, ended: boolean): number {
    if (this.#inLine) return view.indexOf(lineFeed) + 1 || view.length;
    const end = view.indexOf(dataEnd);
    const cut = (end === -1 ? view.lastIndexOf(lineFeed) : end) + 1;
    return cut === 0 && (view.length > longestLine || ended) ? view.length : cut;
  }
}
