// `gotgan webserver nginx|apache`: prints what web servers are told of upload folders, for machines whose files the panel does not write.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { places } from './adapters.ts';
import { CommandRefused } from './import-commands.ts';
import { type WebServerChoices, type WebServerKind, webServerKinds } from './incoming/incoming.ts';
import type { Choices } from './options.ts';
import type { Doors } from './panel.ts';
import { apacheCommon } from './platform/webserver/apache.ts';
import { nginxArchives, nginxCommon } from './platform/webserver/nginx.ts';
import type { Site } from './sites/sites.ts';

const common: Readonly<Record<WebServerKind, string>> = { nginx: nginxCommon, apache: apacheCommon };

/** @returns whom the panel writes files for, as the options name them */
export function webServersOf({ webServers, webServerReload }: Pick<Choices, 'webServers' | 'webServerReload'>): WebServerChoices {
  const folders = webServers.map((text) => {
    const at = text.indexOf(':');
    return { kind: text.slice(0, at) as WebServerKind, folder: text.slice(at + 1) };
  });
  return { folders, reload: webServerReload };
}

/**
 * `gotgan webserver nginx|apache [--common] [--site <name>]`: without more the common part and the part of every site on this machine.
 * `gotgan webserver nginx --archives`: what the nginx in front of the panel needs to send archives itself (ACCEL_ARCHIVES).
 * @returns bytes, since names of folders need not be UTF-8
 * @throws CommandRefused for another server, PanelError 404 for a site that is not there
 */
export async function webServerCommand(
  args: string[],
  { sites, incoming, choices }: Pick<Doors, 'sites' | 'incoming' | 'choices'>,
): Promise<Buffer> {
  const options = { common: { type: 'boolean' }, archives: { type: 'boolean' }, site: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const kind = positionals.length === 1 ? positionals[0] : undefined;
  if (kind !== 'nginx' && kind !== 'apache') throw new CommandRefused('webserver: nginx or apache?');
  if (values.archives) return archivesPart(kind, choices);
  const parts: Buffer[] = [];
  if (values.common || values.site === undefined) parts.push(Buffer.from(common[kind]));
  const wanted = values.site !== undefined ? [await sites.byName(values.site)] : values.common ? [] : await everySite(sites);
  for (const site of wanted) {
    const web = await incoming.webServers.ofSite(site);
    if (!web && values.site !== undefined) throw new CommandRefused(`${site.name} has no upload folder on this machine`);
    if (web) parts.push(Buffer.from(`\n# ---- ${site.name}.conf ----\n`), webServerKinds[kind](web));
  }
  return Buffer.concat(parts);
}

function archivesPart(kind: WebServerKind, choices: Choices): Buffer {
  const { accelArchives } = choices;
  if (kind !== 'nginx') throw new CommandRefused('webserver: only nginx can send archives for the panel');
  if (accelArchives === undefined)
    throw new CommandRefused('webserver: ACCEL_ARCHIVES names no internal address, such as /internal-archives');
  return Buffer.from(nginxArchives(accelArchives, resolve(places(choices).archives)));
}

async function everySite(sites: Doors['sites']): Promise<Site[]> {
  const found: Site[] = [];
  for (let after = ''; ; ) {
    const ids = await sites.folders.sitesWithFolders(after, 500);
    for (const id of ids) {
      const site = await sites.byId(id);
      if (site.openedAt !== null && site.terminatedAt === null && site.suspendedAt === null) found.push(site);
    }
    const last = ids.at(-1);
    if (last === undefined) return found;
    after = last;
  }
}
