// One small sample for each signature of lists/web-shells.tsv, written by us; what begins a program is put together only here, at run time.

const ev = `ev${'al'}`;
const php = (code: string) => `<?${'php'}\n${code}\n`;
const blob = 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODk'.repeat(4);

/** By the name of the signature that finds it; what follows a comma tells samples of one signature apart. */
export const shells: Readonly<Record<string, string>> = {
  'eval-input': php(`@${ev}($_POST['pass']);`),
  'eval-input, decoded': php(`${ev}(gzinflate(base64_decode($_REQUEST["z0"])));`),
  'eval-input, assert': php(`@assert($_REQUEST['a']);`),
  'eval-input, joined names': php(`$a = "as"."se"."rt"; ass/*x*/ert ( base64_decode ( $_COOKIE [ 'k' ] ) );`),
  'eval-input, in hexadecimal': php(`\${"\\x5f\\x50\\x4f\\x53\\x54"}; ${ev}(\${"_PO"."ST"}['x']);`),
  'eval-input, from the body': php(`${ev}(file_get_contents("php://input"));`),
  'eval-any-input': php(`${ev}(decrypt_it(xor_with($_POST['d'])));`),
  'eval-packed': php(`${ev}(gzinflate(base64_decode('${blob}')));`),
  'command-of-input': php(`system($_GET['cmd']);`),
  'command-of-input, decoded': php(`echo shell_exec(base64_decode($_POST["c"]));`),
  'echo-command': php('echo `$_GET[cmd]`;'),
  'replace-with-code': php(`preg_replace('/.*/e', $_POST['code'], '');`),
  'new-function-of-input': php(`$f = create_function('$a', $_POST['body']); $f(1);`),
  'function-of-input': php(`$_GET['f']($_POST['x']);`),
  'called-with-input': php(`array_map("assert", (array)$_REQUEST['x']);`),
  'both-from-input': php(`call_user_func($_GET['f'], $_POST['x']);`),
  'name-in-variable': php(`$f = 'sys' . 'tem'; $f($_GET['c']);`),
  'name-in-variable, by numbers': php(`$f=chr(97).chr(115).chr(115).chr(101).chr(114).chr(116); $f($_POST['x']);`),
  'include-of-input': php(`include 'php://input';`),
  'name-backwards': php(`$f = strrev('tressa'); $f($x);`),
  'name-turned': php(`$f = str_rot13('nffreg'); $f($x);`),
  'name-encoded': php(`$f = base64_decode('c3lzdGVt'); $f($x);`),
  dropper: php(`file_put_contents('images/x.php', '<?${'php'} @${ev}($_POST[1]);');`).replace('$_POST[1]', '$p'),
  c99: php(`function c99sh_getupdate() { return ''; }`),
  r57: php(`echo '<title>r57shell</title>';`),
  b374k: php(`$GLOBALS['pass'] = "a"; /* x */ $title = "b374k 3.2";`),
  wso: php(`define('WSO_VERSION', '2.5');`),
  filesman: php(`$default_action = 'FilesMan';`),
  p0wny: php(`$prompt = "p0wny@shell:~#";`),
  weevely: php(`$k="80e32263";$kh="6f8af44abea0";$kf="351039f4a7b5";`),
  behinder: php(`$key="e45e329feb5d925b"; $post=openssl_decrypt($post, "AES128", $key);`),
  'behinder-loader': `<%@page import="java.util.*"%><%!class U extends ClassLoader{U(ClassLoader c){super(c);}public Class g(byte []b){return super.defineClass(b,0,b.length);}}%>`,
  godzilla: php(`$key='3c6e0b8a9c15224a'; $payloadName='payload';`),
  'chopper-asp': `<%${ev} request("pass")%>`,
  'chopper-aspx': `<%@ Page Language="Jscript"%><%${ev}(Request.Item["pass"],"unsafe");%>`,
  'command-aspx': `<%@ Page Language="C#"%><script runat="server">void a(){ProcessStartInfo p = new ProcessStartInfo(); p.FileName = "cmd.exe";}</script>`,
  'command-asp': `<% Set s = Server.CreateObject("WScript.Shell") : s.Exec(Request.Form("cmd")) %>`,
  'command-jsp': `<% String c = request.getParameter("cmd"); Process p = Runtime.getRuntime().exec(c); %>`,
  'process-jsp': `<% Process p = new ProcessBuilder(request.getParameter("cmd").split(" ")).start(); %>`,
  'telnet-perl': `#!/usr/bin/perl\n# CGI-Telnet Version 1.0\n$CommandTimeoutDuration = 10;\n`,
};
