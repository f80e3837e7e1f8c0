// What is said where customers agree: each item in its own words (KHADA 8.3; PIPA 15, 22), and the pages of the documents.
import type { Sentences } from '../sentences.ts';

export const consent = {
  'consent.heading': '약관과 안내',
  'consent.hint': '항목마다 따로 골라 주세요. (선택) 항목은 고르지 않아도 가입하고 그대로 쓰실 수 있습니다.',
  'consent.required.heading': '동의가 필요한 문서',
  'consent.optional.heading': '선택 동의',
  'consent.optional.hint': '동의하지 않아도 서비스를 쓰는 데 제한이 없고, 언제든지 거두실 수 있습니다.',
  'consent.fullText': '전문 보기',
  'consent.fullTextOf': '{title} 전문 보기',
  'consent.newWindow': '전문을 새 창에서 보기',
  'consent.version': '버전 {version}',

  'consent.age_14.label': '(필수) 만 14세 이상입니다',
  'consent.age_14.summary':
    '만 14세 미만이신 분은 이 화면으로 가입하실 수 없습니다. 만 19세 미만이시면 법정대리인의 동의를 먼저 받아 주세요.',
  'consent.agree_terms.label': '(필수) 호스팅 이용약관에 동의합니다',
  'consent.agree_terms.summary':
    '요금, 올릴 수 없는 파일, 이용 제한, 해지와 삭제 날짜를 정한 문서입니다. 이용이 제한된 동안에도 내려받기, 결제, 문의, 해지는 하실 수 있습니다.',
  'consent.agree_backup.label': '(필수) 백업 책임 안내를 읽었고 동의합니다',
  'consent.agree_backup.none.summary':
    '매일 만든 백업은 FTP 최상위 폴더의 /backup (www 바로 위)과 로그인한 뒤 첫 화면에 있으며, 내려받아 보관하는 일은 고객께서 하십니다. ',
  'consent.agree_backup.none.important':
    '별도의 백업 서비스를 신청하지 않으면 자료가 없어져도 회사는 책임지지 않지만, 회사의 고의나 중대한 과실로 생긴 손해와 법이 정한 책임은 회사가 집니다.',
  'consent.agree_backup.separate.summary': '회사가 단기·장기 백업을 만들어 보관하고, 요청하시면 복원합니다. ',
  'consent.agree_backup.separate.important':
    '마지막 백업 뒤에 바뀐 내용과 보관 기한이 지난 자료는 되살릴 수 없지만, 회사의 고의나 중대한 과실로 생긴 손해와 법이 정한 책임은 회사가 집니다.',
  'consent.agree_backup.both': '고르신 요금제에 맞는 안내 하나가 적용됩니다.',
  'consent.agree_sla.label': '(필수) 장애 보상 기준(SLA)을 읽었고 동의합니다',
  'consent.agree_sla.summary':
    '회사의 책임으로 {hours}시간 이상 이어서 멈추면 그 시간 요금의 {times}배를 한 달 요금까지 자동으로 돌려드립니다. ',
  'consent.agree_sla.important':
    '백업본으로 복구하느라 멈춘 시간도 포함하며, 회사의 고의나 과실로 생긴 손해에 대한 배상은 따로입니다.',

  'consent.marketing_use.label': '(선택) 마케팅에 개인정보를 이용하는 데 동의합니다',
  'consent.marketing_use.summary':
    '새 상품과 혜택을 안내하려고 이메일 주소, 적으신 전화번호, 요금제를 이용합니다. 거부하실 수 있으며, 거부해도 불이익이 없습니다. ',
  'consent.marketing_use.important': '목적: 마케팅. 보유 기간: 동의를 거두거나 해지하실 때까지.',
  'consent.ads_email.label': '(선택) 이메일로 광고를 받는 데 동의합니다',
  'consent.ads_email.summary': '새 상품과 행사 소식을 이메일로 보내 드립니다. 메일마다 있는 링크로 바로 그만 받으실 수 있습니다.',
  'consent.ads_sms.label': '(선택) 문자로 광고를 받는 데 동의합니다',
  'consent.ads_sms.summary': '새 상품과 행사 소식을 문자로 보내 드립니다. 무료 수신 거부 번호로 바로 그만 받으실 수 있습니다.',
  'consent.ads_night.label': '(선택) 밤 시간(21시~다음 날 8시)에도 광고 문자를 받는 데 동의합니다',
  'consent.ads_night.summary':
    '고르지 않으시면 밤 시간에는 광고 문자를 보내지 않습니다. 문자로 광고를 받는 데 동의하셨을 때에만 쓰입니다.',
  'consent.ads.reconfirm':
    '광고 수신 동의는 2년마다 계속 받으실지 다시 확인합니다. 장애, 보안, 결제 안내는 광고가 아니므로 동의와 관계없이 보냅니다.',

  'consent.missing.age_14': '만 14세 이상이신지 표시해 주세요. 만 14세 미만이시면 이 화면으로 가입하실 수 없습니다.',
  'consent.missing.agree_terms': '호스팅 이용약관에 동의하셔야 가입하실 수 있습니다. 내용을 보시고 표시해 주세요.',
  'consent.missing.agree_backup': '백업 책임 안내에 동의하셔야 가입하실 수 있습니다. 내용을 보시고 표시해 주세요.',
  'consent.missing.agree_sla': '장애 보상 기준(SLA)에 동의하셔야 가입하실 수 있습니다. 내용을 보시고 표시해 주세요.',

  'consent.changed.heading': '바뀐 내용이 있어 다시 보여 드립니다',
  'consent.changed.body':
    '이 화면을 보시는 동안 문서의 새 버전이 나왔습니다. 바뀐 문서를 보시고 다시 표시해 주세요. 비밀번호를 뺀 나머지 입력은 그대로 있습니다.',
  'consent.changed.item': '{title}: 버전 {before}에서 버전 {version}으로 바뀌었습니다.',
  'consent.changed.unreadable': '화면이 온전하게 전달되지 않아 문서를 다시 보여 드립니다. 내용을 보시고 다시 표시해 주세요.',

  'consent.data.heading': '동의 없이 처리하는 개인정보',
  'consent.data.lead':
    '계약을 맺고 지키는 데 필요하거나 법에 근거가 있어 동의를 구하지 않는 정보입니다. 무엇을 왜 다루는지 알려 드립니다.',
  'consent.data.caption': '동의 없이 처리하는 개인정보와 그 근거',
  'consent.data.column.item': '항목',
  'consent.data.column.purpose': '목적',
  'consent.data.column.basis': '근거',
  'consent.data.column.retention': '보유 기간',
  'consent.data.account.item': '이메일 주소, 비밀번호(되돌릴 수 없는 값), 쓰는 언어',
  'consent.data.account.purpose': '로그인, 본인 확인, 계약에 필요한 안내',
  'consent.data.account.basis': '계약의 체결과 이행(개인정보 보호법 제15조 제1항 제4호)',
  'consent.data.account.retention': '해지한 날부터 30일, 그 뒤 5일 안에 파기',
  'consent.data.contact.item': '이름, 전화번호(적으신 경우에만)',
  'consent.data.contact.purpose': '계약 상대의 확인, 장애·침해사고의 급한 연락',
  'consent.data.contact.basis': '계약의 체결과 이행(같은 항 제4호)',
  'consent.data.contact.retention': '위와 같음. 요청하시면 더 일찍 지움',
  'consent.data.contract.item': '신청한 요금제, 계약과 해지의 기록',
  'consent.data.contract.purpose': '계약의 이행, 법에 따른 보관',
  'consent.data.contract.basis': '계약의 이행, 전자상거래법 제6조',
  'consent.data.contract.retention': '계약·결제 5년, 불만·분쟁 3년(나누어 보관)',
  'consent.data.agreement.item': '동의한 문서와 버전, 문구, 시각, 접속 주소, 브라우저 정보',
  'consent.data.agreement.purpose': '동의의 증명, 분쟁의 해결',
  'consent.data.agreement.basis': '계약의 이행, 정당한 이익(같은 항 제4호, 제6호)',
  'consent.data.agreement.retention': '계약이 끝난 뒤 5년',
  'consent.data.history.item': '로그인·내려받기·설정 변경의 시각, 접속 주소, 브라우저 정보',
  'consent.data.history.purpose': '부정 사용의 방지와 확인, 이력 제공',
  'consent.data.history.basis': '계약의 이행, 안전성 확보 조치(같은 법 제29조)',
  'consent.data.history.retention': '1년',
  'consent.data.never': '주민등록번호, 카드 번호, 계좌 번호는 받지 않습니다.',
  'consent.data.more': '개인정보 처리방침 전문',

  'consent.documents.description': '{title} 버전 {version}의 전문입니다. 지난 버전도 그대로 볼 수 있습니다.',
  'consent.documents.title.terms': '호스팅 이용약관',
  'consent.documents.title.backup': '백업 책임 안내',
  'consent.documents.title.backup-service': '백업 책임 안내(백업 서비스를 신청한 경우)',
  'consent.documents.title.sla': '장애 보상 기준(SLA)',
  'consent.documents.title.privacy': '개인정보 처리방침',
  'consent.documents.facts': '이 문서의 버전과 값',
  'consent.documents.version': '버전',
  'consent.documents.effective': '시행일',
  'consent.documents.hash': '원문 파일의 SHA-256',
  'consent.documents.hashNote': '동의하실 때 이 값을 함께 기록합니다. 값이 같으면 글자 하나도 바뀌지 않은 같은 문서입니다.',
  'consent.documents.current': '지금 적용되는 버전입니다.',
  'consent.documents.future': '{date}부터 적용될 버전입니다. 지금은 이전 버전이 적용됩니다.',
  'consent.documents.past': '지난 버전입니다.',
  'consent.documents.seeCurrent': '지금 적용되는 버전 보기',
  'consent.documents.older': '지난 버전',
  'consent.documents.noOlder': '지난 버전이 없습니다.',
  'consent.documents.olderItem': '{date}부터 적용된 버전',
  'consent.documents.sample': '이 문서는 견본입니다. 쓰기 전에 변호사의 검토를 받으십시오.',
  'consent.documents.original': '이 문서는 한국어가 원본입니다.',
  'consent.documents.translation': '이 문서의 한국어 원본 보기',
  'consent.documents.other': '다른 문서',
  'consent.documents.print': '이 화면은 그대로 인쇄하여 보관하실 수 있습니다.',
} satisfies Sentences;
