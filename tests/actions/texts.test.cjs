'use strict';
const assert = require('node:assert/strict');
const test = require('node:test');

const { LEGACY, accepted, legacyEvent, run, secrets, unifiedEvent } = require('./support/action.cjs');
const { generator } = require('./support/random.cjs');

const SEED = Number(process.env.PHONEMFA_SEED ?? 20261130);

const SPOKEN = '4, 8, 2, 9, 1, 3';
const OFFERS = {
  ja: 'もう一度お聞きになるには、1を押してください。', en: 'To hear this again, press 1.', 'zh-cn': '如需重听，请按1。', 'zh-tw': '如需重聽，請按1。',
  ko: '다시 들으시려면 1번을 눌러 주세요.', 'pt-br': 'Para ouvir de novo, tecle 1.',
};
/** What is sent, less the offer to hear it again, which has tests of its own. */
const unoffered = (text, language) => text.replace(new RegExp(` ${OFFERS[language]}$`), '');
const call = async (notification, given, seen = unoffered) => {
  const { message } = await run({ event: unifiedEvent({ delivery_method: 'voice', ...notification }), secrets: secrets(given) });
  return { ...message, text: seen(message.text, message.language) };
};
const times = (text) => text.split(SPOKEN).length - 1;

test('an SMS is the rendered text, untouched, valid for five minutes', async () => {
  const text = '<a> & "b" 482913\n@login.example.jp #482913';
  const { message } = await run({ event: unifiedEvent({ as_text: text }) });
  assert.deepEqual(message, {
    sender: 'MIRAIBANK',
    destinations: [{ to: '819012345678' }],
    content: { text },
    options: { validityPeriod: { amount: 5, timeUnit: 'MINUTES' } },
  });
});

test('a call reads the voice text, with single digits, in the voice of the stack', async () => {
  assert.deepEqual(await call({}, { VOICE_GENDER: 'male' }, (text) => text), {
    from: '815031234567',
    destinations: [{ to: '819012345678' }],
    text: `認証コードは、${SPOKEN}、です。繰り返します。${SPOKEN}、です。 ${OFFERS.ja}`,
    language: 'ja',
    voice: { gender: 'male' },
    speechRate: 0.9,
    pause: 1,
    repeatDtmf: '1',
    ringTimeout: 14,
    callTimeout: 120,
    validityPeriod: 5,
  });
  assert.deepEqual((await call({})).voice, { gender: 'female' });
});

test('the code is said twice, however the template wrote it', async () => {
  const texts = {
    'Hello. Your code is 482913.': 2,
    'Code 482913, again 482913.': 2,
    'Code: 4. 8. 2. 9. 1. 3. I repeat, 4. 8. 2. 9. 1. 3. ': 2,
    '4 8 2 9 1 3 and 4-8-2-9-1-3 and 482913': 3,
    '': 2,
    'Welcome.': 2,
  };
  for (const [as_voice, expected] of Object.entries(texts)) {
    const { text } = await call({ as_voice, locale: 'en' });
    assert.equal(times(text), expected, text);
    assert.doesNotMatch(text, /482913/);
  }
});

test('the text of the template is kept around the code', async () => {
  assert.equal((await call({ as_voice: 'Hello. Your code is 482913.', locale: 'en' })).text, `Hello. Your code is ${SPOKEN}. Again: ${SPOKEN}.`);
  assert.equal((await call({ as_voice: 'コードは、4. 8. 2. 9. 1. 3.、です。' })).text, `コードは、${SPOKEN}、です。 繰り返します。${SPOKEN}、です。`);
  assert.equal((await call({ as_voice: 'Code: 4. 8. 2. 9. 1. 3. I repeat, 4. 8. 2. 9. 1. 3. ', locale: 'en' })).text, `Code: ${SPOKEN}. I repeat, ${SPOKEN}.`);
});

test('digits that only contain the code are not taken for it', async () => {
  const { text } = await call({ as_voice: 'Call 0482913 or 4829135 or X482913.', locale: 'en' });
  assert.match(text, /Call 0482913 or 4829135 or X482913\./);
  assert.equal(times(text), 2);
});

