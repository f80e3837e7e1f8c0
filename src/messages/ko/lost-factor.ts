// Sentences of a lost second factor, of the last way in, and the letters about them.
import type { Sentences } from '../sentences.ts';

export const lostFactor = {
  'ways.last':
    '이 패스키는 지금 로그인할 수 있는 유일한 방법이라 뺄 수 없습니다. 먼저 다른 패스키를 만들거나, 로그인 화면의 [비밀번호가 기억나지 않습니다]에서 새 비밀번호를 정해 주세요.',
  'lostFactor.title': '2단계 인증 해제 멈추기',
  'lostFactor.intro':
    '2단계 인증 수단을 잃어버렸다는 요청을 받아 해제를 기다리는 중입니다. 직접 요청하지 않으셨다면 [해제 멈추기]를 눌러 주세요.',
  'lostFactor.keeps': '인증 앱과 패스키, 복구 코드는 그대로 남습니다.',
  'lostFactor.again': '정말 잃어버리셨다면 다시 요청하실 수 있고, 기다리는 시간은 처음부터 다시 시작합니다.',
  'lostFactor.stop': '해제 멈추기',
  'lostFactor.stopped': '2단계 인증 해제를 멈추었습니다. 인증 수단은 그대로입니다.',
  'lostFactor.gone': '이미 쓴 링크이거나, 2단계 인증 해제가 이미 끝났거나 멈추어졌습니다.',
  'lostFactor.over': '지금 기다리는 2단계 인증 해제가 없습니다.',
  'lostFactor.none': '이 계정에는 2단계 인증 수단이 없습니다.',
  'lostFactor.runs': '이 계정의 2단계 인증 해제를 이미 기다리고 있습니다.',
  'lostFactor.nobody': '그런 계정이 없습니다.',
  'lostFactor.wordsMissing': '누가 왜 요청했는지 300자 안으로 적어 주세요.',
  'lostFactor.waiting': '{at}에 2단계 인증을 해제할 예정입니다. 직접 요청하지 않으셨다면 지금 멈추어 주세요.',
  'security.history.signIn.lostFactorBegun': '2단계 인증 해제 요청',
  'security.history.signIn.lostFactorStopped': '2단계 인증 해제를 멈춤',
  'security.history.signIn.lostFactorRemoved': '2단계 인증 해제(분실)',
  'mail.lost-factor.subject': '[{brand}] 2단계 인증을 해제할 예정입니다',
  'mail.lost-factor.intro':
    '{brand} 계정의 2단계 인증 수단(인증 앱, 패스키, 복구 코드)을 잃어버렸다는 요청을 받았습니다. 아무 말씀이 없으면 {at} 이후에 해제합니다.',
  'mail.lost-factor.askedBy': '요청하신 분',
  'mail.lost-factor.reason': '사유',
  'mail.lost-factor.you': '직접 요청하셨다면 기다려 주세요. 그동안 인증 수단을 찾아 로그인하시면 해제는 저절로 멈춥니다.',
  'mail.lost-factor.notYou':
    '요청하신 적이 없다면 아래 주소를 열어 해제를 멈추어 주세요. 누군가 계정을 빼앗으려는 것일 수 있습니다.',
  'mail.lost-factor-stopped.subject': '[{brand}] 2단계 인증 해제를 멈추었습니다',
  'mail.lost-factor-stopped.intro': '{at}에 {brand} 계정의 2단계 인증 해제를 멈추었습니다. 인증 수단은 그대로입니다.',
  'mail.lost-factor-stopped.next': '그래도 잃어버린 것이 맞다면 아래 연락처로 다시 요청해 주세요.',
  'mail.lost-factor-removed.subject': '[{brand}] 2단계 인증을 해제했습니다',
  'mail.lost-factor-removed.intro':
    '{at}에 {brand} 계정의 2단계 인증 수단을 모두 지우고, 모든 기기의 로그인을 끊었습니다. 이제 비밀번호나 이메일로 받는 링크로 로그인합니다.',
  'mail.lost-factor-removed.next': '로그인하신 다음 계정 보안 화면에서 2단계 인증을 다시 켜 주세요.',
  'mail.lost-factor-removed.notYou': '요청하신 적이 없다면 바로 비밀번호를 재설정하고 아래 연락처로 알려 주세요.',
} as const satisfies Sentences;
