/** The languages a status may have: ISO 639-1, some of ISO 639-3, and written Chinese by region (as in Mastodon). */

const iso6391 =
  'aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el ' +
  'en eo es et eu fa ff fi fj fo fr fy ga gd gl gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja ' +
  'jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb ' +
  'nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sn so sq sr ' +
  'ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu';
const iso6393 =
  'ast chr ckb cnr csb gsw jbo kab ldn lfn moh nds pdc sco sma smj szl tok vai xal zba zgh fil yue hsb dsb';
const regional = ['zh-CN', 'zh-HK', 'zh-TW', 'zh-YUE'];

const codes: ReadonlySet<string> = new Set([...iso6391.split(' '), ...iso6393.split(' ')]);
const regionalByKey: ReadonlyMap<string, string> = new Map(
  regional.map((code) => [code.toLowerCase(), code]),
);
const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });

/**
 * Any BCP 47 tag (RFC 5646), also with underscores, to the code that is stored: `pt_BR` to `pt`, `eng` to `en`,
 * `zh-tw` to `zh-TW`. Null for what is no language of the list (`und`, `mul`, made-up ones).
 */
export function parseLanguage(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 64) return null;
  const tag = value.trim().replaceAll('_', '-').toLowerCase();
  const subtags = tag.split('-');
  const [base = '', second = ''] = subtags;
  if (!/^[a-z]{2,3}$/.test(base) || !subtags.every((subtag) => /^[a-z0-9]{1,8}$/.test(subtag))) return null;
  const region = regionalByKey.get(`${base}-${second}`);
  if (region !== undefined) return region;
  if (codes.has(base)) return base;
  // Three-letter and withdrawn codes have a short, current form (`deu`, `iw`).
  const canonical = new Intl.Locale(base).language;
  return codes.has(canonical) ? canonical : null;
}

/** Every code with its English name, for clients' language menus. */
export function supportedLanguages(): { code: string; name: string }[] {
  return [...codes, ...regional].map((code) => ({ code, name: languageName(code) }));
}

function languageName(code: string): string {
  if (code === 'zh-YUE') return 'Cantonese';
  return names.of(code) ?? code;
}
