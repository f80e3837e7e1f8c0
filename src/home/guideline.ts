// The clauses of the KHADA guideline v1.0 and their state, for the page /guideline. Nothing here claims a certification.
import type { Choices } from '../options.ts';

/** `does`: this panel does it. `operator`: outside the panel, or only partly inside, so the company confirms it. `later`: being prepared. */
export type ClauseState = 'does' | 'operator' | 'later';

/** In printing order of the guideline's text. `7.6db` is the second half of 7.6, the databases. */
export const clauses = {
  '1.1': 'does',
  '2.1': 'operator',
  '2.2': 'operator',
  '2.3': 'operator',
  '2.4': 'operator',
  '2.5': 'operator',
  '3.1': 'operator',
  '3.2': 'operator',
  '3.3': 'operator',
  '3.4': 'operator',
  '3.5': 'operator',
  '3.6': 'operator',
  '3.7': 'operator',
  '3.8': 'operator',
  '4.1': 'operator',
  '4.2': 'operator',
  '4.3': 'operator',
  '4.4': 'operator',
  '5.1': 'operator',
  '5.2': 'operator',
  '5.3': 'operator',
  '5.4': 'operator',
  '6.1': 'does',
  '6.2': 'does',
  '6.3': 'does',
  '7.1': 'operator',
  '7.2': 'does',
  '7.3': 'operator',
  '7.4': 'does',
  '7.5': 'operator',
  '7.6': 'does',
  '7.6db': 'does',
  '8.1': 'does',
  '8.2': 'does',
  '8.3': 'does',
  '8.4': 'operator',
  '8.5': 'operator',
  '8.6': 'operator',
  '8.7': 'later',
  '8.8': 'operator',
  '8.9': 'operator',
  '9.1': 'operator',
  '9.2': 'operator',
  '9.3': 'operator',
  '9.4': 'operator',
  '9.5': 'operator',
  '9.6': 'operator',
  '9.7': 'operator',
  '10.1': 'operator',
  '10.2': 'later',
  '10.3': 'operator',
  '10.4': 'operator',
  '11.1': 'operator',
  '11.2': 'operator',
  '11.3': 'operator',
  '11.4': 'operator',
  '11.5': 'later',
  '11.6': 'later',
} as const satisfies Record<string, ClauseState>;

export type ClauseId = keyof typeof clauses;

/** A clause as the page shows it; `answer` is the key of the sentence that tells how it is now. */
export type Clause = {
  readonly id: ClauseId;
  readonly label: string;
  readonly state: ClauseState;
  readonly asks: string;
  readonly answer: string;
};

export type Chapter = { readonly section: number; readonly clauses: readonly Clause[] };

/** What a clause's state rests on: without the feature it is the company that has to confirm it. */
const restsOn: Partial<Record<ClauseId, readonly Choices['features'][number][]>> = {
  '7.2': ['termination'],
  '7.4': ['files'],
  '7.5': ['files'],
  '7.6': ['backups'],
  '7.6db': ['backups', 'databases'],
  '8.1': ['home'],
  '8.3': ['signUp'],
};

/** @returns the chapters in printing order, with states that fit the features and officers of this panel */
export function chapters({ features, officers }: Pick<Choices, 'features' | 'officers'>): Chapter[] {
  const found: { section: number; clauses: Clause[] }[] = [];
  for (const id of Object.keys(clauses) as ClauseId[]) {
    const section = Number.parseInt(id, 10);
    if (found.at(-1)?.section !== section) found.push({ section, clauses: [] });
    found.at(-1)?.clauses.push(clauseOf(id, features, officers !== undefined));
  }
  return found;
}

function clauseOf(id: ClauseId, features: Choices['features'], hasOfficers: boolean): Clause {
  const isOff = restsOn[id]?.some((feature) => !features.includes(feature));
  const common = { id, label: id.replace('db', ' (DB)'), asks: `guideline.clause.${id}.asks` };
  if (id === '1.1' && !hasOfficers) return { ...common, state: 'operator', answer: 'guideline.answer.noOfficers' };
  if (isOff) return { ...common, state: 'operator', answer: 'guideline.answer.off' };
  return { ...common, state: clauses[id], answer: `guideline.clause.${id}.answer` };
}

/** @returns how many clauses there are, and how many of each state */
export function counted(list: readonly Chapter[]): Record<ClauseState | 'total', number> {
  const states = list.flatMap((chapter) => chapter.clauses.map(({ state }) => state));
  const of = (state: ClauseState) => states.filter((one) => one === state).length;
  return { total: states.length, does: of('does'), operator: of('operator'), later: of('later') };
}
