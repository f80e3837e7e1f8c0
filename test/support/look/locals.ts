// What a view gets, filled with a made-up hosting company, so that the look can be seen before the features exist.

import { error as errorEnglish } from '../../../src/messages/en/error.ts';
import { shell as shellEnglish } from '../../../src/messages/en/shell.ts';
import { error as errorKorean } from '../../../src/messages/ko/error.ts';
import { shell as shellKorean } from '../../../src/messages/ko/shell.ts';
import { Addresses } from '../../../src/platform/web/addresses.ts';
import type { Assets } from '../../../src/platform/web/assets.ts';
import { type Language, wordsIn } from '../../../src/platform/web/words.ts';

const catalogues = { ko: { ...errorKorean, ...shellKorean }, en: { ...errorEnglish, ...shellEnglish } };

export const samples = [
  'home',
  'plans',
  'signup',
  'login',
  'dashboard',
  'files',
  'backups',
  'results',
  'document',
  'error',
] as const;
export type Sample = (typeof samples)[number];
export type Theme = '' | 'light' | 'dark';

const signedIn: readonly Sample[] = ['dashboard', 'files', 'backups', 'results'];
const titles: Record<Sample, readonly [string, string]> = {
  home: ['첫 화면', 'Home'],
  plans: ['요금제', 'Plans'],
  signup: ['가입하기', 'Sign up'],
  login: ['로그인', 'Sign in'],
  dashboard: ['현황', 'Overview'],
  files: ['파일', 'Files'],
  backups: ['백업', 'Backups'],
  results: ['올린 결과', 'Upload results'],
  document: ['개인정보 처리방침', 'Privacy policy'],
  error: ['페이지를 찾을 수 없습니다', 'Page not found'],
};

type Say = (korean: string, english: string) => string;

/** @returns the own-property locals of one sample page, without `body` */
export function localsOf(sample: Sample, language: Language, theme: Theme, assets: Assets): Record<string, unknown> {
  const say: Say = (korean, english) => (language === 'ko' ? korean : english);
  const addresses = new Addresses('http://127.0.0.1:4300');
  const url = (path: string) => addresses.page(language, path);
  const other = language === 'ko' ? 'en' : 'ko';
  const [korean, english] = titles[sample];
  return {
    ...wordsIn(language, { catalogues, zone: 'Asia/Seoul', now: () => Date.UTC(2026, 10, 22, 0, 10) }),
    say,
    url,
    ko: language === 'ko',
    asset: (name: string) => `/assets/${assets.hashed(name).name}`,
    integrity: (name: string) => assets.hashed(name).integrity,
    description: say(
      '매일 만든 백업을 검증해서 돌려드리는 호스팅 패널',
      'The hosting panel that hands you a checked backup every day',
    ),
    icon: (name: string) => assets.icon(name),
    csrf: 'sample-token',
    idem: 'sample-key',
    page: {
      title: say(korean, english),
      description: say(
        '매일 만든 백업을 검증해서 돌려드리는 호스팅 패널',
        'The hosting panel that hands you a checked backup every day',
      ),
      view: sample,
      language,
      theme,
      path: `/${sample}`,
      signedIn: signedIn.includes(sample),
      section: sample,
      otherLanguage: { href: addresses.page(other, `/${sample}`), label: language === 'ko' ? 'English' : '한국어', lang: other },
      flash: sample === 'files' ? { kind: 'ok', text: say('파일 12개를 올렸습니다.', '12 files were uploaded.') } : undefined,
      errors: errorsOf(sample, say),
      scripts: scriptsOf(sample),
    },
    ...peopleOf(say),
    ...linksOf(sample, say, url),
    ...backupsOf(say, url),
    sentence: say(
      '주소가 바뀌었거나 지워졌을 수 있습니다. 주소를 확인하거나 첫 화면에서 찾아 주세요.',
      'The address may have changed. Check it, or start from the first page.',
    ),
    status: 404,
    requestId: '0199f3a2-7c41-7d10-9a55-2f1c6be7a301',
    title: say(korean, english),
  };
}

