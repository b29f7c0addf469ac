/**
 * Languages with sentences of ours: the one that says the code, the one that repeats it (# is the
 * code), and how to hear it all again. @type {Map<string, [string, string, string]>}
 */
const SPEECH = new Map([
  ['ja', ['認証コードは、#、です。', '繰り返します。#、です。', 'もう一度お聞きになるには、1を押してください。']],
  ['en', ['Your verification code is: #.', 'Again: #.', 'To hear this again, press 1.']],
  ['zh-cn', ['您的验证码是：#。', '重复一遍：#。', '如需重听，请按1。']],
  ['zh-tw', ['您的驗證碼是：#。', '重複一遍：#。', '如需重聽，請按1。']],
  ['ko', ['인증 코드는 # 입니다.', '다시 말씀드립니다. # 입니다.', '다시 들으시려면 1번을 눌러 주세요.']],
  ['pt-br', ['Seu código de verificação é: #.', 'Repito: #.', 'Para ouvir de novo, tecle 1.']],
]);
/** The CPaaS's other languages (OpenAPI 3.210.0): the code is said in them as it is. */
const PLAIN =
  'ar ar-ma bg bn ca cs da de de-at de-ch el es es-ar es-mx fi fil-ph fr fr-ca fr-ch gu he hi hr hu id is it kk-kz kn ml mr-in ms nl no pl pt-pt ro ru sk sl sv sw-ke sw-tz ta te th tr uk ur-pk uz-uz vi';
/** By locale; of a language alone the first is spoken. */
const LANGUAGES = new Map([['zh-hant', 'zh-tw'], ['zh-hk', 'zh-tw'], ['zh-mo', 'zh-tw'], ['nb', 'no'], ['nn', 'no']]);
for (const one of [...SPEECH.keys(), ...PLAIN.split(' ')]) {
  const [language] = one.split('-');
  LANGUAGES.set(one, one);
  if (!LANGUAGES.has(language)) LANGUAGES.set(language, one);
}

/** The first known language of a locale ("en_US") or a list of them, else the stack's. */
function speechLanguage(/** @type {unknown} */ locale, /** @type {string} */ fallback) {
  for (const tag of String(locale ?? '').slice(0, 100).toLowerCase().replaceAll('_', '-').split(/[\s,;]+/)) {
    const parts = tag.split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const language = LANGUAGES.get(parts.slice(0, length).join('-'));
      if (language) return language;
    }
  }
  return fallback;
}

/**
 * A template has one language, logins have many: a text is read by a voice that can read it. Every
 * voice reads Latin letters, so of the text's script only this counts. @param {string} text
 * @param {string} language of the login
 */
function readable(text, language) {
  const most = (/** @type {RegExp} */ letters) => 2 * (text.match(letters)?.length ?? 0) > (text.match(/\p{L}/gu)?.length ?? 0);
  // A Chinese voice reads Han, and a mostly Japanese text has kana.
  const japanese = language.startsWith('zh') ? /[ぁ-ヿｦ-ﾟ]/g : /[ぁ-ヿｦ-ﾟ\p{sc=Han}]/gu;
  if (most(japanese)) return 'ja';
  return most(/\p{sc=Hang}/gu) ? 'ko' : language;
}

/**
 * What is read out: the rendered voice text with the code digit by digit, and the code twice. `again`:
 * pressing 1 is offered in the text.
 * @param {PhoneMessage} message @param {string} fallback
 */
function speech(message, fallback) {
  let text = withoutMarkup(message.speech);
  const language = readable(text, speechLanguage(message.locale, fallback));
  const [say, repeat, offer] = SPEECH.get(language) ?? ['#.', '#.', ''];
  const code = String(message.code ?? '');
  if (PLAIN_CODE.test(code)) {
    // Single digits with ASCII commas: "123456" may be read as a quantity, a comma is 0.5 s.
    const spoken = [...code].join(', ');
    // As a part of a longer number, of one written with hyphens too ("0120-1234-5678"), it is none.
    const written = new RegExp(`(?<![0-9A-Za-z]-?)${writtenCode(code)}(?!-?[0-9A-Za-z])(?:\\.(?=[.、。]))?`, 'g');
    let times = 0;
    text = text.replace(written, (found) => {
      times += 1;
      // Digits that the text spells as words are read as they are.
      return found.replace(/[\s.,、。・，．-]/g, '') === code ? spoken : found;
    });
    for (const sentence of [say, repeat].slice(times)) text += ` ${sentence.replace('#', spoken)}`;
  }
  text = text.trim();
  // A template may offer it in its own words.
  const said = /(?:press|tecle|按|다시)[^.。,、]{0,20}[1１一](?!\d|,)|[1１一][^.。,、]{0,6}(?:押|누)/i.test(text);
  const offered = offer !== '' && !said && speakable(text) && text.length + offer.length < MAX_SPEECH;
  return { text: offered ? `${text} ${offer}` : text, language, again: said || offered };
}

const speakable = (/** @type {string} */ text) => /[\p{L}\p{N}]/u.test(text);

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
