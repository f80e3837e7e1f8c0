// The operator's lists: what may be added and taken away for the program area and for upload folders, and what the start refuses.
import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/environment.ts';
import { rulesIn, widest } from '../../src/files/areas.ts';
import { kindFaults, listed } from '../../src/files/kind-lists.ts';
import { judgeName, usualRules } from '../../src/files/policy.ts';
import { chosen, OptionsError, type PanelOptions } from '../../src/options.ts';

const options: PanelOptions = { publicUrl: 'http://localhost:3000', secret: 'long enough to be one of these secrets' };
const marked = [{ path: ['www', 'data'], kind: 'upload', markedAt: 0, program: null }] as const;

test('without a change both lists are the usual one', () => {
  const { uploadKinds, uploadFolderKinds } = chosen(options);
  expect([listed(uploadKinds), listed(uploadFolderKinds)]).toEqual([usualRules, usualRules]);
});

test.each([
  ['a.psd', undefined, 'type_not_allowed'],
  ['a.PSD', undefined, 'type_not_allowed'],
  ['a.html', 'type_not_allowed', undefined],
  ['a.log', 'type_not_allowed', undefined],
  ['a.zip', undefined, 'type_not_allowed'],
  ['a.jpg', undefined, undefined],
  ['a.php', 'type_not_allowed', 'type_not_allowed'],
  ['a.php.psd', 'double_ext', 'double_ext'],
  ['.psd', 'type_not_allowed', 'type_not_allowed'],
])('%s beside upload folders: %s; in one: %s', (name, beside, inside) => {
  const rules = rulesIn({ program: listed(['+PSD', '-html']), upload: listed(['-zip', '+log']) }, marked);
  const judged = (path: string[]) => judgeName(path, rules(path))?.code;
  expect(judged(['www', name])).toBe(beside);
  expect(judged(['www', 'data-2', name])).toBe(beside);
  expect(judged(['www', 'data', name])).toBe(inside);
  expect(judged(['www', 'data', 'deeper', name])).toBe(inside);
});

test('a refusal names the list of its own folder', () => {
  const rules = rulesIn({ program: listed(['+psd']), upload: listed(['+log']) }, marked);
  const listOf = (path: string[]) => String(judgeName(path, rules(path))?.parameters.list).split(' ');
  expect([listOf(['www', 'x.exe']).includes('psd'), listOf(['www', 'x.exe']).includes('log')]).toEqual([true, false]);
  expect([listOf(['www', 'data', 'x.exe']).includes('psd'), listOf(['www', 'data', 'x.exe']).includes('log')]).toEqual([
    false,
    true,
  ]);
});

test('an archive is opened by both lists, since its members are judged once more where they land', () => {
  const both = widest({ program: listed(['+psd', '-jpg']), upload: listed(['+log', '-png']) }).allowedExtensions;
  expect(['psd', 'log', 'jpg', 'png'].filter((extension) => !both.includes(extension))).toEqual([]);
  expect(both.filter((extension) => ['php', 'exe'].includes(extension))).toEqual([]);
});

const never = ['php', 'PHP', 'phtml', 'php8', 'phar', 'cgi', 'pl', 'py', 'jsp', 'aspx', 'shtml', 'exe', 'sh', 'jar', 'wasm'];
const steering = ['htaccess', 'htpasswd', 'ini', 'conf', 'config', 'env'];
test.each([...never, ...steering, 'svgz', 'xsl'])(
  '"+%s" is refused, since it would run, steer a server or hide a script',
  (extension) => {
    expect(kindFaults([`+${extension}`])).toEqual([expect.stringContaining(`"+${extension}" never comes in by the panel`)]);
    expect(judgeName(['www', `x.${extension.toLowerCase()}`], listed([`+${extension}`]))?.code).toBe(
      extension === 'svgz' || extension === 'xsl' ? undefined : 'type_not_allowed',
    );
  },
);

test.each([
  [['psd'], '"psd" is no "+extension" or "-extension"'],
  [['+.psd'], '"+.psd" is no "+extension" or "-extension"'],
  [['+tar.gz'], '"+tar.gz" is no "+extension" or "-extension"'],
  [['+ psd'], '"+ psd" is no "+extension" or "-extension"'],
  [['-htlm'], '"-htlm" takes away what is on no list'],
  [['+jpg', '-jpg'], '"jpg" is added and taken away'],
  [usualRules.allowedExtensions.map((extension) => `-${extension}`), 'leaves nothing that may come in'],
])('%j is told to be wrong', (changes, fault) => {
  expect(kindFaults(changes)).toEqual([fault]);
});

test('the environment names both lists, and a start with faults names every one with its setting', () => {
  const { options: read } = readEnvironment({ UPLOAD_KINDS: '+psd, -html', UPLOAD_FOLDER_KINDS: '+log' });
  expect([read.uploadKinds, read.uploadFolderKinds]).toEqual([['+psd', '-html'], ['+log']]);
  const faults = () => chosen({ ...options, uploadKinds: ['+php', '-htlm'], uploadFolderKinds: ['+exe'] });
  expect(faults).toThrow(OptionsError);
  expect(faults).toThrow(
    [
      'UPLOAD_KINDS: "+php" never comes in by the panel: servers or desktops would run it, or be steered by it; see docs/configuration.md',
      'UPLOAD_KINDS: "-htlm" takes away what is on no list; see docs/configuration.md',
      'UPLOAD_FOLDER_KINDS: "+exe" never comes in by the panel: servers or desktops would run it, or be steered by it; see docs/configuration.md',
    ].join('\n'),
  );
});
