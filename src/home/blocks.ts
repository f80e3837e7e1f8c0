// Blocks: what a company's own homepage and product pages have to say, in the panel's words and figures (KHADA 1.1, 7.6, 8.1, 8.2).
import type { Choices } from '../options.ts';
import { type Compensation, compensation, type Plan } from '../orders/orders.ts';
import type { Language, Words } from '../platform/web/words.ts';
import { type BlockId, type BlockNode, contentOf, htmlOf, scriptOf, versionOf } from './block-nodes.ts';
import type { Locations, TierPlace } from './locations.ts';

export const blockNames = ['officers', 'backup-location', 'backup-notice', 'sla'] as const;
export type BlockName = (typeof blockNames)[number];

/** Everything that blocks are made of. */
export type BlockFacts = {
  readonly words: Words;
  /** @returns a whole address of the panel, in the language of the block */
  readonly address: (path: string) => string;
  readonly officers: Choices['officers'];
  readonly locations: Locations;
  /** epoch milliseconds since when the locations are as they are */
  readonly locationsSince: number | undefined;
  /** the plan the block is for; undefined: for all of them */
  readonly plan: Plan | undefined;
  /** that may be chosen */
  readonly plans: readonly Plan[];
  /** of the documents in force; `sla` is that of the plan where there is one */
  readonly versions: { readonly backup: string; readonly backupService: string; readonly sla: string };
  /** of `versions.sla` */
  readonly rule: Compensation;
  readonly documentsAreShown: boolean;
  readonly support: { readonly phone: string; readonly email: string };
  readonly tiersReady: boolean;
};

export type Block = {
  readonly block: BlockName;
  /** changes with every word and link of the block */
  readonly version: string;
  readonly language: Language;
  readonly plan?: string;
  readonly html: string;
  readonly text: string;
  /** the same as values */
  readonly facts: unknown;
  readonly script: string;
};

type Made = { readonly heading: string; readonly nodes: readonly BlockNode[]; readonly facts: unknown };

export function blockOf(name: BlockName, from: BlockFacts): Block {
  const { language } = from.words;
  const id: BlockId = { name, language, plan: from.plan?.slug };
  const { heading, nodes, facts } = makers[name](from);
  const inside: BlockNode[] = [['h2', {}, heading], ...nodes];
  const content = contentOf(['section', {}, ...inside]);
  const version = versionOf(id, content);
  const plan: Record<string, string> = id.plan === undefined ? {} : { 'data-gotgan-plan': id.plan };
  const marks = { class: 'gotgan-block', 'data-gotgan-block': name, ...plan, 'data-gotgan-version': version, lang: language };
  const node: BlockNode = ['section', marks, ...inside];
  const whole = { html: htmlOf(node), text: content.text.replace(/\s+/g, ' ').trim(), facts, script: scriptOf(node, id) };
  return { block: name, version, language, ...(id.plan !== undefined && { plan: id.plan }), ...whole };
}

const makers: Readonly<Record<BlockName, (from: BlockFacts) => Made>> = {
  officers,
  'backup-location': backupLocation,
  'backup-notice': backupNotice,
  sla,
};

const link = (href: string, text: string): BlockNode => ['a', { href }, text];
const strong = (text: string): BlockNode => ['strong', {}, text];
const paragraph = (...parts: BlockNode[]): BlockNode => ['p', {}, ...parts];

function officers({ words: { t }, officers: named, address }: BlockFacts): Made {
  const heading = t('home.officers.heading');
  const more = paragraph(link(address('/officers'), t('home.officers.more')));
  if (!named) return { heading, nodes: [paragraph(t('home.officers.beingRegistered')), more], facts: null };
  const term = (key: string, value: BlockNode): BlockNode[] =>
    value === ''
      ? []
      : [
          ['dt', {}, t(`home.officers.${key}`)],
          ['dd', {}, value],
        ];
  const nodes = (['security', 'privacy'] as const).flatMap((of): BlockNode[] => {
    const { name, title, department, phone, email, since } = named[of];
    const dial = `tel:${phone.replaceAll(/[^+0-9]/g, '')}`;
    return [
      ['h3', {}, t(`home.officers.${of}`)],
      [
        'dl',
        {},
        ...term('name', name),
        ...term('position', title),
        ...term('department', department),
        ...term('phone', link(dial, phone)),
        ...term('email', link(`mailto:${email}`, email)),
        ...term('since', since),
      ],
    ];
  });
  return { heading, nodes: [...nodes, more], facts: named };
}

function backupLocation({ words, locations, locationsSince, address }: BlockFacts): Made {
  const { t } = words;
  const heading = t('home.location.heading');
  if (!locations.backups) return { heading, nodes: [paragraph(t('home.locationPage.off'))], facts: { backups: false } };
  const since = locationsSince === undefined ? undefined : words.date(locationsSince);
  const answer = [t('home.location.answer'), strong(t('home.location.answerPlace')), t('home.location.answerEnd')];
  const nodes: BlockNode[] = [
    paragraph(...answer),
    locationTable(locations, t),
    paragraph(t('home.location.download.note')),
    ...(since === undefined ? [] : [paragraph(t('home.location.changed', { date: since }))]),
    paragraph(link(address('/backup-location'), t('home.location.more'))),
  ];
  const at = locationsSince === undefined ? null : new Date(locationsSince).toISOString();
  return { heading, nodes, facts: { ...locations, since: at } };
}