test('each language of the table speaks the code in its own words', async () => {
  const expected = {
    ja: [`認証コードは、${SPOKEN}、です。 繰り返します。${SPOKEN}、です。`, 'ja'],
    en: [`Your verification code is: ${SPOKEN}. Again: ${SPOKEN}.`, 'en'],
    zh: [`您的验证码是：${SPOKEN}。 重复一遍：${SPOKEN}。`, 'zh-cn'],
    'zh-TW': [`您的驗證碼是：${SPOKEN}。 重複一遍：${SPOKEN}。`, 'zh-tw'],
    ko: [`인증 코드는 ${SPOKEN} 입니다. 다시 말씀드립니다. ${SPOKEN} 입니다.`, 'ko'],
    pt: [`Seu código de verificação é: ${SPOKEN}. Repito: ${SPOKEN}.`, 'pt-br'],
  };
  for (const [locale, [text, language]] of Object.entries(expected)) {
    const message = await call({ as_voice: '', locale });
    assert.deepEqual([message.text, message.language], [text, language]);
  }
});

test('a locale is matched against the languages of the CPaaS only, else the stack speaks its own', async () => {
  const languages = {
    en_US: 'en', 'EN-gb': 'en', en: 'en', ja_JP: 'ja', 'ja-JP': 'ja', 'zh-Hant-TW': 'zh-tw', 'zh_Hant': 'zh-tw', 'zh-HK': 'zh-tw',
    'zh-Hans-CN': 'zh-cn', 'zh-CN': 'zh-cn', 'pt-BR': 'pt-br', 'pt-PT': 'pt-pt', pt: 'pt-br', 'ko-KR': 'ko', 'xx en ja': 'en', 'tlh,en-US;q=0.8': 'en',
    'sv-SE': 'sv', tr: 'tr', th: 'th', vi: 'vi', uk: 'uk', fil: 'fil-ph', sw: 'sw-ke', 'sw-TZ': 'sw-tz', 'ar-MA': 'ar-ma', 'ar-EG': 'ar', 'en-AU': 'en',
    fr: 'fr', 'fr-CA': 'fr-ca', 'de_DE': 'de', 'nb-NO': 'no', 'nn-NO': 'no', 'zh-MO': 'zh-tw', 'es-419': 'es', 'fr en ja': 'fr',
    xx: null, '': null, constructor: null, ['__proto__']: null, 'e': null, 'english': null, 'x-ja': null, [`${'-'.repeat(90)}en`]: null,
  };
  for (const [locale, expected] of Object.entries(languages)) {
    for (const [own, given] of [['ja', {}], ['ja', { LANGUAGE: 'ja' }], ['en', { LANGUAGE: 'en' }]]) {
      assert.equal((await call({ as_voice: 'code 482913 482913', locale }, given)).language, expected ?? own, locale);
    }
  }
  for (const locale of [undefined, null, 7, {}, []]) {
    assert.equal((await call({ as_voice: 'code 482913 482913', locale })).language, 'ja');
    assert.equal((await call({ as_voice: 'code 482913 482913', locale }, { LANGUAGE: 'en' })).language, 'en');
  }
});

test('a text is read by a voice that can read it, whatever the login and the stack prefer', async () => {
  const random = generator(SEED);
  const latin = ['en', 'fr', 'de', 'pt-BR', 'vi', 'th', 'ar', 'ru', 'eo', undefined];
  const texts = { ja: ['認証コードをお知らせします。', 'ログインのかくにんです。', 'ｶﾀｶﾅ ﾃﾞｽ', '認証番号'], ko: ['인증 코드를 알려 드립니다.', '로그인 확인입니다.'], any: ['Your code is this.', 'Votre code est ici.', 'Ihr Code lautet so.'] };
  for (let round = 0; round < 150; round += 1) {
    const kind = random.pick(Object.keys(texts));
    const LANGUAGE = random.pick(['ja', 'en']);
    const locale = random.pick(kind === 'any' ? [...latin, 'ja', 'ko', 'zh-TW'] : latin);
    const { language } = await call({ as_voice: `${random.pick(texts[kind])} 482913`, locale }, { LANGUAGE });
    const own = { 'pt-BR': 'pt-br', 'zh-TW': 'zh-tw', eo: LANGUAGE };
    assert.equal(language, kind === 'any' ? own[locale] ?? locale ?? LANGUAGE : kind, `seed ${SEED}, round ${round}: ${kind}, ${locale}, ${LANGUAGE}`);
  }
  assert.equal((await call({ as_voice: '인증 코드입니다 482913', locale: 'ja' })).language, 'ko');
  assert.equal((await call({ as_voice: 'コードです 482913', locale: 'ko' })).language, 'ja');
});

