// Sentences about sites that move to another server.
import type { Sentences } from '../sentences.ts';

export const moves = {
  'moves.refused':
    '사이트를 다른 서버로 옮기거나 백업으로 복원하는 마지막 단계라 잠시 닫혀 있습니다. 아무것도 바뀌지 않았습니다. 조금 뒤에 다시 해 주세요.',
  'moves.underWay': '이 사이트를 다른 서버로 옮기고 있습니다. 끝날 무렵 잠시 닫히며, 그 전까지는 평소처럼 쓸 수 있습니다.',
  'moves.closed': '다른 서버로 옮기는 마지막 단계라 잠시 닫혀 있습니다. 파일과 데이터베이스는 그대로입니다.',
  'moves.done': '다른 서버로 옮겼습니다({at}). 파일, 데이터베이스, 이름, 비밀번호는 그대로입니다.',
  'moves.changed': '접속 주소가 바뀌었습니다. FTP 프로그램과 사이트 설정에서 고쳐 주세요.',
  'moves.none': '없음',
  'moves.database': '데이터베이스 {name}',
  'moves.before': '이전:',
  'moves.after': '지금:',
  'mail.site-moving.subject': '[{brand}] 사이트를 다른 서버로 옮깁니다: {site}',
  'mail.site-moved.subject': '[{brand}] 사이트를 다른 서버로 옮겼습니다: {site}',
  'mail.site-not-moved.subject': '[{brand}] 사이트를 옮기지 못했고, 지금 서버에 그대로 있습니다: {site}',
} as const satisfies Sentences;
