// Style and scripts: one hashed stylesheet, hashed modules and images, kept by browsers for ever.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { RequestHandler } from 'express';
import { notFound } from '../errors.ts';

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};

/** The script of every signed-in page. */
export const everywhere = 'behaviours/idle-warning.js';
/** @returns the name of a script in one file with that of every signed-in page */
export const withWarning = (name: string) => `${everywhere.slice(0, -'.js'.length)}+${basename(name)}`;

type Asset = { readonly body: Buffer; readonly type: string; readonly integrity: string };

export class Assets {
  readonly #byHashedName = new Map<string, Asset>();
  readonly #hashedNames = new Map<string, string>();
  readonly #icons = new Map<string, string>();

  /**
   * @param publicFolder with `css/` (concatenated in the order of its names), `behaviours/` (a folder there is one script) and `images/`
   * @param iconFolder with `<name>.svg`
   * @param more style behind that of the folder
   * @param libraries scripts of others by the name they get here, such as `behaviours/tus.js`: made for a page or CommonJS, and served as
   * modules without a global name
   */
  constructor(publicFolder: string, iconFolder: string, more = '', libraries: Readonly<Record<string, string>> = {}) {
    const css = filesOf(join(publicFolder, 'css'), '.css').map((path) => readFileSync(path));
    this.#add('panel.css', Buffer.concat([...css, Buffer.from(more)]));
    for (const folder of ['behaviours', 'images']) {
      for (const path of filesOf(join(publicFolder, folder))) {
        const isFolder = statSync(path).isDirectory();
        this.#add(
          `${path.slice(publicFolder.length + 1)}${isFolder ? '.js' : ''}`,
          isFolder ? oneScript(path) : readFileSync(path),
        );
      }
    }
    this.#joinEverywhere();
    for (const [name, path] of Object.entries(libraries)) this.#add(name, asModule(readFileSync(path)));
    for (const path of filesOf(iconFolder, '.svg'))
      this.#icons.set(path.slice(iconFolder.length + 1, -'.svg'.length), readFileSync(path, 'utf8').trim());
  }

  /** The warning of every signed-in page comes in one file with the page's own first script: a request less (ux.md 5.1). */
  #joinEverywhere(): void {
    const source = (name: string) => this.#byHashedName.get(this.hashed(name).name)?.body.toString() ?? '';
    for (const name of [...this.#hashedNames.keys()].filter((one) => one.endsWith('.js') && one !== everywhere))
      this.#add(withWarning(name), Buffer.from(`{\n${source(everywhere)}}\n{\n${source(name)}}\n`));
  }

  #add(name: string, body: Buffer): void {
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
    const type = types[extname(name)];
    if (!type) throw new Error(`${name}: no content type is known for this asset`);
    const integrity = `sha384-${createHash('sha384').update(body).digest('base64')}`;
    const hashed = `${name.slice(0, -extname(name).length)}.${hash}${extname(name)}`;
    this.#byHashedName.set(hashed, { body, type, integrity });
    this.#hashedNames.set(name, hashed);
  }

  /** @param name such as `panel.css` or `behaviours/show-password.js`; an unknown one is a bug and throws */
  hashed(name: string): { name: string; integrity: string } {
    const hashed = this.#hashedNames.get(name);
    const asset = hashed && this.#byHashedName.get(hashed);
    if (!hashed || !asset) throw new Error(`no asset ${name}`);
    return { name: hashed, integrity: asset.integrity };
  }

  get iconNames(): readonly string[] {
    return [...this.#icons.keys()];
  }

  /** @returns the inline SVG of an icon */
  icon(name: string): string {
    const icon = this.#icons.get(name);
    if (!icon) throw new Error(`no icon ${name}`);
    return icon;
  }

  serve(): RequestHandler {
    return (req, res, next) => {
      const asset = this.#byHashedName.get(decodeURI(req.path.slice(1)));
      if (!asset || (req.method !== 'GET' && req.method !== 'HEAD')) return next(notFound());
      res.set({ 'Content-Type': asset.type, 'Cache-Control': 'public, max-age=31536000, immutable' }).send(asset.body);
    };
  }
}

const asModule = (source: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('const module={exports:{}},exports=module.exports;'),
    source,
    Buffer.from('\nexport default module.exports;\n'),
  ]);

/**
 * Modules that import from each other, in the order of their names, as one script: a request instead of a dozen (ux.md 5.1). In one scope
 * imports and exports are what is written once already; a name that is declared twice does not parse, which a test sees.
 */
function oneScript(folder: string): Buffer {
  const parts = filesOf(folder, '.js').map((path) =>
    readFileSync(path, 'utf8')
      .replace(/^import \{[^}]*\} from '\.\/[^']+';\n/gm, '')
      .replace(/^export (?=const |let |(?:async )?function )/gm, ''),
  );
  return Buffer.from(parts.join('\n'));
}

function filesOf(folder: string, extension = ''): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension) && !name.startsWith('.'))
    .sort()
    .map((name) => join(folder, name));
}