test('a language without sentences of ours says the code as it is, twice, and offers nothing', async () => {
  for (const locale of ['fr', 'de', 'es', 'it', 'ru', 'pt-PT']) {
    const message = await call({ as_voice: 'Mirai.', locale }, {}, (text) => text);
    assert.equal(message.text, `Mirai. ${SPOKEN}. ${SPOKEN}.`);
    assert.equal(message.repeatDtmf, undefined);
  }
});

test('a press of 1 is offered in the words of the language, or not at all', async () => {
  const whole = (text) => text;
  for (const [locale, offer] of Object.entries(OFFERS)) {
    const message = await call({ as_voice: 'x 482913', locale }, {}, whole);
    assert.ok(message.text.endsWith(` ${offer}`), message.text);
    assert.equal(message.repeatDtmf, '1');
    const own = await call({ as_voice: `482913 482913 ${offer}`, locale }, {}, whole);
    assert.equal(own.text.split(offer).length, 2, 'a template that says it is not repeated');
    assert.equal(own.repeatDtmf, '1');
  }
  for (const as_voice of ['もう一度聞くには１番を押してください。482913', '1を押すと、もう一度お伝えします。482913']) {
    const message = await call({ as_voice }, {}, whole);
    assert.deepEqual([message.text.includes(OFFERS.ja), message.repeatDtmf], [false, '1'], as_voice);
  }
  for (const [as_voice, locale] of [['コードは 1 です。ボタンを押してください。', 'ja'], ['Do not press any key, 1, 2.', 'en']]) {
    assert.ok((await call({ as_voice, locale }, {}, whole)).text.endsWith(OFFERS[locale]), as_voice);
  }
  const long = await call({ as_voice: `${'a'.repeat(1399)}`, code: undefined, locale: 'en' }, {}, whole);
  assert.deepEqual([long.text.length, long.repeatDtmf], [1399, undefined]);
});

test('a code of four to ten characters is said at least twice, and nothing that only contains it is touched', async () => {
  const random = generator(SEED);
  const alphabet = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz';
  for (let round = 0; round < 400; round += 1) {
    const length = 4 + random.below(7);
    const code = random.chance(0.6) ? random.digits(length) : Array.from({ length }, () => random.pick([...alphabet])).join('');
    const spoken = [...code].join(', ');
    const written = random.pick([code, [...code].join('. '), [...code].join(' '), [...code].join('-'), [...code].join('、'), '']);
    const [before, after] = [random.pick(['', 'コードは、', 'Your code is ', '【みらい銀行】', 'code:']), random.pick(['', '。', '. ', '、です。', ' !'])];
    const other = random.pick([`9${code}`, `${code}9`, `0120-${code}`, `${code}-0120`]);
    const text = `${before}${written}${after} Tel ${other} end`;
    const message = await call({ as_voice: text, code, locale: random.pick(['ja', 'en', 'fr', 'ko']) }, {}, (said) => said);
    const where = `seed ${SEED}, round ${round}: ${code}, ${text}: ${message.text}`;
    assert.ok(message.text.split(spoken).length - 1 >= 2, where);
    assert.ok(message.text.includes(`Tel ${other} end`), where);
    const { message: sms } = await run({ event: unifiedEvent({ as_text: `${code} です`, code }) });
    assert.equal(sms.content.text, `${code} です`);
  }
});

