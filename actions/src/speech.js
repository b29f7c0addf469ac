/**
 * Languages the voice may speak, each with the sentence that says the code and the one that
 * repeats it (# is the code). Locales come from the user's browser: only these keys count.
 * @type {Map<string, [string, string]>}
 */
const SPEECH = new Map([
  ['ja', ['認証コードは、#、です。', '繰り返します。#、です。']],
  ['en', ['Your verification code is: #.', 'Again: #.']],
  ['zh-cn', ['您的验证码是：#。', '重复一遍：#。']],
  ['zh-tw', ['您的驗證碼是：#。', '重複一遍：#。']],
  ['ko', ['인증 코드는 # 입니다.', '다시 말씀드립니다. # 입니다.']],
  ['pt-br', ['Seu código de verificação é: #.', 'Repito: #.']],
]);
const LANGUAGES = new Map([['zh', 'zh-cn'], ['zh-hant', 'zh-tw'], ['zh-hk', 'zh-tw'], ['pt', 'pt-br']]);

/** The first known language of a locale ("en_US") or a list of them, else Japanese. */
function speechLanguage(/** @type {unknown} */ locale) {
  for (const tag of String(locale ?? '').slice(0, 100).toLowerCase().replaceAll('_', '-').split(/[\s,;]+/)) {
    const parts = tag.split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const candidate = parts.slice(0, length).join('-');
      const language = LANGUAGES.get(candidate) ?? candidate;
      if (SPEECH.has(language)) return language;
    }
  }
  return 'ja';
}

/**
 * What is read out: the rendered voice text with the code digit by digit, and the code twice.
 * @param {PhoneMessage} message
 */
function speech(message) {
  let text = withoutMarkup(message.speech);
  let language = speechLanguage(message.locale);
  // A template has one language, logins have many: a mostly Japanese text needs a Japanese voice.
  const count = (/** @type {RegExp} */ letters) => text.match(letters)?.length ?? 0;
  const japanese = language.startsWith('zh') ? /[ぁ-ヿｦ-ﾟ]/g : /[ぁ-ヿｦ-ﾟ\p{sc=Han}]/gu;
  if (2 * count(japanese) > count(/\p{L}/gu)) language = 'ja';
  const code = String(message.code ?? '');
  if (/^[0-9A-Za-z]{1,64}$/.test(code)) {
    // Single digits with ASCII commas: "123456" may be read as a quantity, a comma is 0.5 s.
    const spoken = [...code].join(', ');
    const written = new RegExp(`(?<![0-9A-Za-z])${writtenCode(code)}(?![0-9A-Za-z])(?:\\.(?=[.、。]))?`, 'g');
    let times = 0;
    text = text.replace(written, (found) => {
      times += 1;
      // Digits that the text spells as words are read as they are.
      return found.replace(/[\s.,、。・-]/g, '') === code ? spoken : found;
    });
    for (const sentence of (SPEECH.get(language) ?? []).slice(times)) text += ` ${sentence.replace('#', spoken)}`;
  }
  return { text: text.trim(), language };
}

/**
 * The CPaaS reads speech text as SSML: tags and entities become pauses, the rest of the
 * XML-significant characters and control characters go.
 * @param {unknown} text
 */
function withoutMarkup(text) {
  return (typeof text === 'string' ? text : '')
    .replace(/<[A-Za-z/!?][^<>]*>/g, ', ')
    .replace(/&(?:#?\w{1,10};)?/g, ' ')
    .replace(/[<>\u0000-\u001f\u007f]+/g, ' ');
}