function errorsOf(sample: Sample, say: Say): unknown {
  const title = say('확인할 곳이 있습니다', 'There is a problem');
  if (sample === 'login') {
    const text =
      '이메일 또는 비밀번호가 일치하지 않습니다. 다시 확인해 주세요. 비밀번호가 기억나지 않으면 새로 정할 수 있습니다.';
    return {
      title,
      items: [{ href: '#email', text: say(text, 'The email or password does not match. Check both and try again.') }],
    };
  }
  if (sample !== 'signup') return undefined;
  return {
    title,
    items: [
      { href: '#plan', text: say('요금제를 하나 골라 주세요.', 'Choose a plan.') },
      {
        href: '#agree_backup',
        text: say('백업 책임 안내에 동의해야 가입하실 수 있습니다.', 'You can sign up once you agree to the backup notice.'),
      },
      { href: '#password', text: say('비밀번호가 8자보다 짧습니다.', 'The password is shorter than 8 characters.') },
    ],
  };
}

function scriptsOf(sample: Sample): string[] {
  const wanted: Partial<Record<Sample, string[]>> = {
    signup: ['show-password', 'submit-once'],
    login: ['show-password', 'submit-once'],
    backups: ['copy', 'poll-job'],
  };
  return (wanted[sample] ?? []).map((name) => `behaviours/${name}.js`);
}

function peopleOf(say: Say): Record<string, unknown> {
  const person = (name: string, title: string, department: string, email: string) => ({
    ...{ name, title, department, email, phone: '02-1234-5678' },
    since: say('2026년 3월 2일', '2 March 2026'),
  });
  return {
    officers: {
      security: person(
        say('김서연', 'Seoyeon Kim'),
        say('이사', 'Director'),
        say('정보보호실', 'Security'),
        'security@hanbit.example',
      ),
      privacy: person(
        say('박도윤', 'Doyun Park'),
        say('팀장', 'Team lead'),
        say('고객지원팀', 'Customer support'),
        'privacy@hanbit.example',
      ),
    },
    brand: {
      name: say('한빛호스팅', 'Hanbit Hosting'),
      support: { phone: '1588-0000', email: 'help@hanbit.example' },
      legalFooter: say(
        '한빛호스팅 주식회사 · 대표 이하늘 · 사업자등록번호 123-45-67890 · 통신판매업신고 2026-서울중구-0001|서울특별시 중구 세종대로 1 (04524)',
        'Hanbit Hosting Inc. · CEO Haneul Lee · Business number 123-45-67890|1 Sejong-daero, Jung-gu, Seoul 04524',
      ).split('|'),
    },
  };
}

function linksOf(sample: Sample, say: Say, url: (path: string) => string): Record<string, unknown> {
  const link = (href: string, korean: string, english: string, at?: Sample) => ({
    href: url(href),
    text: say(korean, english),
    current: at === sample,
  });
  return {
    navigation: signedIn.includes(sample)
      ? [
          link('/dashboard', '현황', 'Overview', 'dashboard'),
          link('/files', '파일', 'Files', 'files'),
          link('/backups', '백업', 'Backups', 'backups'),
          link('/notices', '공지', 'Notices'),
          link('/account', '계정', 'Account'),
        ]
      : [],
    publicLinks: [
      link('/plans', '요금제', 'Plans', 'plans'),
      link('/notices', '공지', 'Notices'),
      link('/status', '상태', 'Status'),
      link('/login', '로그인', 'Sign in', 'login'),
      link('/signup', '가입하기', 'Sign up', 'signup'),
    ],
    footerLinks: [
      link('/documents/terms', '이용약관', 'Terms of service'),
      { ...link('/documents/privacy', '개인정보 처리방침', 'Privacy policy'), strong: true },
      link('/backup-location', '백업 위치', 'Where backups are'),
      link('/guideline', '보안·백업 기준', 'Security and backup standard'),
      link('/status', '상태', 'Status'),
    ],
  };
}