function locationTable({ backupAt: time, keepDaily: daily, keepWeekly: weekly, ...places }: Locations, t: Words['t']): BlockNode {
  const columns = ['kind', 'where', 'often', 'kept', 'who'].map(
    (name): BlockNode => ['th', { scope: 'col' }, t(`home.location.column.${name}`)],
  );
  const cell = (text: string): BlockNode => ['td', {}, text];
  const row = (kind: string, where: string): BlockNode => [
    'tr',
    {},
    ['th', { scope: 'row' }, t(`home.location.${kind}.kind`)],
    cell(where),
    cell(t(`home.location.${kind}.often`, { time })),
    cell(t(`home.location.${kind}.kept`, { daily, weekly })),
    cell(t(`home.location.${kind}.who`)),
  ];
  const tier = (kind: 'shortTerm' | 'longTerm', place: TierPlace): BlockNode =>
    place.kind === 'elsewhere'
      ? row(kind, whereOf(kind, place, t))
      : [
          'tr',
          {},
          ['th', { scope: 'row' }, t(`home.location.${kind}.kind`)],
          ['td', { colspan: '4' }, t(`home.location.${place.kind}`)],
        ];
  return [
    'table',
    {},
    ['caption', {}, t('home.location.caption')],
    ['thead', {}, ['tr', {}, ...columns]],
    [
      'tbody',
      {},
      row('download', t('home.location.download.where')),
      tier('shortTerm', places.shortTerm),
      tier('longTerm', places.longTerm),
    ],
  ];
}

function whereOf(kind: 'shortTerm' | 'longTerm', { place, isFar }: TierPlace, t: Words['t']): string {
  if (!place) return t('home.location.elsewhere');
  return t(`home.location.${kind === 'longTerm' && isFar ? 'longTerm' : 'shortTerm'}.where`, { place });
}

/** In the variant that fits the plan; without a plan that for customers without a backup service (KHADA 8.1). */
function backupNotice(from: BlockFacts): Made {
  const { words, plan, versions, documentsAreShown, address } = from;
  const variant = plan?.backupVariant ?? 'none';
  const d = (key: string, parameters = {}) => words.t(`home.backupDuty.${variant}.${key}`, parameters);
  const document = variant === 'none' ? 'backup' : 'backup-service';
  const version = variant === 'none' ? versions.backup : versions.backupService;
  const named = words.t('home.backupDuty.version', { version });
  const end = documentsAreShown ? link(address(`/documents/${document}/${version}`), named) : named;
  const nodes = [...(variant === 'none' ? ownDuty(from, d) : service(from, d)), paragraph(end)];
  return { heading: d('heading'), nodes, facts: { variant, document, version } };
}

type Duty = (key: string, parameters?: Record<string, string | number>) => string;

function ownDuty({ locations, address, words }: BlockFacts, d: Duty): BlockNode[] {
  const duty = paragraph(strong(d('duty')), strong(d('carveOut')));
  if (!locations.backups) return [duty];
  return [
    duty,
    paragraph(d('copy', { time: locations.backupAt }), strong(d('place')), d('copyEnd'), d('keep')),
    paragraph(link(address('/backup-location'), words.t('home.backupDuty.howTo'))),
  ];
}

function service({ words: { t }, locations, tiersReady }: BlockFacts, d: Duty): BlockNode[] {
  const shortTerm = t('orders.backupPlace.shortTerm');
  const longTerm = t(`orders.backupPlace.${locations.longTerm.isFar ? 'longTerm' : 'shortTerm'}`);
  return [
    paragraph(tiersReady ? d('body', { shortTerm, longTerm }) : strong(d('notReady'))),
    paragraph(d('limits', { days: locations.keepWeekly * 7 }), strong(d('carveOut'))),
    paragraph(d('keep')),
  ];
}

/** The rule and what it is worth on the plan, or on each (KHADA 8.2): every amount is computed. */
function sla({ words, plan, plans, versions, rule, documentsAreShown, address, support }: BlockFacts): Made {
  const { fromHours: hours, times, exampleHours } = rule;
  const c = (key: string, more = {}) => words.t(`orders.compensation.${key}`, { hours, times, exampleHours, ...more });
  const examples = (plan ? [plan] : plans).map((one) => ({
    plan: one.slug,
    name: one.name[words.language],
    priceWon: one.priceWon,
    availabilityPercent: one.availabilityPercent,
    exampleWon: compensation(one.priceWon, exampleHours, rule),
  }));
  const example = ({ name, priceWon, exampleWon }: (typeof examples)[number]) =>
    priceWon > 0 ? c('example', { plan: name, price: words.won(priceWon), amount: words.won(exampleWon) }) : c('free');
  const named = c('document', { version: versions.sla });
  const nodes: BlockNode[] = [
    paragraph(c('rule'), strong(c('restoring')), c('ruleMiddle'), strong(c('times')), c('ruleEnd'), c('automatic')),
    ...(examples.length > 0 ? [['ul', {}, ...examples.map((one): BlockNode => ['li', {}, example(one)])] as const] : []),
    paragraph(c('counting'), ' ', c('excluded')),
    paragraph(c('objection'), ' ', c('damages')),
    paragraph(documentsAreShown ? link(address(`/documents/sla/${versions.sla}`), named) : named),
    paragraph(c('contact', support)),
  ];
  const facts = { document: 'sla', version: versions.sla, fromHours: hours, times, exampleHours, plans: examples };
  return { heading: c('heading'), nodes, facts };
}
