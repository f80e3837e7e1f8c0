// The rule for passwords and the reasons for refusing one (ux.md 6.3).
import type { Sentences } from '../sentences.ts';

export const password = {
  'password.rule':
    '영문과 숫자를 함께 8자 이상. 길수록 좋고, 띄어쓰기와 기호도 쓸 수 있습니다. 서로 관계없는 낱말 몇 개를 이으면 길고 외우기 쉽습니다.',
  'password.rule.nist':
    '15자 이상. 띄어쓰기와 기호를 포함해 어떤 글자든 쓸 수 있습니다. 서로 관계없는 낱말 몇 개를 이으면 길고 외우기 쉽습니다.',
  'password.missing': '비밀번호를 정해 주세요.',
  'password.tooShort': '{minimum}자보다 짧습니다. 지금 {length}자입니다. 낱말을 하나 더 붙여 보세요.',
  'password.tooLong': '{maximum}자보다 깁니다. 조금 줄여 주세요.',
  'password.needsLetter': '글자가 빠져 있습니다. 글자를 하나 이상 넣어 주세요.',
  'password.needsDigit': '숫자가 빠져 있습니다. 숫자를 하나 이상 넣어 주세요.',
  'password.common':
    '널리 알려진 비밀번호라 쉽게 추측됩니다. 숫자 하나를 바꾸는 것으로는 부족합니다. 다른 비밀번호를 정해 주세요.',
  'password.breached': '다른 곳에서 유출된 비밀번호 목록에 있습니다. 쓴 적이 없는 비밀번호를 정해 주세요.',
  'password.korean': '한글 낱말을 영문 자판으로 입력한 비밀번호라 쉽게 추측됩니다. 서로 관계없는 낱말을 더 이어 보세요.',
  'password.context': '이메일 주소나 이름, 서비스 이름으로 쉽게 추측됩니다. 그 부분을 빼고 정해 주세요.',
  'password.pattern': '자판의 차례나 되풀이되는 글자, 연속된 숫자, 날짜로 쉽게 추측됩니다. 서로 관계없는 낱말을 이어 보세요.',
  'password.guessable': '쉽게 추측할 수 있는 비밀번호입니다. 서로 관계없는 낱말을 더 이어 보세요.',
  'password.needsClasses': '숫자, 기호, 영문 대문자와 소문자를 모두 넣어 주세요.',
  'password.show': '비밀번호 보기',
  'password.hide': '비밀번호 숨기기',
} as const satisfies Sentences;
