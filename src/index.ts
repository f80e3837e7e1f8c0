// What other programs may import: the panel, its options, the adapters, and the ports that a stranger's adapter fills.

export { type Adapters, type Choices, type Limits, type OptionFault, OptionsError, type PanelOptions } from './options.ts';
export { createPanel, type Panel } from './panel.ts';
export { pictureCaptcha } from './platform/captcha/picture.ts';
export type { Captcha, Challenge } from './platform/captcha/port.ts';
export { type Clock, StoppedClock, systemClock } from './platform/clock.ts';
export type { DatabaseDump, DumpResult, DumpSource } from './platform/dump/port.ts';
export { type FieldFault, Invalid, PanelError, unavailable } from './platform/errors.ts';
export { type Log, newLog } from './platform/log.ts';
export { type OutboxOptions, outbox } from './platform/mail/outbox.ts';
export type { Letter, Mailer } from './platform/mail/port.ts';
export { type SmtpOptions, smtp } from './platform/mail/smtp.ts';
export { clamd } from './platform/scanner/clamd.ts';
export { noScanner } from './platform/scanner/none.ts';
export type { ScanResult, VirusScanner } from './platform/scanner/port.ts';
export { type FolderHostOptions, folderHost } from './platform/site-host/folders.ts';
export type { HostedSite, SiteHome, SiteHost } from './platform/site-host/port.ts';
export { diskArchives } from './platform/storage/archives.ts';
export type { ArchiveStorage, SiteStorage } from './platform/storage/port.ts';
