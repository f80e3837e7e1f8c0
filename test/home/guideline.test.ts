// The page of the guideline lists every clause once and never promises what this panel does not do.
import { describe, expect, it } from 'vitest';
import { chapters, clauses, counted } from '../../src/home/guideline.ts';
import { catalogues } from '../../src/messages/catalogue.ts';
import type { Choices } from '../../src/options.ts';

const all: Choices['features'] = ['signUp', 'files', 'backups', 'consent', 'home'];
const officer = { name: '김서연', title: '', department: '', phone: '02-1234-5678', email: 'security@example.com', since: '' };
const officers = { security: officer, privacy: officer };
const clauseIn = (choices: Parameters<typeof chapters>[0], id: string) =>
  chapters(choices)
    .flatMap((chapter) => chapter.clauses)
    .find((clause) => clause.id === id);

describe('the guideline page', () => {
  it('has the eleven chapters in printing order, and every clause once', () => {
    const list = chapters({ features: all, officers });
    expect(list.map(({ section }) => section)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(list.flatMap((chapter) => chapter.clauses.map(({ id }) => id)).toSorted()).toEqual(Object.keys(clauses).toSorted());
  });

  it('has words in both languages for what each clause asks and how it is now', () => {
    for (const { asks, answer } of chapters({ features: all, officers }).flatMap((chapter) => chapter.clauses)) {
      for (const key of [asks, answer]) expect([catalogues.ko[key], catalogues.en[key]], key).not.toContain(undefined);
    }
  });

  it('leaves to the company what a switched-off feature would have done', () => {
    const without = { features: all.filter((feature) => feature !== 'backups'), officers };
    expect(clauseIn({ features: all, officers }, '7.6')?.state).toBe('does');
    expect(clauseIn(without, '7.6')).toMatchObject({ state: 'operator', answer: 'guideline.answer.off' });
    expect(clauseIn(without, '7.4')?.state).toBe('does');
  });

  it('does not say that officers are announced while none are registered', () => {
    expect(clauseIn({ features: all, officers }, '1.1')?.state).toBe('does');
    expect(clauseIn({ features: all, officers: undefined }, '1.1')).toMatchObject({
      state: 'operator',
      answer: 'guideline.answer.noOfficers',
    });
  });

  it('counts every clause in exactly one state', () => {
    const { total, does, operator, later } = counted(chapters({ features: all, officers }));
    expect(total).toBe(Object.keys(clauses).length);
    expect(does + operator + later).toBe(total);
  });
});