test('a Japanese name in another language does not change the voice', async () => {
  const texts = { 'en-US': 'This is みらい銀行. Your code is 482913.', ko: '미라이 みらい銀行 인증 코드는 482913 입니다. 인증 코드입니다.', 'zh-TW': '您在みらい銀行的驗證碼是 482913。' };
  for (const [locale, as_voice] of Object.entries(texts)) assert.notEqual((await call({ as_voice, locale })).language, 'ja', locale);
  assert.equal((await call({ as_voice: 'Mirai Bank Directです。ログインに必要な認証コードをお知らせします。482913', locale: 'en' })).language, 'ja');
  // As much of one as of the other: the locale decides.
  assert.equal((await call({ as_voice: 'ab みら 482913', locale: 'en' })).language, 'en');
  assert.equal((await call({ as_voice: 'ab みらい 482913', locale: 'en' })).language, 'ja');
});

test('Japanese text is read by a Japanese voice whatever the browser prefers', async () => {
  assert.equal((await call({ locale: 'en-US' })).language, 'ja');
  for (const as_voice of ['ｶﾅ 482913', '認証番号 482913', 'コード 482913', 'です 482913']) {
    for (const locale of ['en-US', 'ko', 'pt-BR', undefined]) assert.equal((await call({ as_voice, locale })).language, 'ja');
  }
  assert.equal((await call({ as_voice: '认证 482913', locale: 'zh-CN' })).language, 'zh-cn');
  assert.equal((await call({ as_voice: '認証コードです 482913', locale: 'zh-CN' })).language, 'ja');
});

