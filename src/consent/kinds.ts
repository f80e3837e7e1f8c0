// What kind of consent an item is (korea.md 2.7), and until when consent to advertising counts.

const kinds: Readonly<Record<string, string>> = {
  age_14: 'age',
  agree_terms: 'terms',
  agree_backup: 'backup',
  agree_sla: 'sla',
  agree_ssh: 'ssh',
  marketing_use: 'marketing',
  ads_email: 'ads-email',
  ads_sms: 'ads-sms',
  ads_night: 'ads-night',
};

/** @returns the kind of an item; an item that has none of its own is its own kind */
export const kindOf = (item: string): string => kinds[item] ?? item;

/**
 * Consent to advertising is confirmed again every two years (Network Act decree, article 62-3).
 * @param at epoch milliseconds
 * @returns the same moment two years later, in epoch milliseconds; null for what is no advertising
 */
export function reconfirmBy(item: string, at: number): number | null {
  if (!kindOf(item).startsWith('ads-')) return null;
  const date = new Date(at);
  date.setUTCFullYear(date.getUTCFullYear() + 2);
  return date.getTime();
}
