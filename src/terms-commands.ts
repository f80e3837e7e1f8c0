// `gotgan terms …`: a new version of a document is looked at first, and published with its day in a second step.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { contractDocuments, DraftRefused, documentNames, type Reviewed, type TextChanges } from './consent/consent.ts';
import { CommandRefused } from './import-commands.ts';
import type { Doors } from './panel.ts';

export const termsUsage = `gotgan terms publish <document> --ko <file> --en <file> --from <YYYY-MM-DD> [--unfavourable] [--without-consent]
                                 [--joint <whose terms, and which version of theirs>] [--yes]
                                 shows what would change; with --yes publishes it and writes to every customer it concerns
gotgan terms list                every version of every document, from when it applies, and how many customers have not agreed yet`;

type Parts = Pick<Doors, 'consent' | 'audit' | 'accounts'>;

/** `terms publish`, `terms list`. @throws CommandRefused with every reason against a draft */
export async function termsCommand(args: string[], doors: Parts, say: (line: string) => void): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { ko: text, en: text, from: text, joint: text, unfavourable: flag, 'without-consent': flag, yes: flag };
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [act, document = ''] = positionals;
  if (act === 'list') return list(doors, say);
  const { ko, en, from, yes = false, unfavourable = false } = values;
  if (act !== 'publish' || !document || !ko || !en || !from) throw new CommandRefused(termsUsage);
  const isContract = contractDocuments.some((name) => name === document);
  const draft = {
    document,
    version: from,
    texts: { ko: await textOf(ko), en: await textOf(en) },
    isUnfavourable: unfavourable,
    needsConsent: isContract && !values['without-consent'],
    jointTerms: values.joint?.trim() || null,
  };
  const reviewed = refusing(() => doors.consent.publishing.review(draft));
  tell(reviewed, say);
  if (!yes) return say('Nothing was published. Run the same with --yes to publish it: it can never be changed afterwards.');
  await doors.consent.publishing.publish(reviewed, { audit: doors.audit, actor: { kind: 'operator' } });
  const letters = await doors.accounts.agreements.announcements.send();
  say(`Published: it applies from ${from}. ${letters} customers are written to now.`);
}

function refusing(review: () => Reviewed): Reviewed {
  try {
    return review();
  } catch (error) {
    throw error instanceof DraftRefused ? new CommandRefused(error.message) : error;
  }
}

const textOf = (file: string): Promise<Buffer> =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandRefused(`${file}: cannot be read (${error.code})`);
  });

function tell({ draft, documents, changes }: Reviewed, say: (line: string) => void): void {
  for (const { language, title, sha256 } of documents) {
    say(`${title} (${language}), SHA-256 ${sha256}`);
    for (const line of linesOf(changes[language])) say(`  ${line}`);
  }
  say(
    `${draft.document} ${draft.version}: ${draft.isUnfavourable ? 'to the customers’ disadvantage' : 'not to the customers’ disadvantage'}`,
  );
  say(draft.needsConsent ? 'Customers of before must agree to it as well.' : 'Customers of before are told and need not agree.');
}

/** What goes stands in [- -], what comes in {+ +}, so that it can be read without colours. */
function linesOf({ parts }: TextChanges): string[] {
  if (!parts) return ['(too much has changed to be put side by side)'];
  const marks = { same: ['', ''], added: ['{+', '+}'], removed: ['[-', '-]'] } as const;
  return parts.flat().flatMap(({ kind, pieces }) => {
    const line = pieces.map((piece) => `${marks[piece.kind][0]}${piece.text}${marks[piece.kind][1]}`).join('');
    return kind === 'same' ? [] : [line];
  });
}

async function list({ consent, accounts }: Parts, say: (line: string) => void): Promise<void> {
  const { library } = consent;
  for (const document of documentNames) {
    for (const version of library.versions(document)) {
      const published = library.published(document, version);
      const state =
        version > library.today() ? 'to come' : version === consent.current(document, 'ko').version ? 'in force' : 'past';
      const joint = published?.jointTerms ? `, ${published.jointTerms}` : '';
      const needed = library.needed(document)?.version === version;
      const missing = needed
        ? `, ${await accounts.agreements.announcements.missing(document)} orders have not agreed to it yet`
        : '';
      say(`${document.padEnd(15)} ${version}  ${state}${joint}${missing}`);
    }
  }
}
