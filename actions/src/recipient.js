/**
 * The recipient as the CPaaS wants it: E.164 digits without the plus. Checked for every message
 * type: neither enrolment nor challenge may reach a premium number.
 * @param {unknown} recipient @param {string | undefined} method @param {string[]} prefixes
 */
function readRecipient(recipient, method, prefixes) {
  const compact = typeof recipient === 'string' ? recipient.replace(/[\s().-]/g, '') : '';
  // +81 090... is +81 90... typed with the trunk zero, which E.164 leaves out.
  const number = compact.replace(/^\+810/, '+81');
  // Without a country prefix it is refused: guessing a country sends codes to strangers.
  if (!/^\+[1-9]\d{7,14}$/.test(number)) refuse('recipient is not an E.164 number with country prefix');
  if (!prefixes.some((prefix) => number.startsWith(prefix))) refuse('recipient country not allowed');
  if (number.startsWith('+81')) checkJapaneseRange(number.slice(3), method);
  if (inRefusedRange(number.slice(1))) refuse('recipient is in a premium, shared-cost, personal or satellite range');
  return number.slice(1);
}

/** Mobile 060/070/080/090 (060 opens in 2026). */
const JP_MOBILE = /^[6-9]0[1-9]\d{7}$/;
/** IP phones 050, and fixed lines less the service ranges (0120, 0570, 0990 and their like). */
const JP_VOICE_ONLY = /^(?:50[1-9]\d{7}|(?!1\d0|570|9[1679]0)[1-9][1-9]\d{7})$/;

/** @param {string} national digits after +81 @param {string | undefined} method */
function checkJapaneseRange(national, method) {
  if (JP_MOBILE.test(national)) return;
  // Neither mobile nor fixed: costs extra or reaches no person (0990, 0570, 0120, 0800, 020).
  if (!JP_VOICE_ONLY.test(national)) refuse('recipient is in a Japanese range that is not allowed');
  if (method !== 'voice') refuse('recipient is a Japanese number without SMS');
}