test('nothing that SSML could trip over is spoken', async () => {
  const { text } = await call({
    as_voice: 'A&B <b>bold</b> 482913<Pause length="1"/> x < y > z &amp; &#39; &lt;script&gt; \u0007\n 482913 <', locale: 'en',
  });
  assert.doesNotMatch(text, /[<>&\u0000-\u001f]/);
  assert.doesNotMatch(text, /Pause|amp|#39|&lt|<b>/);
  assert.match(text, /A B .*bold.* 4, 8, 2, 9, 1, 3, {2}x {3}y {3}z/);
});

test('without a code the text is read as it is', async () => {
  const given = { MESSAGE_TYPES: 'blocked_account' };
  for (const code of [undefined, '', 'has space', 'ünï', 'a'.repeat(65)]) {
    const message = await call({ message_type: 'blocked_account', as_voice: 'Your account is blocked.', code, locale: 'en' }, given);
    assert.equal(message.text, 'Your account is blocked.');
  }
});

test('a code of letters and digits is spelt out', async () => {
  const code = '1234556ADSFA547865';
  const message = await call({ as_voice: `Code ${code}.`, code, locale: 'en' });
  const spoken = [...code].join(', ');
  assert.equal(message.text, `Code ${spoken}. Again: ${spoken}.`);
});

test('a message without text is dropped before sending', async () => {
  for (const as_text of ['', ' \n ', undefined, null, 7]) {
    const outcome = await run({ event: unifiedEvent({ as_text }) });
    assert.deepEqual([outcome.kind, outcome.reason, outcome.requests.length], ['drop', 'the message has no text', 0]);
  }
  for (const as_voice of ['', '、。,,', '<p>', undefined]) {
    const outcome = await run({ event: unifiedEvent({ as_voice, code: undefined, delivery_method: 'voice' }) });
    assert.deepEqual([outcome.kind, outcome.reason, outcome.requests.length], ['drop', 'the message has no text to speak', 0]);
  }
});

const CODED = ['otp_verify', 'otp_enroll', 'change_password'];
const ALL_TYPES = secrets({ MESSAGE_TYPES: [...CODED, 'blocked_account', 'password_breach'].join(',') });
const NO_CODE = 'the text does not give the code';

test('an SMS whose event has a code and whose text lacks it is dropped', async () => {
  const lacking = ['Hello.', '48291', '4829135', '03482913', '482931', '4829 and 13 more', '４８２９１', 'ヨンハチニキュウイチ'];
  const giving = ['482913', 'x482913y', '4 8 2 9 1 3', '4-8-2-9-1-3', '４８２９１３', 'ヨン、ハチ、ニ、キュウ、イチ、サン'];
  for (const message_type of CODED) {
    for (const as_text of lacking) {
      const outcome = await run({ event: unifiedEvent({ as_text, message_type }), secrets: ALL_TYPES });
      assert.deepEqual([outcome.kind, outcome.reason, outcome.requests.length], ['drop', NO_CODE, 0], as_text);
    }
    for (const as_text of giving) {
      assert.equal((await run({ event: unifiedEvent({ as_text, message_type }), secrets: ALL_TYPES })).kind, 'success', as_text);
    }
    assert.equal((await run({ event: unifiedEvent({ as_text: 'Hello.', message_type, code: undefined }), secrets: ALL_TYPES })).kind, 'success');
  }
  for (const message_type of ['blocked_account', 'password_breach']) {
    assert.equal((await run({ event: unifiedEvent({ as_text: 'Hello.', message_type }), secrets: ALL_TYPES })).kind, 'success');
  }
  const legacy = await run({ handler: LEGACY, event: legacyEvent({ text: 'Hello.' }) });
  assert.equal(legacy.reason, `Error: ${NO_CODE}`);
});

test('a call that would not say the code is dropped', async () => {
  for (const code of ['has space', 'ünï']) {
    const outcome = await run({ event: unifiedEvent({ as_voice: 'Hello.', code, delivery_method: 'voice' }) });
    assert.deepEqual([outcome.kind, outcome.reason, outcome.requests.length], ['drop', NO_CODE, 0]);
  }
});

test('a code that a text spells as words is said, and not read once more than twice', async () => {
  const words = 'ヨン、ハチ、ニ、キュウ、イチ、サン';
  assert.equal((await call({ as_voice: `コードは、${words}、です。もう一度、${words}。` })).text, `コードは、${words}、です。もう一度、${words}。`);
  assert.equal((await call({ as_voice: `コードは、${words}、です。` })).text, `コードは、${words}、です。 繰り返します。${SPOKEN}、です。`);
  const english = 'four eight two nine one three';
  assert.equal((await call({ as_voice: `It is ${english}. Again, ${english}.`, locale: 'en' })).text, `It is ${english}. Again, ${english}.`);
});

test('a code is known in whatever words a text spells its digits, in either kana', async () => {
  const random = generator(SEED + 21);
  // By digit; written down here, not taken from the Action's table.
  const words = {
    katakana: 'ゼロ イチ ニ サン ヨン ゴ ロク ナナ ハチ キュウ', long: 'レイ イチ ニー サン ヨン ゴー ロク シチ ハチ キュー', hiragana: 'ぜろ いち に さん よん ご ろく なな はち きゅう',
    short: 'まる いち にー さん し ごー ろく しち はち く', kanji: '〇 一 二 三 四 五 六 七 八 九', zero: '零 一 二 三 四 五 六 七 八 九', wide: '０ １ ２ ３ ４ ５ ６ ７ ８ ９',
    english: 'zero one two three four five six seven eight nine', oh: 'Oh One Two Three Four Five Six Seven Eight Nine', chinese: '零 幺 二 三 四 五 六 七 八 九',
    korean: '공 일 이 삼 사 오 육 칠 팔 구', hangul: '영 일 이 삼 사 오 륙 칠 팔 구', portuguese: 'zero um dois três quatro cinco meia sete oito nove', seis: 'Zero Um Dois Três Quatro Cinco Seis Sete Oito Nove',
  };
  for (let round = 0; round < 300; round += 1) {
    const code = random.digits(4 + random.below(7));
    const alphabet = words[random.pick(Object.keys(words))].split(' ');
    const spelt = [...code].map((digit) => alphabet[Number(digit)]).join(random.pick(['、', ' ', ', ', '・', '. ', '']));
    const as_voice = `コードは、${spelt}、です。もう一度、${spelt}、です。`;
    const where = `seed ${SEED}, round ${round}: ${code}, ${as_voice}`;
    assert.equal((await call({ as_voice, code })).text, as_voice.replaceAll(code, [...code].join(', ')), where);
    assert.equal((await run({ event: unifiedEvent({ as_text: `コードは ${spelt} です`, code }) })).kind, 'success', where);
    const other = [...code].map((digit) => alphabet[(Number(digit) + 1) % 10]).join('、');
    assert.equal((await run({ event: unifiedEvent({ as_text: `コードは ${other} です`, code }) })).reason, NO_CODE, where);
  }
});

test('control characters, halves of pairs and line breaks at the end are never sent', async () => {
  const odd = '\u0000a\u0007b\u001b[1m \u0085 \ud83d 482913 \udc00\r\nx\u2028y\n\n';
  const { message } = await run({ event: unifiedEvent({ as_text: odd }) });
  assert.equal(message.content.text, 'a b [1m     482913  \nx\ny');
  assert.equal((await run({ event: unifiedEvent({ as_text: '😀 482913' }) })).message.content.text, '😀 482913');
  const spoken = (await call({ as_voice: odd, locale: 'en' })).text;
  assert.doesNotMatch(spoken, /(?!\n)[\p{Cc}\p{Cs}]/u);
  assert.equal(times(spoken), 2);
});

test('the line that a browser fills in ends an SMS with a code, and is never spoken', async () => {
  const given = secrets({ ORIGIN_BOUND_CODE: 'login.example.co.jp', MESSAGE_TYPES: [...CODED, 'blocked_account'].join(',') });
  const sms = async (notification, with_ = given) => (await run({ event: unifiedEvent({ as_text: 'It is 482913.\n', ...notification }), secrets: with_ })).message.content.text;
  for (const message_type of CODED) assert.equal(await sms({ message_type }), 'It is 482913.\n@login.example.co.jp #482913');
  assert.equal(await sms({ message_type: 'blocked_account' }), 'It is 482913.');
  assert.equal(await sms({ code: undefined }), 'It is 482913.');
  assert.equal(await sms({}, secrets()), 'It is 482913.');
  assert.doesNotMatch((await call({ as_voice: 'It is 482913.', locale: 'en' }, { ORIGIN_BOUND_CODE: 'login.example.co.jp' })).text, /@|login/);
});

test('a voice text is at most 1400 characters', async () => {
  const speak = (length) => run({ event: unifiedEvent({ as_voice: 'a'.repeat(length), code: undefined, delivery_method: 'voice' }) });
  assert.equal((await speak(1400)).kind, 'success');
  const outcome = await speak(1401);
  assert.deepEqual([outcome.kind, outcome.reason, outcome.requests.length], ['drop', 'the voice text is too long', 0]);
});

test('an SMS needs no voice text, a call no SMS text', async () => {
  assert.equal((await run({ event: unifiedEvent({ as_voice: undefined }) })).kind, 'success');
  assert.equal((await run({ event: unifiedEvent({ as_text: undefined, delivery_method: 'voice' }) })).kind, 'success');
});

test('legacy: one text serves both channels, action and method get their new names', async () => {
  const sms = await run({ handler: LEGACY });
  assert.equal(sms.kind, 'success');
  assert.equal(sms.message.content.text, '482913 が認証コードです。');
  const voice = await run({ handler: LEGACY, event: legacyEvent({ message_type: 'voice', text: 'Code 482913.' }, { request: { language: 'en-US' } }) });
  assert.equal(voice.kind, 'success');
  assert.equal(voice.requests[0].url, 'https://cpaas.sandbox.test/tts/3/advanced');
  assert.deepEqual([voice.message.text, voice.message.language], [`Code ${SPOKEN}. Again: ${SPOKEN}. ${OFFERS.en}`, 'en']);
  const silent = await run({ handler: LEGACY, event: legacyEvent({ message_type: 'voice', text: 'x 482913' }, { request: undefined }) });
  assert.deepEqual([silent.kind, silent.message.language], ['success', 'ja']);
  const only = (type) => secrets({ MESSAGE_TYPES: type });
  assert.equal((await run({ handler: LEGACY, event: legacyEvent({ action: 'enrollment' }), secrets: only('otp_enroll') })).kind, 'success');
  assert.equal((await run({ handler: LEGACY, event: legacyEvent(), secrets: only('otp_verify') })).kind, 'success');
  assert.equal((await run({ handler: LEGACY, event: legacyEvent(), secrets: only('otp_enroll') })).kind, 'error');
  for (const options of [{ action: 'other' }, { message_type: 'fax' }, { message_type: 'text' }]) {
    assert.equal((await run({ handler: LEGACY, event: legacyEvent(options) })).kind, 'error');
  }
});

// ---- voicemail ----

const voiceEvent = (changes) => unifiedEvent({ delivery_method: 'voice', ...changes });
const WITHOUT = { groupId: 5, groupName: 'REJECTED', id: 83, name: 'REJECTED_MACHINE_DETECTION_DISABLED' };
const NOTE = 'CPaaS account has no machine detection: called without it';

test('how long it rings, and whether a machine is hung up on, are the stack\'s', async () => {
  assert.deepEqual([(await call({})).ringTimeout, (await call({})).machineDetection], [14, undefined]);
  const message = await call({}, { RING_TIMEOUT: '45', MACHINE_DETECTION: 'on' });
  assert.deepEqual([message.ringTimeout, message.machineDetection], [45, 'hangup']);
  const { message: sms } = await run({ secrets: secrets({ MACHINE_DETECTION: 'on', RING_TIMEOUT: 'x' }) });
  assert.equal(sms.machineDetection, undefined, 'an SMS has neither');
});

test('an account without machine detection is called once more without it, and the log says so', async () => {
  for (const deduplicate of ['on', 'off']) {
    for (const status of [WITHOUT, { ...WITHOUT, name: undefined }, { ...WITHOUT, id: undefined }, { ...WITHOUT, groupName: undefined }]) {
      const answers = [() => accepted(status), () => accepted()];
      const outcome = await run({ event: voiceEvent(), secrets: secrets({ MACHINE_DETECTION: 'on', DEDUPLICATE: deduplicate }), answer: () => answers.shift()() });
      assert.deepEqual([outcome.kind, outcome.console, outcome.requests.length], ['success', [NOTE], 2]);
      const [first, second] = outcome.requests.map(({ body }) => body.messages[0]);
      const { machineDetection, destinations: [{ messageId }], ...rest } = first;
      const { destinations: [{ messageId: again }], ...same } = second;
      assert.equal(machineDetection, 'hangup');
      assert.deepEqual({ ...same, destinations: undefined }, { ...rest, destinations: undefined });
      // The refused id may count as known, and a repeat would then be taken for a duplicate.
      if (deduplicate === 'on') assert.ok(messageId && again && again !== messageId);
      else assert.equal(again, undefined);
    }
  }
});

test('it is repeated once, only when it was asked for, and only when nothing was sent', async () => {
  const on = secrets({ MACHINE_DETECTION: 'on' });
  const stubborn = await run({ event: voiceEvent(), secrets: on, answer: () => accepted(WITHOUT) });
  assert.deepEqual([stubborn.kind, stubborn.reason, stubborn.requests.length], ['drop', 'CPaaS refused: REJECTED MACHINE_DETECTION_DISABLED', 2]);
  assert.equal((await run({ event: voiceEvent(), answer: () => accepted(WITHOUT) })).requests.length, 1, 'switched off');
  assert.equal((await run({ secrets: on, answer: () => accepted(WITHOUT) })).requests.length, 1, 'an SMS');
  for (const other of [{ ...WITHOUT, groupName: 'UNDELIVERABLE' }, { ...WITHOUT, groupName: 'PENDING' }, { ...WITHOUT, groupName: 'OTHER' }, { groupName: 'REJECTED', id: 82, name: 'REJECTED_SENDER' }]) {
    assert.equal((await run({ event: voiceEvent(), secrets: on, answer: () => accepted(other) })).requests.length, 1, JSON.stringify(other));
  }
  const html = await run({ event: voiceEvent(), secrets: on, answer: () => new Response(JSON.stringify({ messages: [{ status: WITHOUT }] }), { status: 500 }) });
  assert.equal(html.requests.length, 1);
});

// ---- as properties, of generators that nothing was mended with ----

test('whatever a text has, an SMS has its showable characters in their order, and nothing else', async () => {
  const random = generator(SEED + 10);
  const odd = ['\u0000', '\u0007', '\t', '\u001b', '\u007f', '\u0085', '\u009f', '\ud83d', '\udc00', '\ud800\ud800', '\r\n', '\r', '\n', '\u2028', '\u2029', ' '];
  const shown = ['①', '㈱', '髙', '～', '😀', '𠮟', 'é', 'ｶ', '銀', 'A', '。', '\u200d', '\u3000'];
  for (let round = 0; round < 300; round += 1) {
    const pieces = Array.from({ length: random.below(30) }, () => random.pick(random.chance(0.5) ? odd : shown));
    const at = random.below(pieces.length + 1);
    const as_text = [...pieces.slice(0, at), '482913', ...pieces.slice(at)].join('');
    const { message, kind } = await run({ event: unifiedEvent({ as_text }) });
    const where = `seed ${SEED}, round ${round}: ${JSON.stringify(as_text)}`;
    assert.equal(kind, 'success', where);
    const { text } = message.content;
    assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Cs}|[\u2028\u2029]/u, where);
    assert.equal(text, text.trim(), where);
    const visible = (given) => [...given].filter((one) => !/[\p{Cc}\p{Cs}\s]/u.test(one)).join('');
    assert.equal(visible(text), visible(as_text), where);
  }
});