function backupsOf(say: Say, url: (path: string) => string): Record<string, unknown> {
  const words: Record<string, string> = {
    verified: say('검증됨', 'verified'),
    proven: say('복원 시험됨', 'restore-tested'),
    made: say('검증 대기', 'waiting'),
    failed: say('실패', 'failed'),
    missing: say('없음', 'none'),
  };
  const stateOf = (number: number) =>
    number === 22 ? 'made' : number === 19 ? 'failed' : number === 16 ? 'missing' : number % 7 === 1 ? 'proven' : 'verified';
  const day = (at: Date, href?: string) => {
    const number = at.getUTCDate();
    const state = stateOf(number);
    const date = say(`${at.getUTCMonth() + 1}월 ${number}일`, `${number} ${at.getUTCMonth() === 10 ? 'Nov' : 'Oct'}`);
    return {
      number,
      state,
      name: `${date}, ${words[state]}`,
      href: href && url(`${href}/${number}`),
      current: href !== undefined && number === 21,
    };
  };
  const cell = (number: number) => ({
    number,
    day: number <= 22 ? day(new Date(Date.UTC(2026, 10, number)), '/sites/site-a/backups') : undefined,
  });
  const weeks = Array.from({ length: 6 }, (_, week) =>
    Array.from({ length: 7 }, (_, at) => week * 7 + at - 5).map((n) => (n > 0 && n < 31 ? cell(n) : null)),
  );
  return {
    band: (length: number, href?: string) =>
      Array.from({ length }, (_, at) => day(new Date(Date.UTC(2026, 10, 22 - length + 1 + at)), href)),
    legend: Object.entries(words).map(([state, text]) => ({ state, text })),
    month: {
      caption: say('2026년 11월 백업', 'Backups of November 2026'),
      weekdays: say('월화수목금토일', 'MTWTFSS')
        .split('')
        .map((short, at) => ({ short, full: say(`${short}요일`, days[at] ?? short) })),
      weeks,
      previous: { href: '?month=2026-10', text: say('10월', 'October') },
      legend: Object.entries(words).map(([state, text]) => ({ state, text })),
    },
    notice: noticeOf(say, url),
  };
}

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function noticeOf(say: Say, url: (path: string) => string): unknown {
  const duty = say(
    '별도의 백업 서비스를 신청하지 않으셨다면 자료를 백업할 책임은 고객께 있으며, 자료가 없어져도 회사는 책임지지 않습니다. ',
    'Unless you have bought a separate backup service, backing up your data is your responsibility and we are not liable if it is lost. ',
  );
  const except = say(
    '다만 회사의 고의나 중대한 과실로 생긴 손해와 법이 정한 책임은 회사가 집니다.',
    'This does not limit our liability for damage caused by our intent or gross negligence, or liability the law imposes on us.',
  );
  const help = say(
    '회사는 도움을 드리기 위해 매일 03:10부터 압축 백업을 만들어 ',
    'To help, every day from 03:10 we make a compressed backup and put it in ',
  );
  const place = say('FTP 최상위 폴더의 /backup (www 바로 위)', '/backup at the top of your FTP space (right above www)');
  const take = say(
    '\u2060과 로그인 첫 화면에 둡니다. 한 번 눌러 내려받아 다른 곳에 보관해 주세요.',
    ' and on the first screen after you sign in. Download it with one click and keep it somewhere else.',
  );
  return {
    heading: say('백업은 고객께서 직접 하셔야 합니다', 'You need to keep your own backups'),
    paragraphs: [
      [
        { text: duty, strong: true },
        { text: except, strong: true },
      ],
      [help, { text: place, strong: true }, take],
    ],
    links: [
      { href: url('/guideline#download'), text: say('백업 직접 받는 법', 'How to download a backup') },
      { href: url('/guideline#duty'), text: say('회사가 하는 일과 하지 못하는 일', 'What we do and cannot do') },
    ],
    version: say('안내 제2판, 2026년 11월 22일부터', 'Notice version 2, from 22 Nov 2026'),
  };
}
