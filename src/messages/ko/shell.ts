// What the layout and the shared parts of pages say; the links of the shell stand in error.ts.
import type { Sentences } from '../sentences.ts';

export const shell = {
  'shell.skip': '본문으로 건너뛰기',
  'shell.mainNavigation': '주 메뉴',
  'shell.path': '경로',
  'shell.logout': '로그아웃',
  'shell.home': '첫 화면으로',
  'shell.support': '고객지원',
  'shell.securityOfficer': '보안 담당자',
  'shell.privacyOfficer': '개인정보 보호 담당자',
  'shell.beingRegistered': '등록 중입니다',
  'shell.position': '직책',
  'shell.phone': '전화',
  'shell.email': '이메일',
  'shell.since': '지정일',
  'shell.required': '(필수)',
  'shell.optional': '(선택)',
  'shell.showPassword': '비밀번호 보기',
  'shell.hidePassword': '비밀번호 숨기기',
  'shell.copy': '복사',
  'shell.copied': '복사했습니다.',
  'shell.requestId': '문의 번호',
} as const satisfies Sentences;
