// A small board whose upload asks nothing, and the files that somebody plants through it.
import { pixel } from '../incoming/incoming-house.ts';

/** The program of the site: a page for every address that is no file, and a form that takes any file under any name. */
export const board: Readonly<Record<string, string>> = {
  '.htaccess':
    'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteCond %{REQUEST_FILENAME} !-d\nRewriteRule . /index.php [L]\n',
  'index.php': '<?php echo "the program runs: ", strtok($_SERVER["REQUEST_URI"], "?");\n',
  'write.php': `<?php
if (basename($_POST['name']) !== $_POST['name']) { http_response_code(422); exit('name'); }
$to = __DIR__ . '/data/file/' . $_POST['name'];
move_uploaded_file($_FILES['file']['tmp_name'], $to) && chmod($to, 0755);
echo 'kept ', $_POST['name'];
`,
};

/** Said by what runs, and by no source text. */
export const mark = 'RAN-42';
const php = '<?php echo "RA", "N-", 6 * 7; ?>';
const shell = '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\nRA%s-%s" N 42\n';
const perl = '#!/usr/bin/perl\nprint "Content-Type: text/plain\\n\\nRA", "N-", 6 * 7;\n';
const ssi = '<html><!--#exec cmd="printf RA%s-%s N 42" --></html>';
const gif = Buffer.from('474946383961010001000000002c00000000010001000002', 'hex').toString('latin1');
const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex').toString('latin1');
const bytes = (text: string) => Buffer.from(text, 'latin1');

/** Sixty of them: the family of PHP, archives of PHP, polyglots, files that steer servers, CGI and server-side includes. */
export function planted(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const add = (names: string, content: string) => {
    for (const name of names.split(' ')) files.set(name, bytes(content));
  };
  add('a.php b.PHP c.pHp d.phtml e.phar f.pht g.php3 h.php4 i.php5 j.php7 k.php8 l.phps m.inc n.phpt o.pgif', php);
  add('p.php.jpg q.jpg.php r.php.png s.phtml.gif t.php.xyz u.php.txt v.php. w.phar.zip x.php5.jpg y.inc.php', php);
  add('photo.jpg thumb.jpeg', `${jpeg}${php}`);
  add('poly.gif banner.gif', `${gif}${php}`);
  add('poly.png', `\x89PNG\r\n\x1a\n${php}`);
  add('poly.webp', `RIFF\x24\0\0\0WEBPVP8 ${php}`);
  add('poly.bmp', `BM${php}`);
  add('poly.ico', `\0\0\x01\0\x01\0${php}`);
  add('poly.pdf', `%PDF-1.4\n${php}`);
  add('note.txt page.html style.css icon.svg data.json', php);
  add('archive.phar gif.phar', `${gif}<?php echo "RA", "N-", 6 * 7; __HALT_COMPILER(); ?>`);
  add('short.php', '<?= "RA", "N-", 6 * 7 ?>');
  add('shell.cgi run.sh fast.fcgi', shell);
  add('perl.pl perl.cgi', perl);
  add('snake.py', '#!/usr/bin/env python3\nprint("Content-Type: text/plain\\n")\nprint("RA" + "N-" + str(6 * 7))\n');
  add('page.shtml part.shtm old.stm', ssi);
  add('.user.ini', 'auto_prepend_file=poly.gif\n');
  add('sh.php.cgi', shell);
  add('한글.php', php);
  files.set('빈 칸 이름.php.jpg', bytes(php));
  add('shell.php.gif web.php56 old.phtm zero.php00', php);
  files.set(
    '.htaccess',
    bytes(
      'AddHandler application/x-httpd-php .gif .jpg .png .txt\nAddHandler cgi-script .cgi .sh .pl\nOptions +ExecCGI +Includes\nphp_flag engine on\n',
    ),
  );
  return files;
}

/** What a visitor of the site keeps there rightfully. */
export const rightful: Readonly<Record<string, Buffer>> = { '사진.png': pixel, 'memo.txt': Buffer.from('내일 할 일\n') };

/** @returns every address that somebody would try for a planted file */
export function addressesOf(folder: string, name: string): string[] {
  const file = `/${folder}/${encodeURIComponent(name)}`;
  const dotted = encodeURIComponent(name).replace(/\.(?=[^.]*$)/, '%2e');
  return [
    file,
    `${file}/x.php`,
    `${file}/.php`,
    `/${folder}/${dotted}`,
    `/${folder.replace('/', '//')}//${encodeURIComponent(name)}`,
  ];
}
