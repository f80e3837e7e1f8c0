// Sentences about servers: the letter to the operator when one fails.
export const servers = {
  'mail.server.subject': '[{brand}] 서버 {server}에서 사이트를 만들 수 없습니다',
  'mail.server.since': '서버 {server}에 물어보았더니 {at}까지 두 번 이어 이렇게 답했습니다.',
  'mail.server.does':
    '다시 될 때까지 새 사이트는 다른 서버에 먼저 만들어집니다. 이 서버에서 만들던 사이트는 고객에게 준비 중으로 보이며, 한 시간마다 다시 시도합니다.',
  'mail.server.todo':
    '`gotgan server list`가 서버마다 마지막 답과 문제가 있는 사이트를 보여 줍니다. 다시 되고 나서 또 실패하기 전에는 같은 편지를 보내지 않습니다.',
} as const;
