// Ordinary code of websites, written by us in the manner of WordPress, gnuboard, frameworks and hand-made pages: much of it comes near to a shell.

const php = (code: string) => `<?php\n${code}\n`;

export const ordinaryCode: Readonly<Record<string, string>> = {
  'a theme that begins': php(`require __DIR__ . '/wp-blog-header.php';\nget_header(); the_post(); get_footer();`),
  'a nonce that is checked': php(`if (!isset($_POST['nonce']) || !wp_verify_nonce($_POST['nonce'], 'save')) { wp_die(); }`),
  'an option that is saved': php(`update_option('title', sanitize_text_field(wp_unslash($_POST['title'])));`),
  'a shortcode': php(`add_shortcode('year', function () { return date('Y'); });`),
  'a filter with a callback': php(
    `add_filter('the_content', function ($c) { return preg_replace_callback('/\\[(.*?)\\]/', 'my_cb', $c); });`,
  ),
  'an action by name': php(`call_user_func_array(array($this, $method), $args);`),
  'an action of the address, from a list': php(
    `$do = $_GET['do']; if (in_array($do, array('list', 'view'))) call_user_func('show_' . $do);`,
  ),
  'callbacks over input': php(`$_POST = array_map('stripslashes', $_POST); $ids = array_map('intval', $_POST['ids']);`),
  'filters over input': php(`$clean = array_filter($_GET['tags'], 'strlen'); usort($_POST['rows'], 'compare_rows');`),
  'deep slashes of old code': php(
    `function deep($v) { return is_array($v) ? array_map('deep', $v) : stripslashes($v); } $_REQUEST = deep($_REQUEST);`,
  ),
  'gnuboard, common': php(`include_once('./_common.php');\n@extract($_GET);\n@extract($_POST);\n$g5['title'] = '게시판';`),
  'gnuboard, board': php(
    `$bo_table = preg_replace('/[^a-z0-9_]/i', '', $_REQUEST['bo_table']); include_once($board_skin_path . '/list.skin.php');`,
  ),
  'gnuboard, escaping': php(`$_POST = array_map_deep(G5_ESCAPE_FUNCTION, $_POST);`),
  'gnuboard, token': php(
    `$token = md5(uniqid(rand(), true)); set_session('ss_token', $token); if ($_POST['token'] != get_session('ss_token')) die();`,
  ),
  'gnuboard, upload': php(
    `$chars = array_merge(range(0,9), range('a','z')); move_uploaded_file($_FILES['bf_file']['tmp_name'][$i], $dest_file);`,
  ),
  'gnuboard, pattern of php in files': php(
    `if (preg_match('/\\.(php|phtm|htm|cgi|pl|exe|jsp|asp|inc)/i', $_FILES['f']['name'])) alert('불가');`,
  ),
  'a query of a database object': php(`$db->exec($sql); $pdo->exec("DELETE FROM t WHERE id = " . (int) $_POST['id']);`),
  'a query of input to a database object': php(`$rows = $db->query($_POST['sql']); $n = $db->exec($_POST['sql']);`),
  'a request to another server': php(
    `$ch = curl_init($url); curl_setopt($ch, CURLOPT_POSTFIELDS, $_POST); $out = curl_exec($ch);`,
  ),
  'curl with input': php(`echo curl_exec($_GET['h']);`),
  'a static function of that name': php(`Command::exec($_GET['name']); $cron->system($_GET['a']);`),
  'a command that is escaped': php(`exec('convert ' . escapeshellarg($_FILES['f']['tmp_name']) . ' out.png', $out);`),
  'a command of its own': php(`$out = shell_exec('df -h'); exec("/usr/bin/ffmpeg -i $in $out");`),
  'a command of the configuration': php(`system($config['sendmail_path'] . ' -t'); proc_open($cmd, $spec, $pipes);`),
  'backticks of MySQL': php('mysql_query("UPDATE `$_POST[table]` SET a = 1");'),
  'a version by backticks': php('$rev = trim(`git rev-parse HEAD`); echo `uname -a`;'),
  'an assertion': php(`assert(isset($_POST['id'])); assert($_GET['a'] === '1' || true); assert(is_array($_POST));`),
  'an assertion on input': php(`assert($_REQUEST['n'] > 0);`),
  'a template engine that evaluates': php(
    `eval('?>' . $this->compiled); eval("?>" . preg_replace("/;*\\s*\\?>/", "; ?>", file_get_contents($_ci_path)));`,
  ),
  'a template engine with a class name': php(`eval('class ' . $class . ' extends Base {}'); eval($this->code);`),
  'an evaluator of formulas': php(`$result = eval("return $expression;");`),
  'evaluation in JavaScript': `<?php $a = 1; ?><script>var o = eval('(' + xhr.responseText + ')'); eval(data);</script>`,
  'the old modifier with its own code': php(`$s = preg_replace('/(\\d+)/e', "'<b>'.\\\\1.'</b>'", $s);`),
  'modifiers that end in other letters': php(
    `$s = preg_replace('/[^a-z]/i', '', $_GET['s']); $t = preg_replace('/home/u', '', $_POST['t']); $u = preg_replace('#^/e#', '', $_GET['u']);`,
  ),
  'a pattern with an e before its end': php(`$n = preg_replace("/[^0-9a-e]/", "", $_POST['n']);`),
  'a function made of text': php(`$f = create_function('$a,$b', 'return $a - $b;'); usort($list, $f);`),
  'an attachment': php(`$data = base64_decode($_POST['image']); file_put_contents('uploads/' . $id . '.png', $data);`),
  'a picture in the code': php(
    `$logo = base64_decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==');`,
  ),
  'packed data that is not run': php(`$table = unserialize(gzinflate(base64_decode('${'QUJD'.repeat(100)}')));`),
  'a cache of values': php(`file_put_contents($file, '<?php return ' . var_export($value, true) . ';');`),
  'a configuration that is written': php(`fwrite($fp, "<?php\\ndefine('DB_NAME', '" . addslashes($_POST['db']) . "');\\n");`),
  'a class loader': php(`spl_autoload_register(function ($c) { include 'classes/' . str_replace('\\\\', '/', $c) . '.php'; });`),
  'includes of its own': php(`include 'header.php'; require_once("lib/db.php"); include(dirname(__FILE__) . '/a.php');`),
  'the body of a request': php(
    `$json = json_decode(file_get_contents('php://input'), true); $raw = file_get_contents("php://input");`,
  ),
  'data addresses': php(
    `$img = 'data:image/png;base64,' . base64_encode($png); include('data://text/plain,' . urlencode($phpcode));`,
  ),
  'texts backwards and turned': php(`echo strrev('hello'); echo str_rot13('uryyb'); $x = strrev($_GET['word']);`),
  'a hash of roles': php(`$GLOBALS['pass_count'] = 0; $handlers['system']($event); $map['x']($y);`),
  'a variable function': php(`$fn = 'render_' . $type; $fn($data); $callback($_POST); $this->$method($_POST['a']);`),
  'a function of the site with input': php(`$e = 'htmlspecialchars'; echo $e($_GET['q']);`),
  'headers of a request': php(`foreach (getallheaders() as $name => $value) { $log[] = "$name: $value"; }`),
  'an autoloader of Composer': php(
    `require_once __DIR__ . '/composer/autoload_real.php'; return ComposerAutoloaderInit1::getLoader();`,
  ),
  'a route of a framework': php(
    `Route::get('/posts/{id}', [PostController::class, 'show']); $router->any('system', fn () => 1);`,
  ),
  'a console command of a framework': php(`$process = new Process(['ls', '-l']); $process->run(); $this->exec('migrate');`),
  'a mailer': php(
    `$mail = popen(sprintf('%s -oi -f%s -t', escapeshellcmd($this->Sendmail), escapeshellarg($this->Sender)), 'w');`,
  ),
  'a test of functions that are off': php(
    `foreach (array('exec', 'system', 'passthru', 'shell_exec') as $f) if (function_exists($f)) echo $f;`,
  ),
  'a page of a security program': php(
    `$patterns = array('c99shell', 'r57shell', 'b374k', 'FilesMan', 'WSO'); foreach ($patterns as $p) if (strpos($code, $p) !== false) warn($p);`,
  ),
  'patterns of a security program': php(
    `$bad = '/(eval|assert|system)\\s*\\(\\s*(base64_decode|gzinflate|\\$_(GET|POST|REQUEST))/i'; preg_match($bad, $code);`,
  ),
  'a firewall of requests': php(`if (preg_match('#(union.+select|base64_decode\\()#i', $_SERVER['QUERY_STRING'])) exit;`),
  'output that is gathered': php(`ob_start('ob_gzhandler'); register_shutdown_function('log_end', $_GET['page']); ob_start();`),
  'a captcha': php(`for ($i = 0; $i < 5; $i++) $code .= chr(rand(97, 122)); $_SESSION['captcha'] = $code;`),
  'letters by number': php(
    `$bom = chr(239) . chr(187) . chr(191); $text = str_replace($bom, '', $text); $crlf = chr(13).chr(10);`,
  ),
  'escapes in strings': php(`$utf = "\\xEC\\x95\\x88\\xEB\\x85\\x95"; $esc = "\\033[1;31m";`),
  'a payment of a Korean shop': php(
    `$xpay = new XPay($configPath, $_POST['CST_PLATFORM']); $xpay->Init_TX($_POST['LGD_MID']); exec($pg_bin . ' ' . escapeshellarg($ordr));`,
  ),
  'a shop in EUC-KR': php(
    `$name = iconv('EUC-KR', 'UTF-8', $_POST['name']); $q = "insert into orders values ('" . addslashes($name) . "')";`,
  ),
  'an ASP page': `<%@ Language="VBScript" %><% Response.Write Server.HTMLEncode(Request("name")) : Set c = Server.CreateObject("ADODB.Connection") %>`,
  'an ASP page that runs code of its own': `<% Execute("x = 1") : Eval("1+1") : ExecuteGlobal(fileText) %>`,
  'an ASPX page': `<%@ Page Language="C#" %><script runat="server">protected void Page_Load(object s, EventArgs e) { Label1.Text = Request.QueryString["q"]; }</script>`,
  'a JSP page': `<%@ page contentType="text/html; charset=UTF-8" %><%= request.getParameter("id") == null ? "" : "ok" %><jsp:include page="a.jsp" />`,
  'a JSP page that asks for memory': `<% long m = Runtime.getRuntime().freeMemory(); Process p = Runtime.getRuntime().exec("uptime"); String q = request.getParameter("q"); %>`,
  'a JSP page with a fixed command': `<% new ProcessBuilder("ls", "-l").start(); String c = request.getParameter("c"); %>`,
  'a script of Perl': `#!/usr/bin/perl\nuse CGI; my $q = CGI->new; print $q->header, $q->param('name');\nsystem("date");\n`,
  'a script of Python': `#!/usr/bin/env python3\nimport subprocess\nsubprocess.run(["ls"])\nprint(eval("1+1"))\n`,
  'a page of help about shells': `<?php /* If your site was hacked, look for eval(base64_decode( and r57 or c99 files. */ ?><p>eval() 함수를 찾아보세요.</p>`,
};
