/**
 * A digit as texts write it, by digit: of either width, and as words, which voices read better.
 * components/settings/code_in_text.py reads these rows too.
 */
const DIGITS = [
  '0|０|〇|零|ゼロ|レイ|[Zz]ero|[Oo]h',
  '1|１|一|イチ|[Oo]ne',
  '2|２|二|ニ|[Tt]wo',
  '3|３|三|サン|[Tt]hree',
  '4|４|四|ヨン|シ|[Ff]our',
  '5|５|五|ゴ|[Ff]ive',
  '6|６|六|ロク|[Ss]ix',
  '7|７|七|ナナ|シチ|[Ss]even',
  '8|８|八|ハチ|[Ee]ight',
  '9|９|九|キュウ|ク|[Nn]ine',
];

/** A code as a pattern; Auth0 may have written it "1. 2. 3. 4. 5. 6." @param {string} code */
function writtenCode(code) {
  const part = (/** @type {string} */ one) => (/\d/.test(one) ? `(?:${DIGITS[Number(one)]})` : one.replace(/\W/u, '\\$&'));
  return [...code].map(part).join('[\\s.,、。・，．-]*');
}

/** Whether a text has the code in it: a part of a longer number is none. @param {string} text @param {unknown} code */
function givesCode(text, code) {
  const given = String(code);
  if (!/^[0-9A-Za-z]{1,64}$/.test(given)) return text.includes(given);
  return new RegExp(`(?<![0-9０-９])${writtenCode(given)}(?![0-9０-９])`).test(text);
}

/** Types that are useless without their code. */
const CODE_TYPES = ['otp_verify', 'otp_enroll', 'change_password'];

/** A branch of a template that forgets the code helps nobody. @param {PhoneMessage} message @param {string} text */
function requireCode({ type, code }, text) {
  if (!code || !CODE_TYPES.includes(String(type)) || givesCode(text, code)) return;
  refuse('the text does not give the code');
}

/** The line by which a browser fills the code in, on the pages of one host alone. @param {PhoneMessage} message @param {Config} config */
function originLine({ type, code }, { origin }) {
  const fit = CODE_TYPES.includes(String(type)) && /^[0-9A-Za-z]{1,64}$/.test(String(code ?? ''));
  return origin && fit ? `\n@${origin} #${code}` : '';
}

/** Without what no carrier sends: control characters, halves of pairs, line breaks at the end. @param {unknown} text */
function plainText(text) {
  const lines = (typeof text === 'string' ? text : '').replace(/\r\n?|[\u2028\u2029]/g, '\n');
  return lines.replace(/(?!\n)[\p{Cc}\p{Cs}]/gu, ' ').trim();
}
