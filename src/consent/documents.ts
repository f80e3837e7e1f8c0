// The documents customers agree to: texts `<document>/<YYYY-MM-DD>.<language>.md`, read and rendered once.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Language, languages } from '../platform/web/words.ts';
import { rendered } from './markdown.ts';

export const documentNames = ['terms', 'backup', 'backup-service', 'sla', 'privacy', 'ssh'] as const;
export type DocumentName = (typeof documentNames)[number];

/** Those an order rests on: a new version of one of them is agreed to by customers of before as well (KHADA 8.3). */
export const contractDocuments = ['terms', 'backup', 'backup-service', 'sla'] as const satisfies readonly DocumentName[];

export type Document = {
  readonly document: string;
  /** the local day from which it applies, `YYYY-MM-DD` */
  readonly version: string;
  readonly language: Language;
  /** of the exact bytes of the file, lower-case hex */
  readonly sha256: string;
  readonly title: string;
  /** safe HTML below the title: markup of the source is shown as text, never run */
  readonly html: string;
  /** the same to be read inside another page: headings two levels lower */
  readonly innerHtml: string;
  readonly markdown: string;
};

type Key = Pick<Document, 'document' | 'version' | 'language'>;

/** What a document's text is called, relative to the documents' folder. */
export const fileOf = ({ document, version, language }: Key) => `${document}/${version}.${language}.md`;

/** @returns whether this is a day that a version can be named after, `YYYY-MM-DD` */
export const isVersion = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;

/**
 * Reads every version of every document.
 * @throws Error naming the file when one cannot be read, is misnamed, has no title or lacks its other language
 */
export function readDocuments(folder: string): readonly Document[] {
  const all = documentNames.flatMap((document) =>
    readdirSync(join(folder, document))
      .filter((name) => !name.startsWith('.'))
      .map((name) => readDocument(folder, document, name)),
  );
  for (const document of documentNames) {
    if (!all.some((one) => one.document === document)) throw new Error(`${folder}/${document}: no version of this document`);
  }
  for (const one of all) {
    for (const language of languages) {
      const file = fileOf({ ...one, language });
      if (!all.some((other) => fileOf(other) === file))
        throw new Error(`${join(folder, file)} is missing: each version needs both languages`);
    }
  }
  return all;
}

function readDocument(folder: string, document: string, name: string): Document {
  const file = join(folder, document, name);
  const [, version, language] = /^(\d{4}-\d{2}-\d{2})\.(ko|en)\.md$/.exec(name) ?? [];
  if (!version || !language || !isVersion(version)) throw new Error(`${file}: a document is named <YYYY-MM-DD>.<ko|en>.md`);
  return documentIn(readFileSync(file), { document, version, language: language as Language }, file);
}

/** @param name of the file, for the operator @throws Error when it is no UTF-8 or has no title */
export function documentIn(bytes: Buffer, key: Key, name: string): Document {
  const markdown = bytes.toString('utf8');
  // What is kept and hashed is the text; bytes that are none would come back as others.
  if (!Buffer.from(markdown, 'utf8').equals(bytes)) throw new Error(`${name}: a document is UTF-8 text`);
  const title = /^# +(.+)$/m.exec(markdown)?.[1]?.trim();
  if (!title) throw new Error(`${name}: a document begins with its title, "# …"`);
  return new DocumentText({ ...key, sha256: sha256Of(bytes), title, markdown });
}

type Facts = Omit<Document, 'html' | 'innerHtml'>;

/** Its HTML is made when it is shown first: a worker shows none. */
class DocumentText implements Document {
  readonly document: string;
  readonly version: string;
  readonly language: Language;
  readonly sha256: string;
  readonly title: string;
  readonly markdown: string;
  #rendered: ReturnType<typeof rendered> | undefined;

  constructor({ document, version, language, sha256, title, markdown }: Facts) {
    this.document = document;
    this.version = version;
    this.language = language;
    this.sha256 = sha256;
    this.title = title;
    this.markdown = markdown;
  }

  get html(): string {
    return this.#both.html;
  }

  get innerHtml(): string {
    return this.#both.innerHtml;
  }

  get #both() {
    this.#rendered ??= rendered(this.markdown);
    return this.#rendered;
  }
}

/** @returns lower-case hex */
export const sha256Of = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
