// Views: EJS templates, each read and compiled once. Includes are ours: EJS looks for the file and copies all data twice at every single
// one, and notes the line at every tag, which together took a quarter of the time of a page with fifty parts.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ejs from 'ejs';

type Locals = Readonly<Record<string, unknown>>;
type Template = (locals: Locals, more?: Locals) => string;

export class Views {
  readonly #folder: string;
  readonly #templates = new Map<string, Template>();

  /** @param folder with `<name>.ejs`; templates that change on the disk are not read again */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param view below the folder, without `.ejs`
   * @throws what the template throws, with file and line; an include that is nowhere is a bug and throws
   */
  render(view: string, locals: Locals): string {
    const file = join(this.#folder, `${view}.ejs`);
    try {
      return this.#template(file)(locals);
    } catch (error) {
      // EJS itself tells the line. It is asked only now, since noting lines costs a third of the time of a template.
      ejs.compile(readFileSync(file, 'utf8'), { filename: file, views: [this.#folder] })({ ...locals });
      throw error;
    }
  }

  #template(file: string): Template {
    const known = this.#templates.get(file);
    if (known) return known;
    const compiled = ejs.compile(readFileSync(file, 'utf8'), options(file));
    const parts = new Map<string, Template>();
    const part = (name: string) => {
      const found = parts.get(name) ?? this.#template(this.#included(name, file));
      parts.set(name, found);
      return found;
    };
    const template: Template = (locals, more) => {
      // A template finds its names among the locals first, so this include stands before EJS's own.
      const own: Locals = { ...locals, ...more, include: (name: string, given?: Locals) => part(name)(own, given) };
      return compiled(own);
    };
    this.#templates.set(file, template);
    return template;
  }

  /** As in EJS: beside the file that includes it, else below the folder of views. */
  #included(name: string, from: string): string {
    const places = [dirname(from), this.#folder].map((folder) => join(folder, `${name}.ejs`));
    const file = places.find((place) => existsSync(place));
    if (!file) throw new Error(`${from}: there is no view ${name}`);
    return file;
  }
}

/** Locals are literals of ours; EJS would copy them name by name. */
const options = (filename: string) => ({ filename, unsafePrototypeLocals: true, compileDebug: false, async: false }) as const;
