// Sentences of backup tiers: the lines of pages, reasons of retention, and the operator's letter (KHADA 8.5–8.9).
import type { Sentences } from '../sentences.ts';

export const tiers = {
  'tiers.name.short-term': '단기 백업',
  'tiers.name.long-term': '장기 백업',
  'tiers.where.here': '이 서버 안',
  'tiers.where.elsewhere': '다른 서버',
  'tiers.line.kept': '{name}: {time} ({ago}, {where})',
  'tiers.line.late': '{name}: {time} ({ago}, {where}). 그 뒤의 백업은 아직 옮기지 못해 다시 시도하고 있습니다.',
  'tiers.line.waiting': '{name}: 아직 없습니다. 다음 정상 백업부터 옮깁니다({where}).',
  'tiers.line.never': '{name}: 아직 없습니다({where}). {since}부터 옮기지 못해 다시 시도하고 있습니다.',
  'tiers.none':
    '이 서버 안의 복사본이며 단기·장기 백업 단계는 아직 없습니다. 서버가 망가지면 함께 없어질 수 있으니, 받은 파일을 다른 곳에 보관해 주세요.',
  'tiers.here':
    '이 서버 안에 있는 것은 아직 두 번째 단계로 치지 않습니다. 서버가 망가지면 함께 없어질 수 있으니, 받은 파일을 다른 곳에 보관해 주세요.',
  'tiers.keptLastGood': '이 단계의 마지막 정상 백업이라 보관합니다.',
  'tiers.keptDaily': '하루에 하나씩 남기는 백업입니다.',
  'tiers.keptWeekly': '한 주에 하나씩 남기는 백업입니다.',
  'tiers.keptFloor': '옮긴 지 얼마 되지 않아 보관합니다.',
  'tiers.keptNewest': '이 단계의 가장 최근 백업이라 보관합니다.',
  'tiers.isHere': '이 백업은 파일이 이 서버에 있으므로 가져올 필요가 없습니다.',
  'tiers.erased': '이 사이트의 백업은 모두 지웠으므로 다시 보관하지 않습니다.',
  'tiers.erasuresADay': '하루에 지울 수 있는 사이트 수를 넘었습니다. 내일 다시 해 주세요.',

  'mail.tier-failed.subject': '[{brand}] 백업 단계에 옮기지 못했습니다: {fault}',
  'mail.tier-failed.short-term': '단기 백업(SHORT_TERM_URL)에서 문제가 생겼습니다. 확인한 때: {time}',
  'mail.tier-failed.long-term': '장기 백업(LONG_TERM_URL)에서 문제가 생겼습니다. 확인한 때: {time}',
  'mail.tier-failed.site': '사이트: {site} · 사유 코드: {fault}',
  'mail.tier-failed.does': '두 시간 안에 다시 시도합니다. 같은 단계의 알림은 하루에 한 번만 보냅니다.',
  'mail.tier-failed.todo': 'docs/operations.md의 백업 단계 장에서 사유 코드별로 할 일을 확인해 주세요.',
} as const satisfies Sentences;
