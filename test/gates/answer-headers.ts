// The headers that every answer of the panel carries (security.md F.1, ruling 11), as a function that names each fault.

/** What supertest and fetch both have: header names in lower case. */
export type AnyAnswer = { readonly status: number; readonly headers: Readonly<Record<string, string | string[] | undefined>> };

const always: Readonly<Record<string, RegExp>> = {
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'x-frame-options': /^DENY$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'cross-origin-embedder-policy': /^require-corp$/,
  'origin-agent-cluster': /^\?1$/,
  'permissions-policy': /camera=\(\).*geolocation=\(\).*microphone=\(\).*payment=\(\)/,
  'x-permitted-cross-domain-policies': /^none$/,
  'x-dns-prefetch-control': /^off$/,
};

const never = [
  'server',
  'x-powered-by',
  'x-xss-protection',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'public-key-pins',
];

/** ux.md 5.1 (ruling 11): nothing inline, nothing from elsewhere. */
const pagePolicy = [
  "base-uri 'none'",
  "connect-src 'self'",
  "default-src 'none'",
  "font-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "img-src 'self'",
  "manifest-src 'self'",
  "require-trusted-types-for 'script'",
  "script-src 'self'",
  "style-src 'self'",
  "worker-src 'self'",
];
const attachmentPolicy = ["default-src 'none'", "frame-ancestors 'none'", 'sandbox'];

const asset = { cache: /^public, max-age=31536000, immutable$/ };
/** For pages of other origins: kept for minutes, read from anywhere, with nothing that belongs to anybody. */
const block = { cache: /^public, max-age=300, stale-if-error=86400$/, resource: /^cross-origin$/, origin: /^\*$/ };

/**
 * @param over https: the panel owns the origin, so HSTS and `upgrade-insecure-requests` are due
 * @param as what came: a page or any other answer of the panel, a customer's bytes, a file of ours, a block for pages of others
 */
export function headerFaults(
  { status, headers }: AnyAnswer,
  { https = false, as = 'page' as 'page' | 'attachment' | 'asset' | 'block' } = {},
): string[] {
  const read = (name: string) => [headers[name] ?? []].flat().join(', ');
  const faults: string[] = [];
  const must = (name: string, form: RegExp) => {
    if (!form.test(read(name))) faults.push(`${status}: ${name} is "${read(name)}", not ${form.source}`);
  };
  const forOthers = { 'cross-origin-resource-policy': block.resource, 'access-control-allow-origin': block.origin };
  for (const [name, form] of Object.entries({ ...always, ...(as === 'block' && forOthers) })) must(name, form);
  for (const name of never)
    if (headers[name] !== undefined && !(as === 'block' && name in forOthers)) faults.push(`${status}: ${name} must not be sent`);
  if (https) must('strict-transport-security', /^max-age=(31536\d{3}|[3-9]\d{7}|\d{9,}); includeSubDomains/);
  else if (headers['strict-transport-security'] !== undefined) faults.push(`${status}: HSTS on an origin that is not ours`);

  const policy = read('content-security-policy')
    .split(';')
    .map((directive) => directive.trim())
    .sort();
  const wanted = as === 'attachment' ? attachmentPolicy : [...pagePolicy, ...(https ? ['upgrade-insecure-requests'] : [])];
  if (policy.join('; ') !== wanted.toSorted().join('; ')) faults.push(`${status}: the policy is ${policy.join('; ')}`);

  must('cache-control', as === 'asset' ? asset.cache : as === 'block' ? block.cache : /^no-store$/);
  if (as === 'attachment') must('content-disposition', /^attachment; filename="[^"]*"; filename\*=UTF-8''\S+$/);
  if (as !== 'page' && headers['set-cookie'] !== undefined) faults.push(`${status}: a cookie beside bytes`);
  if (/^(text\/|application\/(javascript|json))/.test(read('content-type'))) must('content-type', /; ?charset=utf-8$/i);
  return [...faults, ...cookieFaults([headers['set-cookie'] ?? []].flat(), https).map((fault) => `${status}: ${fault}`)];
}

/** security.md F.3: for this host alone, out of reach for scripts, and never sent along from elsewhere. */
function cookieFaults(cookies: readonly string[], https: boolean): string[] {
  return cookies.flatMap((cookie) => {
    const [name = ''] = cookie.split('=');
    const must = (form: RegExp) => (form.test(cookie) ? [] : [`the cookie ${name} lacks ${form.source}`]);
    return [
      ...must(/; HttpOnly/i),
      ...must(/; SameSite=(Lax|Strict)/i),
      ...must(/; Path=\/(;|$)/i),
      ...(https ? [...must(/; Secure/i), ...must(/^__Host-/)] : []),
      ...(/; Domain=/i.test(cookie) ? [`the cookie ${name} is shared with other hosts`] : []),
      ...(cookie.length > 4096 ? [`the cookie ${name} is longer than 4096 bytes`] : []),
    ];
  });
}