test('the autofill line is the last of an SMS with a code, whatever the code, the type and the host', async () => {
  const random = generator(SEED + 12);
  for (let round = 0; round < 200; round += 1) {
    const host = [random.pick(['login', 'id', 'a1']), random.pick(['example', 'x-y', 'bank']), random.pick(['co.jp', 'jp', 'com'])].join('.');
    const message_type = random.pick([...CODED, 'blocked_account', 'password_breach']);
    const code = random.chance(0.2) ? undefined : random.digits(4 + random.below(7));
    const voice = random.chance(0.3);
    const text = `銀行 ${code ?? ''} です`;
    const given = { ...ALL_TYPES, ...(random.chance(0.8) ? { ORIGIN_BOUND_CODE: host } : {}) };
    const { message } = await run({
      event: unifiedEvent({ as_text: text, as_voice: text, code, message_type, delivery_method: voice ? 'voice' : 'text' }), secrets: given,
    });
    const where = `seed ${SEED}, round ${round}: ${message_type}, ${code}, ${host}`;
    const due = !voice && given.ORIGIN_BOUND_CODE && code && CODED.includes(message_type);
    const sent = voice ? message.text : message.content.text;
    assert.equal(sent.split('\n').at(-1).startsWith('@'), Boolean(due), where);
    if (due) assert.equal(sent, `${text}\n@${host} #${code}`, where);
    else assert.ok(!sent.includes(host), where);
  }
});

