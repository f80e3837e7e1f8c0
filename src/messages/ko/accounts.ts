// Sentences of signing up, and of the letters that belong to it.
import type { Sentences } from '../sentences.ts';

export const accounts = {
  'signup.title': '가입하기',
  'signup.lead': '요금제를 고르고, 문서에 하나씩 동의하고, 계정을 만듭니다. 미리 선택된 항목은 없습니다.',
  'signup.plan': '요금제',
  'signup.account': '계정',
  'signup.newWindow': '새 창',
  'signup.email.label': '이메일',
  'signup.email.hint': '로그인 아이디로 쓰고, 계약에 필요한 안내를 보내 드립니다.',
  'signup.email.missing': '이메일을 적어 주세요.',
  'signup.email.malformed': '이메일 주소의 모양이 아닙니다. name@example.com처럼 적어 주세요.',
  'signup.email.tooLong': '이메일 주소는 {maximum}자까지 쓸 수 있습니다.',
  'signup.email.notAscii':
    '@ 앞이 영문, 숫자, 기호로 된 주소만 쓸 수 있습니다. 다른 글자가 든 주소로는 메일이 닿지 않는 곳이 많습니다.',
  'signup.password.label': '비밀번호 만들기',
  'signup.name.label': '이름',
  'signup.name.tooLong': '이름은 {maximum}자까지 쓸 수 있습니다.',
  'signup.name.signs': '이름에 쓸 수 없는 글자가 있습니다. 글자와 띄어쓰기로 적어 주세요.',
  'signup.name.residentNumber': '주민등록번호는 받지 않습니다. 이름만 적어 주세요.',
  'signup.phone.label': '전화번호',
  'signup.phone.hint': '장애나 침해사고가 났을 때 급히 연락드릴 번호입니다. 하이픈은 있어도 없어도 됩니다.',
  'signup.phone.malformed': '국내 전화번호의 모양이 아닙니다. 010-1234-5678처럼 적어 주세요.',
  'signup.trap': '비워 두세요',
  'signup.next':
    '가입하기를 누르면 확인 링크를 이메일로 보내 드립니다. 링크에서 확인을 마치면 계약이 성립하고 사이트를 준비합니다.',
  'signup.submit': '가입하기',
  'signup.haveAccount': '이미 가입하셨나요?',
  'signup.sent.title': '이메일을 확인해 주세요',
  'signup.sent.address': '메일을 보낸 주소: ',
  'signup.sent.body': '메일에 있는 링크를 {hours}시간 안에 열어 주세요. 동의하신 문서의 사본도 함께 보냈습니다.',
  'signup.sent.wrong': '주소가 다른가요?',
  'signup.sent.wrongBody': '확인하지 않은 가입은 자동으로 지웁니다.',
  'signup.sent.again': '주소를 고쳐 다시 가입하기',
  'signup.resend.heading': '메일이 오지 않았나요?',
  'signup.resend.hint': '스팸 메일함을 먼저 확인해 주세요. 같은 주소에는 한 시간에 {letters}통까지 보냅니다.',
  'signup.resend.from': '{from} 이후에 다시 보낼 수 있습니다.',
  'signup.resend.submit': '메일 다시 보내기',
  'signup.resend.done': '메일을 다시 보냈습니다.',
  'signup.resend.wait': '메일을 보낸 지 얼마 되지 않았습니다. {until} 이후에 다시 보낼 수 있습니다.',

  'mail.verify.subject': '[{brand}] 이메일 확인',
  'mail.verify.intro':
    '{brand}에 가입해 주셔서 고맙습니다. 아래 주소를 열어 이메일을 확인해 주세요. 확인을 마치면 사이트를 준비합니다.',
  'mail.verify.expiry': '이 링크는 {until}까지 한 번 쓸 수 있습니다.',
  'mail.verify.browser': '가입한 브라우저가 아닌 곳에서 열면 가입할 때 정한 비밀번호를 여쭙니다.',
  'mail.verify.notYou': '가입하신 적이 없다면 이 메일을 지우셔도 됩니다. 확인하지 않은 가입은 자동으로 지웁니다.',
  'mail.verify.agreed': '동의하신 내용입니다. 아래에 문서의 전문을 함께 보내 드리니 보관해 주세요.',
  'mail.address-known.subject': '[{brand}] 이미 가입하신 주소입니다',
  'mail.address-known.intro':
    '{at}에 이 이메일 주소로 {brand} 가입 신청이 있었습니다. 이미 가입하신 주소이므로 새로 만든 것은 없습니다.',
  'mail.address-known.you':
    '직접 신청하셨다면 아래 주소에서 로그인해 주세요. 비밀번호가 기억나지 않으면 같은 화면에서 로그인 링크를 받으실 수 있습니다.',
  'mail.address-known.notYou': '신청하신 적이 없다면 하실 일은 없습니다. 계정은 그대로입니다.',
} as const satisfies Sentences;
