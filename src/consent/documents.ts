// The documents customers agree to: files `<document>/<YYYY-MM-DD>.<language>.md`, read and rendered once.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Language, languages } from '../platform/web/words.ts';
import { rendered } from './markdown.ts';

export const documentNames = ['terms', 'backup', 'backup-service', 'sla', 'privacy', 'ssh'] as const;
export type DocumentName = (typeof documentNames)[number];

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

/** Where a document's text lies, relative to the documents' folder. */
export const fileOf = ({ document, version, language }: Pick<Document, 'document' | 'version' | 'language'>) =>
  `${document}/${version}.${language}.md`;

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
  if (!version || !language || Number.isNaN(Date.parse(version)))
    throw new Error(`${file}: a document is named <YYYY-MM-DD>.<ko|en>.md`);
  const bytes = readFileSync(file);
  const markdown = bytes.toString('utf8');
  const title = /^# +(.+)$/m.exec(markdown)?.[1]?.trim();
  if (!title) throw new Error(`${file}: a document begins with its title, "# …"`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { document, version, language: language as Language, sha256, title, markdown, ...rendered(markdown) };
}
