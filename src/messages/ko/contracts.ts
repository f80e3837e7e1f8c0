// Sentences about contracts: what was ordered, another site, another plan.
import type { Sentences } from '../sentences.ts';

export const contracts = {
  'contracts.title': '계약',
  'contracts.lead': '신청하신 요금제와 사이트입니다. 계약마다 동의를 따로 기록합니다.',
  'contracts.caption': '계약 목록',
  'contracts.column.site': '사이트',
  'contracts.column.plan': '요금제',
  'contracts.column.since': '신청한 날',
  'contracts.column.state': '동의',
  'contracts.column.todo': '할 일',
  'contracts.noSite': '사이트 준비 전',
  'contracts.state.pending': '동의가 필요합니다',
  'contracts.state.agreed': '동의하심',
  'contracts.back': '계약 목록으로 돌아가기',
  'contracts.hint': '이 계약에 대한 동의입니다. 항목마다 따로 골라 주세요.',
  'contracts.order.action': '사이트 더 신청하기',
  'contracts.order.title': '사이트 더 신청하기',
  'contracts.order.lead': '새 사이트의 요금제를 고르고 그 계약에 동의해 주세요. 지금 쓰시는 사이트는 그대로입니다.',
  'contracts.order.submit': '동의하고 신청하기',
  'contracts.ordered': '신청하신 내용을 기록했습니다. 사이트를 준비하고 있습니다.',
  'contracts.change.action': '요금제 바꾸기',
  'contracts.change.title': '요금제 바꾸기',
  'contracts.change.lead': '사이트: {site}. 지금 요금제: {plan}. 파일, 데이터베이스, 백업은 그대로 이어집니다.',
  'contracts.change.submit': '동의하고 바꾸기',
  'contracts.changed': '요금제를 바꿨습니다.',
  'contracts.same': '지금 쓰시는 요금제입니다. 다른 요금제를 골라 주세요.',
  'contracts.notReady': '사이트를 준비하고 있어 아직 바꿀 수 없습니다. 잠시 뒤에 다시 해 주세요.',
  'contracts.meanwhile': '그사이에 계약이나 사이트가 바뀌어 그대로 두었습니다. 화면을 새로 열어 확인해 주세요.',
  'contracts.tooMany': '열어 두실 수 있는 계약의 수를 넘었습니다. 더 필요하시면 고객지원에 알려 주세요.',
  'contracts.full.storage':
    '지금 {used}GB를 쓰고 계셔서 {room}GB 요금제에는 담기지 않습니다. 파일을 줄이거나 더 큰 요금제를 골라 주세요.',
  'contracts.full.databases':
    '지금 데이터베이스가 {used}개라서 {room}개까지인 요금제로는 바꿀 수 없습니다. 쓰지 않는 것을 지우거나 더 큰 요금제를 골라 주세요.',
  'contracts.full.ftp':
    '지금 FTP 계정이 {used}개라서 {room}개까지인 요금제로는 바꿀 수 없습니다. 쓰지 않는 것을 지우거나 더 큰 요금제를 골라 주세요.',
  'orders.ended': '이미 끝난 계약입니다. 화면을 새로 열어 확인해 주세요.',
  'mail.order-waits.subject': '[{brand}] 새 계약에 동의해 주세요',
} satisfies Sentences;
