// What a customer reads of their own history: sentences, never names of actions, and nothing of other people's sites.
import { describe, expect, it } from 'vitest';
import { activityOf, told } from '../../src/dashboard/activity.ts';
import { catalogues } from '../../src/messages/catalogue.ts';

const names = new Map([['site-1', 'abc']]);
const row = (action: string, more: object = {}) => ({ at: 1, action, siteId: null, details: {}, ...more });

describe('recent activity', () => {
  it('has a sentence in both languages for everything it tells', () => {
    for (const action of told) {
      const key = activityOf(row(action), names)?.key ?? '';
      expect([catalogues.ko[key], catalogues.en[key]], action).not.toContain(undefined);
    }
  });

  it('leaves out what it has no words for', () => {
    expect(activityOf(row('audit.verified'), names)).toBeUndefined();
  });

  it('names the site by its name, and leaves out a site that is not shown', () => {
    expect(activityOf(row('files.moved', { siteId: 'site-1' }), names)?.site).toBe('abc');
    expect(activityOf(row('files.moved', { siteId: 'site-2' }), names)).toBeUndefined();
    expect(activityOf(row('signIn.succeeded'), names)?.site).toBeUndefined();
  });

  it('fills in the counts that were recorded', () => {
    expect(activityOf(row('files.removed', { details: { count: 3, all: true } }), names)?.parameters).toEqual({
      count: 3,
      all: 1,
    });
  });

  it('says in words how many files came and how many were refused', () => {
    const say = (language: 'ko' | 'en', details: Record<string, number>) => {
      const sentence = catalogues[language]['dashboard.activity.files.uploaded'];
      return typeof sentence === 'function' ? sentence(details) : sentence;
    };
    expect(say('ko', { stored: 12, refused: 0 })).toBe('파일 12개를 올렸습니다');
    expect(say('ko', { stored: 1, refused: 2 })).toBe('파일 1개를 올렸습니다. 받지 않은 파일은 2개입니다');
    expect(say('en', { stored: 1, refused: 2 })).toBe('1 file uploaded, 2 not accepted');
  });
});
