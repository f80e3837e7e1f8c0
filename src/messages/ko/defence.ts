// Sentences of the login's defence: waits, passwords that were closed, restricted customers, and the letters about them.
import type { Sentences } from '../sentences.ts';

export const defence = {
  'login.wait':
    '로그인 시도가 많아 잠시 멈췄습니다. {until} 이후에 로그인할 수 있습니다. 지금 들어가려면 이메일로 로그인 링크를 받아 주세요.',
  'login.leaked':
    '이 비밀번호는 유출된 비밀번호 목록에 있어 더 쓸 수 없습니다. 새 비밀번호를 정하는 방법을 이메일로 보냈습니다. [비밀번호가 기억나지 않습니다]에서 바로 정하셔도 됩니다.',
  'security.history.accounts.passwordOff': '다른 사람이 쓸 수 없도록 비밀번호를 닫음',

  'error.restricted':
    '이용이 제한된 상태여서 바꾸는 일은 처리하지 않았습니다. 보기와 내려받기는 그대로 할 수 있습니다. 까닭과 푸는 방법은 [이용 제한 안내]에 있습니다.',
  'restriction.strip': '이용이 제한된 상태입니다. 보기와 내려받기는 할 수 있고, 바꾸는 일은 할 수 없습니다.',
  'restriction.link': '이용 제한 안내',
  'restriction.title': '이용 제한 안내',
  'restriction.since': '{time}부터 이용이 제한되어 있습니다.',
  'restriction.because.unpaid': '내지 않은 요금이 있습니다. 요금을 내시면 제한을 풉니다.',
  'restriction.because.authority': '행정기관이 제한을 요청했습니다. 어느 기관이 왜 요청했는지는 고객지원에서 안내합니다.',
  'restriction.because.security':
    '사이트나 계정이 다른 사람에게 악용된 흔적이 있어 더 번지지 않도록 제한했습니다. 고객지원과 함께 확인한 뒤 풉니다.',
  'restriction.because.terms': '이용약관에 어긋나는 점이 있어 제한했습니다. 어떤 점인지는 고객지원에서 안내합니다.',
  'restriction.mayHeading': '지금도 할 수 있는 일',
  'restriction.may.backups': '백업 보기와 내려받기. 날마다 하는 백업도 계속합니다.',
  'restriction.may.files': '파일 보기와 내려받기',
  'restriction.may.account': '비밀번호와 로그인한 기기 등 계정 보안 관리',
  'restriction.may.documents': '약관과 동의한 문서 보기',
  'restriction.may.ask': '고객지원에 문의하기, 요금을 내거나 계약을 끝내기',
  'restriction.mayNotHeading': '지금은 할 수 없는 일',
  'restriction.mayNot':
    '파일을 올리거나 옮기거나 지우는 일, 백업을 직접 만드는 일처럼 사이트를 바꾸는 일은 할 수 없습니다. FTP와 SSH로 접속할 수 없고, 사이트의 프로그램도 데이터베이스에 들어올 수 없습니다.',
  'restriction.contactHeading': '제한을 풀려면',
  'restriction.contact': '고객지원에 알려 주세요. 요금 납부와 해지도 여기에서 도와 드립니다.',
  'restriction.toBackups': '백업 받기',

  'mail.password-off.subject': '[{brand}] 비밀번호 로그인을 닫았습니다',
  'mail.password-off.why.failures':
    '{at}까지 {brand} 계정에서 틀린 비밀번호가 잇달아 100번 입력되었습니다. 다른 사람이 알아내지 못하도록 비밀번호 로그인을 닫았습니다.',
  'mail.password-off.why.codes':
    '{at}까지 비밀번호를 맞힌 뒤 2단계 인증에서 100번 틀린 일이 있었습니다. 다른 사람이 비밀번호를 아는 것으로 보고 비밀번호 로그인을 닫았습니다.',
  'mail.password-off.why.leaked':
    '{at}에 입력된 {brand} 비밀번호가 유출된 비밀번호 목록에 있습니다. 다른 사람도 쓸 수 있으므로 비밀번호 로그인을 닫고 모든 기기의 로그인을 끊었습니다.',
  'mail.password-off.why.suspect':
    '{brand} 비밀번호를 다른 사람이 알고 있을 수 있다는 정보를 받았습니다. {at}에 비밀번호 로그인을 닫고 모든 기기의 로그인을 끊었습니다.',
  'mail.password-off.how': '아래 주소에서 새 비밀번호를 정해 주세요. 다른 곳에서 쓰지 않는 비밀번호여야 합니다.',
  'mail.password-off.others': '이메일로 받는 로그인 링크와 패스키는 그대로 쓸 수 있습니다. 사이트와 파일, 백업은 그대로입니다.',
  'mail.restricted.subject': '[{brand}] 이용이 제한되었습니다',
  'mail.restricted.intro': '{at}부터 {brand} 이용이 제한됩니다.',
  'mail.restricted.may':
    '로그인해서 보고 내려받는 일은 그대로 할 수 있고, 날마다 하는 백업도 계속합니다. 사이트를 바꾸는 일만 할 수 없습니다.',
  'mail.restricted.more': '할 수 있는 일과 푸는 방법:',
  'mail.restriction-lifted.subject': '[{brand}] 이용 제한이 풀렸습니다',
  'mail.restriction-lifted.intro': '{at}에 {brand} 이용 제한을 풀었습니다. 모든 기능을 쓸 수 있습니다.',
  'mail.stuffing.subject': '[{brand}] 비밀번호 대입 공격이 의심됩니다',
  'mail.stuffing.sign.names': '{at}에 한 네트워크에서 많은 아이디로 로그인을 시도했습니다.',
  'mail.stuffing.sign.failures': '{at}에 로그인 실패가 평소의 다섯 배를 넘었습니다.',
  'mail.stuffing.does':
    '처음 보는 브라우저에는 모두 자동입력 방지 문자를 묻고 있습니다. 전에 로그인한 브라우저는 그대로 들어옵니다. 시도가 멈추고 {minutes}분이 지나면 저절로 끝납니다.',
  'mail.stuffing.todo':
    '유출된 계정 목록을 얻으셨다면 다음 명령으로 그 계정의 비밀번호를 닫을 수 있습니다: gotgan accounts suspect list.txt',
} as const satisfies Sentences;
