// The page /guideline: the KHADA guideline v1.0 clause by clause in plain words; nothing here claims a certification. The states stand in home/guideline.ts.
import type { Sentences } from '../sentences.ts';

export const guideline = {
  'guideline.title': '보안·백업 기준',
  'guideline.lead':
    '한국호스팅도메인협회가 2017년 9월 15일에 펴낸 「호스팅 서비스 보안 및 백업 권고 가이드라인」 1.0판을 조항별로 쉬운 말로 옮기고, 이 서비스의 관리 화면이 무엇을 하는지 적었습니다.',
  'guideline.notCertified':
    '이 화면은 인증이 아닙니다. 가이드라인은 법이 아닌 최소한의 권고이며, 협회가 이 화면의 내용을 확인하거나 보증한 것이 아닙니다.',
  'guideline.states.heading': '표시의 뜻',
  'guideline.state.does': '하고 있습니다',
  'guideline.state.operator': '회사가 확인해야 합니다',
  'guideline.state.later': '준비 중',
  'guideline.state.does.means': '관리 화면이 하고 있습니다.',
  'guideline.state.operator.means':
    '서버, 사무실, 직원에 관한 일이거나 관리 화면이 일부만 하는 일이어서 회사가 따로 확인해야 합니다.',
  'guideline.state.later.means': '관리 화면에 아직 없거나 일부만 있으며 준비하고 있습니다.',
  'guideline.caption': '가이드라인 {section}장, {title}',
  'guideline.column.clause': '조항',
  'guideline.column.asks': '무엇을 권합니까',
  'guideline.column.state': '상태',
  'guideline.column.answer': '지금 어떻습니까',
  'guideline.count': '조항 {total}개 중 하고 있는 것 {does}개, 회사가 확인할 것 {operator}개, 준비 중 {later}개',
  'guideline.ask': '회사가 확인할 항목이 궁금하시면 보안 담당자에게 물어보실 수 있습니다.',
  'guideline.answer.noOfficers': '담당자를 등록하고 있습니다.',
  'guideline.answer.off': '이 관리 화면에서는 이 기능을 쓰지 않으므로 회사가 따로 확인해야 합니다.',

  'guideline.section.1': '담당자',
  'guideline.section.2': '취약점의 관리',
  'guideline.section.3': '관리 서버의 접근 제어',
  'guideline.section.4': '관리용 비밀번호',
  'guideline.section.5': '서버의 관리와 감시',
  'guideline.section.6': '고객의 개인정보',
  'guideline.section.7': '웹 호스팅 서버',
  'guideline.section.8': '백업',
  'guideline.section.9': '사무실의 컴퓨터와 네트워크',
  'guideline.section.10': '사고가 났을 때',
  'guideline.section.11': '교육과 점검',

  'guideline.clause.1.1.asks': '보안 담당자와 개인정보 보호 담당자를 정하고 알립니다.',
  'guideline.clause.1.1.answer':
    '등록된 두 담당자의 이름과 연락처를 담당자 화면에 바뀐 날짜와 함께, 그리고 모든 화면 아래에 보여 드립니다.',

  'guideline.clause.2.1.asks': '취약점이 알려지면 모든 서버를 곧바로 업데이트합니다.',
  'guideline.clause.2.1.answer': '서버의 업데이트는 관리 화면 밖에서 합니다.',
  'guideline.clause.2.2.asks': '서버마다 관리자와 설치한 프로그램을 적어 두고 취약한 서버를 찾습니다.',
  'guideline.clause.2.2.answer': '서버 목록과 관리자는 관리 화면 밖에서 관리합니다.',
  'guideline.clause.2.3.asks': '서비스 홈페이지를 고칠 때마다, 그리고 분기마다 취약점을 점검합니다.',
  'guideline.clause.2.3.answer': '점검 일정과 결과는 회사가 관리합니다.',
  'guideline.clause.2.4.asks': '모든 서버를 분기마다 전용 프로그램으로 점검하고 기록합니다.',
  'guideline.clause.2.4.answer': '점검 일정과 결과는 회사가 관리합니다.',
  'guideline.clause.2.5.asks': '찾은 취약점을 고치고, 고칠 수 없으면 방화벽 등으로 보완합니다.',
  'guideline.clause.2.5.answer': '조치와 보완은 관리 화면 밖에서 합니다.',

  'guideline.clause.3.1.asks': '관리자 권한으로 다루는 모든 서버를 관리 대상으로 삼습니다.',
  'guideline.clause.3.1.answer': '관리 대상의 범위는 회사가 정합니다.',
  'guideline.clause.3.2.asks': '서버의 종류마다 실행할 프로그램과 열 포트를 정합니다.',
  'guideline.clause.3.2.answer': '포트 정책은 관리 화면 밖에서 관리합니다.',
  'guideline.clause.3.3.asks': '목적에 맞는 주소에서만 서버를 관리할 수 있게 합니다.',
  'guideline.clause.3.3.answer': '관리용 접속 주소는 관리 화면 밖에서 정합니다.',
  'guideline.clause.3.4.asks': '관리자마다 필요한 만큼만 권한을 줍니다.',
  'guideline.clause.3.4.answer': '서버 관리자의 권한은 관리 화면 밖에서 나눕니다.',
  'guideline.clause.3.5.asks': '관리용 포트는 사무실과 관리용 VPN에서만 열립니다.',
  'guideline.clause.3.5.answer': '서버의 방화벽은 관리 화면 밖에서 관리합니다.',
  'guideline.clause.3.6.asks': '쓰지 않는 프로그램은 끄고, 위험한 포트는 작업할 때만 엽니다.',
  'guideline.clause.3.6.answer': '서버의 설정은 관리 화면 밖에서 관리합니다.',
  'guideline.clause.3.7.asks': '데이터베이스 서버처럼 중요한 서버는 인터넷에서 바로 닿지 않게 나눕니다.',
  'guideline.clause.3.7.answer': '네트워크의 구성은 관리 화면 밖에서 합니다.',
  'guideline.clause.3.8.asks': '로그가 새어 나가거나 바뀌거나 지워지지 않게 지킵니다.',
  'guideline.clause.3.8.answer':
    '관리 화면의 작업과 동의 기록은 추가만 되고 고치거나 지울 수 없습니다. 서버 로그는 회사가 지킵니다.',

  'guideline.clause.4.1.asks': '관리용 비밀번호는 10자 이상, 숫자·기호·대문자·소문자를 섞습니다.',
  'guideline.clause.4.1.answer': '서버의 관리용 비밀번호는 관리 화면 밖에서 정합니다.',
  'guideline.clause.4.2.asks': '관리용 비밀번호를 파일로 두지 않고 금고에 보관합니다.',
  'guideline.clause.4.2.answer': '사무실에서 하는 일입니다.',
  'guideline.clause.4.3.asks': '서버를 관리할 때에는 서로 다른 두 가지 방법으로 로그인합니다.',
  'guideline.clause.4.3.answer': '서버의 로그인 방법은 관리 화면 밖에서 정합니다.',
  'guideline.clause.4.4.asks': 'VPN에도 서로 다른 두 가지 비밀번호를 씁니다.',
  'guideline.clause.4.4.answer': 'VPN은 관리 화면 밖에 있습니다.',

  'guideline.clause.5.1.asks': '구조도와 위치도를 갖추고 서버에 이름표를 붙여, 사고가 나면 바로 떼어 놓습니다.',
  'guideline.clause.5.1.answer': '전산실에서 하는 일입니다.',
  'guideline.clause.5.2.asks': '네트워크를 목적에 따라 나눕니다.',
  'guideline.clause.5.2.answer': '네트워크의 구성은 관리 화면 밖에서 합니다.',
  'guideline.clause.5.3.asks': '서버의 상태에 기준값을 두고 넘으면 경보를 울립니다.',
  'guideline.clause.5.3.answer': '서버의 감시는 관리 화면 밖에서 합니다.',
  'guideline.clause.5.4.asks': '네트워크의 흐름을 늘 지켜보고 기준값을 넘으면 경보를 울립니다.',
  'guideline.clause.5.4.answer': '네트워크의 감시는 관리 화면 밖에서 합니다.',

  'guideline.clause.6.1.asks': '고객의 비밀번호와 주요 정보를 암호화하고, 필요한 정보만 가집니다.',
  'guideline.clause.6.1.answer':
    '비밀번호는 되돌릴 수 없는 값으로, 이메일·이름·전화번호·접속 주소는 암호화하여 보관하며 주민등록번호를 받지 않습니다. 회사의 자가 점검은 회사가 합니다.',
  'guideline.clause.6.2.asks': '고객의 비밀번호는 8자 이상, 영문과 숫자를 섞고 쉬운 것은 쓰지 못하게 합니다.',
  'guideline.clause.6.2.answer':
    '8자 이상, 영문과 숫자를 함께 쓰며 널리 알려졌거나 쉽게 추측되는 비밀번호는 이유를 알리고 받지 않습니다.',
  'guideline.clause.6.3.asks': '로그인에 실패하면 이유를 자세히 드러내지 않고, 여러 번 실패하면 자동입력 방지 등으로 막습니다.',
  'guideline.clause.6.3.answer':
    '실패한 까닭과 관계없이 같은 문장으로 답하고, 여러 번 실패하면 자동입력 방지 문자를 요구합니다. 문자를 읽기 어려운 분은 이메일로 로그인 링크를 받으실 수 있습니다.',

  'guideline.clause.7.1.asks': '한국인터넷진흥원의 웹 호스팅 보안 안내서를 지금 상황에 맞게 따릅니다.',
  'guideline.clause.7.1.answer': '서버의 설정은 관리 화면 밖에서 관리합니다.',
  'guideline.clause.7.2.asks': '해지한 고객의 계정과 자료를 지우고 접속을 막습니다.',
  'guideline.clause.7.2.answer':
    '화면에서 해지하면 모든 접속이 바로 닫히고, 정한 날에 파일, 데이터베이스, 모든 백업과 계정을 지운 뒤 파기 확인서를 보냅니다. 법에 따라 남기는 계약 기록은 이름 없이 따로 보관합니다.',
  'guideline.clause.7.3.asks': 'FTP 접속만 허용하고, SSH를 쓰는 고객은 따로 떼어 놓은 서버에 둡니다.',
  'guideline.clause.7.3.answer':
    'SSH는 소유자가 책임 안내에 따로 동의하고 신청하며, 회사가 승인하면 SSH 전용 서버에서만 공개 키와 허용 주소로 정한 날까지 열립니다. 전용 서버가 아닌 곳에는 데이터베이스가 허용하지 않습니다.',
  'guideline.clause.7.4.asks': '올릴 수 있는 파일의 종류를 정하고 나머지는 올리지 못하게 합니다.',
  'guideline.clause.7.4.answer':
    '관리 화면으로 올리는 파일은 정해진 종류만 받으며, 이름과 내용이 다른 파일도 받지 않고 이유를 알려 드립니다. FTP로 올리는 파일은 회사가 따로 관리합니다.',
  'guideline.clause.7.5.asks': '웹으로 실행 파일이 올라오지 못하게 하고, 올라와도 실행되지 않게 합니다.',
  'guideline.clause.7.5.answer':
    '관리 화면은 서버에서 실행되는 파일을 받지 않습니다. 고객의 게시판 등으로 올라온 파일이 실행되지 않게 하는 서버 설정은 회사가 관리합니다.',
  'guideline.clause.7.6.asks': '하루 한 번 만든 압축 백업을 내려받기 쉬운 곳에 두고, 그 위치를 홈페이지에 알립니다.',
  'guideline.clause.7.6.answer':
    '홈페이지 파일을 매일 백업하고 다시 읽어 확인하여 /backup (www 바로 위)과 로그인한 뒤 첫 화면에 두며, 위치를 첫 화면과 백업 위치 화면에 알립니다.',
  'guideline.clause.7.6db.asks': '그 백업에 데이터베이스도 함께 담습니다.',
  'guideline.clause.7.6db.answer':
    '사이트의 데이터베이스를 매일 백업에 함께 담고 테이블과 행의 수를 셉니다. 무엇이 담겼는지는 백업마다 화면에 표시합니다.',

  'guideline.clause.8.1.asks': '백업 서비스를 따로 받지 않으면 백업은 고객의 책임임을 가장 잘 보이는 곳에 알립니다.',
  'guideline.clause.8.1.answer':
    '첫 화면의 맨 위와 요금제 화면, 로그인한 뒤 첫 화면에 알립니다. 회사의 고의나 중대한 과실로 생긴 손해와 법이 정한 책임은 회사가 진다는 점도 함께 적습니다.',
  'guideline.clause.8.2.asks': '백업본으로 복구하는 동안의 중단을 어떻게 보상하는지 상품 화면에 알립니다.',
  'guideline.clause.8.2.answer': '요금제마다 가격 바로 아래에 보상 기준과 계산의 예를 적습니다.',
  'guideline.clause.8.3.asks': '신청할 때 위 두 가지에 약관과 SLA로 동의하는 절차를 둡니다.',
  'guideline.clause.8.3.answer':
    '이용약관, 백업 책임 안내, 장애 보상 기준에 하나씩 동의를 받고 문서의 버전과 SHA-256 값을 기록합니다. 약관은 협회의 공동 약관이 아니라 회사의 약관입니다.',
  'guideline.clause.8.4.asks': '대기 서버를 두어, 쓰던 서버가 멈추면 바로 이어받게 합니다.',
  'guideline.clause.8.4.answer': '서버의 구성은 관리 화면 밖에서 합니다.',
  'guideline.clause.8.5.asks':
    '단기와 장기, 두 단계 이상의 백업을 서로 다른 서버에 두고, 장기 백업은 다른 데이터센터에 매주 두기를 권합니다.',
  'guideline.clause.8.5.answer':
    '정상 백업을 매일 단기 단계로, 매주 장기 단계로 옮기고 나이를 화면에 알립니다. 두 단계를 어디에 둘지는 회사가 정하며, 지금의 상태는 백업 위치 화면에 그대로 알립니다.',
  'guideline.clause.8.6.asks': '백업 서버는 서비스 서버와 따로 둡니다.',
  'guideline.clause.8.6.answer':
    '내려받기용 복사본과 서비스 서버 안의 폴더, 대기 서버는 백업 단계로 세지 않습니다. 백업 서버는 회사가 마련합니다.',
  'guideline.clause.8.7.asks':
    '백업 서버가 서비스 서버로 접속하여 가져갑니다. 저장 장치를 연결하여 쓰는 방식은 백업으로 보지 않습니다.',
  'guideline.clause.8.7.answer':
    '연결해 쓰는 저장 장치는 백업 단계로 받아들이지 않습니다. 백업 서버가 가져가는 방식은 준비하고 있습니다.',
  'guideline.clause.8.8.asks': '백업이 끝나면 서버 사이의 연결을 바로 끊습니다.',
  'guideline.clause.8.8.answer': '한 번 옮길 때마다 연결하고, 끝나면 바로 끊습니다. 그 밖의 통로는 회사가 확인합니다.',
  'guideline.clause.8.9.asks': '백업 서버에는 허용한 주소에서만 접속할 수 있게 합니다.',
  'guideline.clause.8.9.answer': '백업 서버의 접속 제한은 관리 화면 밖에서 합니다.',

  'guideline.clause.9.1.asks': '서버를 관리하는 부서의 네트워크를 다른 부서와 나눕니다.',
  'guideline.clause.9.1.answer': '사무실에서 하는 일입니다.',
  'guideline.clause.9.2.asks': '사무용 컴퓨터와 서버 관리용 컴퓨터를 나눕니다.',
  'guideline.clause.9.2.answer': '사무실에서 하는 일입니다.',
  'guideline.clause.9.3.asks': '서버 관리용 컴퓨터로 웹 서핑이나 메일을 되도록 하지 않습니다.',
  'guideline.clause.9.3.answer': '사무실에서 하는 일입니다.',
  'guideline.clause.9.4.asks': '서버 관리용 컴퓨터를 늘 업데이트합니다.',
  'guideline.clause.9.4.answer': '사무실에서 하는 일입니다.',
  'guideline.clause.9.5.asks': '서버 관리용 컴퓨터에서 악성코드와 키 입력 훔치기에 대비합니다.',
  'guideline.clause.9.5.answer': '사무실에서 하는 일입니다.',
  'guideline.clause.9.6.asks': '서버 관리 부서의 컴퓨터는 퇴근한 뒤 저절로 꺼지게 합니다.',
  'guideline.clause.9.6.answer': '사무실에서 하는 일입니다.',
  'guideline.clause.9.7.asks': '사무실 밖에서는 정해진 컴퓨터로만 VPN에 접속하게 합니다.',
  'guideline.clause.9.7.answer': '회사가 정하고 확인하는 일입니다.',

  'guideline.clause.10.1.asks': '비상 연락망을 최신으로 두고 해마다 한 번 이상 훈련합니다.',
  'guideline.clause.10.1.answer': '회사가 하는 일입니다.',
  'guideline.clause.10.2.asks': '장애가 나면 그 서버를 쓰는 고객에게 지금 상황을 알립니다.',
  'guideline.clause.10.2.answer':
    '관리 화면은 어느 고객이 어느 서버를 쓰는지 알고 있으며, 장애를 알리는 기능을 준비하고 있습니다.',
  'guideline.clause.10.3.asks': '큰 보안 사고는 관계 기관에 신고하고 필요하면 협회에 알립니다.',
  'guideline.clause.10.3.answer': '회사가 하는 일입니다.',
  'guideline.clause.10.4.asks': '다른 호스팅 회사의 큰 사고를 서로 돕습니다.',
  'guideline.clause.10.4.answer': '회사가 하는 일입니다.',

  'guideline.clause.11.1.asks': '분기마다 사내 보안 교육과 서버 교육을 합니다.',
  'guideline.clause.11.1.answer': '회사가 하는 일입니다.',
  'guideline.clause.11.2.asks': '해마다 두 번 이상 외부 교육을 합니다.',
  'guideline.clause.11.2.answer': '회사가 하는 일입니다.',
  'guideline.clause.11.3.asks': '분기마다 보안의 날 행사를 합니다.',
  'guideline.clause.11.3.answer': '회사가 하는 일입니다.',
  'guideline.clause.11.4.asks': '점검 목록으로 백업과 컴퓨터, 보안 업데이트를 스스로 점검합니다.',
  'guideline.clause.11.4.answer': '회사가 하는 일입니다.',
  'guideline.clause.11.5.asks': '중요한 보안 업데이트와 취약점을 해당하는 고객에게 알립니다.',
  'guideline.clause.11.5.answer': '공지를 보내는 기능을 준비하고 있습니다.',
  'guideline.clause.11.6.asks': '정부의 보안 알림과 요구를 바로 고객에게 알립니다.',
  'guideline.clause.11.6.answer': '공지를 보내는 기능을 준비하고 있습니다.',
} satisfies Sentences;
