// Sentences of downloads: parts of a backup, the link for an hour, and who took what.
import type { Sentences } from '../sentences.ts';

export const downloads = {
  'downloads.tooMany':
    '이 계정에서 이미 4개를 받고 있습니다. 하나가 끝나면 이어서 받아 주세요. 1분 뒤에 다시 시도할 수 있습니다.',
  'downloads.files': '파일만 받기',
  'downloads.databases': '데이터베이스만 받기',
  'downloads.part.whole': '전체',
  'downloads.part.files': '파일만',
  'downloads.part.databases': '데이터베이스만',
  'downloads.part.file': '파일 하나',

  'downloads.program': '서버나 명령줄에서 받기',
  'downloads.programText': '한 시간 동안 쓸 수 있는 주소를 만들어, 끊겨도 이어서 받는 명령과 함께 한 번 보여 드립니다.',
  'downloads.link.open': '한 시간짜리 주소 만들기',
  'downloads.link.title': '명령줄에서 받을 주소',
  'downloads.link.lead':
    '로그인하지 않은 서버에서 이 백업을 받을 때 쓰는 주소를 만듭니다. 만든 뒤 한 시간 동안만 쓸 수 있습니다.',
  'downloads.link.anybody': '주소를 아는 사람은 그동안 누구나 이 백업을 받을 수 있으니, 다른 사람에게 보내지 마세요.',
  'downloads.link.ends':
    '로그아웃하거나 비밀번호를 바꾸면 남은 시간에 관계없이 바로 끝납니다. 접속할 수 있는 주소를 정해 두셨다면 그 주소에서만 받을 수 있습니다.',
  'downloads.link.noted': '받을 때마다 받은 기록에 남으며, 처음 받을 때 이메일로 알려 드립니다.',
  'downloads.link.make': '주소 만들기 ({size})',
  'downloads.link.back': '백업으로 돌아가기',
  'downloads.link.once': '한 시간짜리 주소',
  'downloads.link.only': '이 주소는 지금 한 번만 보여 드립니다.',
  'downloads.link.until': '{time}까지 쓸 수 있습니다.',
  'downloads.link.command': '명령',
  'downloads.link.again': '끊기면 같은 폴더에서 같은 명령을 다시 실행해 주세요. 끊긴 곳부터 이어서 받습니다.',
  'downloads.link.address': '주소',
  'downloads.link.done': '백업으로 돌아가기',
  'downloads.link.gone': '이 주소는 시간이 지났거나 끝났습니다. 관리 화면에서 새 주소를 만들어 주세요.',

  'downloads.history.title': '받은 기록',
  'downloads.history.link': '받은 기록 보기',
  'downloads.history.all': '이 사이트의 백업을 지난 1년 동안 누가 받았는지 보여 줍니다.',
  'downloads.history.own': '지난 1년 동안 이 사이트의 백업을 직접 받으신 기록입니다.',
  'downloads.history.empty': '아직 받은 기록이 없습니다. 백업을 받으면 이곳에 남습니다.',
  'downloads.history.pages': '받은 기록의 쪽',
  'downloads.history.time': '시작한 때',
  'downloads.history.what': '받은 것',
  'downloads.history.amount': '받은 양',
  'downloads.history.partly': '{of} 가운데 {sent}',
  'downloads.history.who': '사람',
  'downloads.history.where': '접속 주소',
  'downloads.history.byLink': '만든 주소로',
  'downloads.history.byToken': '프로그램의 토큰으로',
} as const satisfies Sentences;
