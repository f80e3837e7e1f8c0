// Sentences about what came into a site past the panel, in English.
import type { incoming as korean } from '../ko/incoming.ts';
import type { Sentence } from '../sentences.ts';

export const incoming: Record<keyof typeof korean, Sentence> = {
  'incoming.title': 'Suspicious files',
  'incoming.lead':
    'Files that come in by FTP and new files in upload folders are checked within a minute, whole upload folders every day. Files that were put into quarantine, and files that could run and that you should look at, are listed here.',
  'incoming.open': ({ count = 0 }) =>
    `${count === 1 ? 'One suspicious file is' : `${count} suspicious files are`} still in place. What you did not make yourself, put into quarantine, and update the programs of the site.`,
  'incoming.column.todo': 'To do',
  'incoming.hold': 'Put into quarantine',
  'incoming.held': '{file} is in quarantine. It is kept for {days} days, where the web cannot reach it.',
  'incoming.delete': 'Delete for good',
  'incoming.delete.title': 'Delete a suspicious file',
  'incoming.delete.lead':
    'This cannot be undone. If you are not sure, put the file into quarantine: the web cannot reach it there.',
  'incoming.delete.keep': 'Keep it',
  'incoming.delete.submit': 'Delete for good',
  'incoming.deleted': '{file} was deleted.',
  'incoming.isDone': 'Nothing is left to be done with this file.',
  'incoming.isGone': 'This file is not in its place any more. Nothing was changed.',
  'incoming.isOther': 'The file was changed meanwhile, so nothing was done. The new one is checked by itself.',
  'incoming.toFolders': 'See folder protection',
  'incoming.kept':
    'Files in quarantine are kept for {days} days where the web cannot reach them, and then deleted. If one was taken by mistake, tell us: we look at it and put it back.',
  'incoming.empty': 'There are no suspicious files.',
  'incoming.emptyHow':
    'If something is wrong with a file that comes in, it is listed here with the reason, and we tell you by e-mail.',
  'incoming.caption': 'Suspicious files, newest first',
  'incoming.total': '{total} in all',
  'incoming.column.file': 'File',
  'incoming.column.state': 'State',
  'incoming.column.reason': 'Reason and what to do',
  'incoming.column.time': 'Time',
  'incoming.otherWay': 'a way other than FTP',
  'incoming.inFolder': 'in {folder}',
  'incoming.state.refused': 'in quarantine',
  'incoming.state.found': 'left in place',
  'incoming.state.noted': 'let in',
  'incoming.state.waiting': 'being checked',
  'incoming.state.restored': 'put back',
  'incoming.state.dropped': 'deleted',
  'incoming.pages': 'Pages of suspicious files',
  'incoming.previous': 'Previous',
  'incoming.next': 'Next',
  'incoming.folderOutside': 'Name a folder below www; www itself cannot be one.',
  'incoming.foldersMany': 'A site can have {most} upload folders at most.',
  'incoming.folderInherits': 'The folder {folder} above it is an upload folder. Make that one program area again.',
  'incoming.why.too_big': 'A file of this kind may have {limit} ({size}). Make it smaller and upload it again.',
  'incoming.why.name_chars': 'The name has characters or words that cannot be used: {chars}. Rename it and upload it again.',
  'incoming.why.name_long': 'The name has {n} bytes; {limit} are possible. Shorten it and upload it again.',
  'incoming.why.path_outside': 'This path cannot be used. Change folder or name and upload it again.',
  'incoming.why.type_not_allowed':
    'This kind ({ext}) may not be in an upload folder. What may: {list}. Put program files outside the upload folder.',
  'incoming.why.double_ext': 'The name has two extensions ({a}.{b}) and could run as a program. Rename it and upload it again.',
  'incoming.why.content_mismatch':
    'The name says {ext}, the content is {found}. Check the file and upload it under a fitting name.',
  'incoming.why.archive_bad': 'The archive cannot be kept: {why} {first} Leave out what is wrong and pack it again.',
  'incoming.why.scan_too_large': 'The file is too large to be scanned for malware to its end.',
  'incoming.why.malware': 'The malware {sig} was found. Scan your computer and change the FTP password.',
  'incoming.why.password_zip': 'An archive with a password cannot be looked into. Pack it again without one.',
  'incoming.why.changed_during': 'The file changed while it was checked. Upload it again.',
  'incoming.why.read_failed': 'The content could not be read. Check the file and upload it again.',
  'incoming.why.executable': 'Programs for computers ({found}) cannot be kept in a site. If you need one there, ask us.',
  'incoming.why.web_shell':
    'This looks like a web shell ({sig}), by which a server is controlled from afar. If you did not upload it, change the FTP password now and look through the sign-ins.',
  'incoming.why.waiting': 'It could not be checked now and was put aside. It goes back by itself once it is checked.',
  'incoming.why.exists': 'A new file of the same name came while this one was checked, so this one stayed in quarantine.',
  'incoming.why.partly': 'The file is large: only its first 5 MB were checked. See whether it is a program that you uploaded.',
  'mail.ftp-refused.subject': '[{brand}] {count} files that came in by FTP are in quarantine: {site}',
  'mail.script-found.subject': '[{brand}] {count} new scripts in upload folders: {site}',
};