test('a call is made without machine detection when, and only when, that was all that was wrong', async () => {
  const random = generator(SEED + 7);
  for (let round = 0; round < 300; round += 1) {
    const status = {
      groupName: random.pick(['REJECTED', 'REJECTED', 'PENDING', 'UNDELIVERABLE', 'EXPIRED', undefined]), groupId: random.pick([1, 2, 4, 5]),
      id: random.pick([83, 83, 26, 11, 87, undefined]), name: random.pick(['REJECTED_MACHINE_DETECTION_DISABLED', 'MACHINE_DETECTION_DISABLED', 'REJECTED_SOURCE', undefined]),
    };
    const [asked, voice, http] = [random.chance(0.7), random.chance(0.8), random.pick([200, 200, 200, 400, 500])];
    const answers = [() => Response.json({ messages: [{ status }] }, { status: http }), () => accepted()];
    const outcome = await run({
      event: voice ? voiceEvent() : unifiedEvent(), secrets: secrets({ MACHINE_DETECTION: asked ? 'on' : 'off' }), answer: () => answers.shift()(),
    });
    const rejected = status.groupName ? status.groupName === 'REJECTED' : status.groupId === 5;
    const disabled = rejected && http === 200 && (status.id === 83 || /MACHINE_DETECTION_DISABLED$/.test(status.name));
    const again = asked && voice && disabled;
    const where = `seed ${SEED}, round ${round}: ${JSON.stringify({ status, asked, voice, http })}`;
    assert.equal(outcome.requests.length, again ? 2 : 1, where);
    assert.deepEqual(outcome.console, again ? [NOTE] : [], where);
    if (again) assert.deepEqual([outcome.kind, outcome.requests[1].body.messages[0].machineDetection], ['success', undefined], where);
  }
});
