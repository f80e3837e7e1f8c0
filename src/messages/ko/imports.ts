// Sentences of customers who come from another panel: the report of an import, and the page on which they agree first.
import type { Sentences } from '../sentences.ts';

export const imports = {
  'imports.encoding': '파일이 UTF-8도 CP949도 아닙니다',
  'imports.empty': '열 이름이 있는 첫 줄과 고객이 한 줄 이상 필요합니다',
  'imports.tooMany': '한 번에 {maximum}줄까지 가져올 수 있습니다',
  'imports.unknownColumn': '알 수 없는 열입니다',
  'imports.columnTwice': '같은 열이 두 번 있습니다',
  'imports.missingColumn': '꼭 있어야 하는 열이 없습니다',
  'imports.fieldCount': '값이 {found}개인데 열은 {wanted}개입니다',
  'imports.twice': '{row}번째 줄에도 있습니다',
  'imports.taken': '이미 이 패널에 있습니다',
  'imports.tooLong': '{maximum}자까지입니다',
  'imports.domain': '도메인이 아닙니다',
  'imports.language': 'ko 또는 en이어야 합니다',
  'imports.loginName.malformed': '빈칸 없이 2자에서 64자까지여야 합니다',
  'imports.loginName.otherAddress': '이메일 주소라면 그 사람의 이메일과 같아야 합니다',
  'imports.hash.unknown': '받아들이는 해시가 아닙니다(bcrypt, sha512-crypt, PBKDF2)',
  'imports.hash.malformed': '해시가 잘렸거나 모양이 맞지 않습니다',
  'imports.hash.tooCheap': '해시의 비용이 너무 낮습니다',
  'imports.hash.tooCostly': '해시의 비용이 너무 높습니다',
  'agreement.title': '먼저 계약 내용에 동의해 주세요',
  'agreement.lead':
    '쓰시던 서비스를 새 관리 화면으로 옮겼습니다. 약관과 백업 책임, 보상 기준을 보시고 동의하시면 사이트를 준비하고 바로 쓰실 수 있습니다.',
  'agreement.contract': '옮겨 온 계약',
  'agreement.next': '동의하신 내용과 문서 전문을 메일로 보내 드립니다.',
  'agreement.submit': '동의하고 시작하기',
  'agreement.done': '동의하신 내용을 기록했습니다. 사이트를 준비하고 있습니다.',
  'agreement.first': '먼저 계약 내용에 동의해 주세요. 그 뒤에 이어서 하실 수 있습니다.',
  'mail.agreed.subject': '[{brand}] 동의하신 내용',
  'mail.agreed.intro': '{brand}에서 계약 내용에 동의하셨습니다.',
} satisfies Sentences;
