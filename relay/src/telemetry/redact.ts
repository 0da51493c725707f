/**
 * LaunchDarkly's credentials (`sdk-`, `mob-`, `rel-`, `api-` keys) and passwords inside URLs. Long runs only, so that words
 * such as `sdk-side` stay readable.
 */
const KEY = /\b(sdk|mob|rel|api)-[A-Za-z0-9][A-Za-z0-9_-]{7,}/g;
const AUTHORIZATION = /\b(authorization|api_key|password|passwd)(["']?\s*[:=]\s*["']?)([^\s"',;&]+)/gi;
// The scheme has an end, and the first colon ends the user: else a long text without a URL costs the square of its length.
const URL_USERINFO = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s/@:]*):([^\s/]*)@/gi;

/**
 * Takes credentials out of a text that is about to be logged: keys keep their kind and last four characters, which is
 * enough to tell two apart; URL passwords become `xxxxx`, as `/status` shows them.
 */
export function redact(text: string): string {
  return text
    .replace(URL_USERINFO, '$1$2:xxxxx@')
    .replace(KEY, (key) => `${key.slice(0, 4)}***${key.slice(-4)}`)
    .replace(AUTHORIZATION, (whole, name: string, sep: string, value: string) =>
      value.includes('***') ? whole : `${name}${sep}***`,
    );
}
