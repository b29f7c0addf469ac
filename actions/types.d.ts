/**
 * What the Action's code relies on: Auth0's events and api, the CPaaS's requests and answers, and
 * the shapes that the parts hand to each other.
 *
 * Owns declarations for the type checker only; nothing of it is deployed. The Auth0 shapes hold
 * the facts of cpaas-and-actions.md §2.1-§2.3 that the Action uses, and no more. Refuses to
 * promise what an event holds at run time: the code checks that itself.
 */

// ---- Auth0 ----

interface Secrets {
  [name: string]: string | undefined;
}

interface EventCommon {
  request?: { geoip?: { countryCode?: string }; language?: string };
  transaction?: { correlation_id?: string };
  secrets: Secrets;
}

/** custom-phone-provider v1 */
interface UnifiedEvent extends EventCommon {
  notification: {
    as_text: string;
    as_voice: string;
    code?: string;
    delivery_method: 'text' | 'voice';
    from?: string;
    /** BCP 47, seen with `_` as well as `-`. */
    locale?: string;
    message_type: 'otp_verify' | 'otp_enroll' | 'blocked_account' | 'change_password' | 'password_breach';
    /** E.164, seen with hyphens. */
    recipient: string;
  };
}

/** send-phone-message v2 */
interface LegacyEvent extends EventCommon {
  message_options: {
    action: 'enrollment' | 'second-factor-authentication';
    code: string;
    message_type: 'sms' | 'voice';
    recipient: string;
    text: string;
  };
}

interface CacheRecord {
  value: string;
  /** Milliseconds since the epoch. */
  expires_at: number;
}

/** Synchronous in Auth0's types; awaited all the same. */
interface CacheApi {
  get(key: string): CacheRecord | undefined;
  /** Lifetimes in milliseconds. */
  set(
    key: string,
    value: string,
    options?: { ttl?: number; expires_at?: number },
  ): { type: 'success' | 'error'; code?: string };
}

interface UnifiedApi {
  cache: CacheApi;
  notification: {
    /** Failed for good. The reason (at most 1024 characters) ends in the tenant log. */
    drop(reason: string): void;
    /** Failed for now: run again up to 5 times. */
    retry(reason: string): void;
  };
}

interface LegacyApi {
  cache: CacheApi;
}

// ---- between the parts ----

/** A message, whichever trigger it came by. Nothing in it is checked yet. */
interface PhoneMessage {
  method: string | undefined;
  type: string | undefined;
  recipient: unknown;
  text: unknown;
  speech: unknown;
  code: string | undefined;
  locale: unknown;
  transaction: string | undefined;
}

/** `sent`: whether anything may be on its way to the recipient. */
type Outcome =
  | { kind: 'success'; sent: boolean }
  | { kind: 'drop'; reason: string; sent: boolean }
  | { kind: 'retry'; reason: string; sent: false };

interface Config {
  key: string;
  host: string;
  sender: string;
  gender: string;
  /** Of the stack: spoken where the login's is not known. */
  language: string;
  /** Seconds. */
  ringTimeout: number;
  machineDetection: boolean;
  prefixes: string[];
  types: string[];
  deduplicate: boolean;
  /** Host of an SMS's autofill line; empty for none. */
  origin: string;
  /** Messages per recipient and hour, calls among them, and of the tenant; 0 for no limit. */
  limit: number;
  voiceLimit: number;
  tenantLimit: number;
}

// ---- CPaaS ----

interface Destination {
  to: string;
  messageId: string | undefined;
}

interface SmsMessage {
  sender: string;
  destinations: Destination[];
  content: { text: string };
  options: { validityPeriod: { amount: number; timeUnit: string } };
}

interface VoiceMessage {
  from: string;
  destinations: Destination[];
  text: string;
  language: string;
  voice: { gender: string };
  speechRate: number;
  pause: number;
  repeatDtmf: string | undefined;
  ringTimeout: number;
  callTimeout: number;
  machineDetection: string | undefined;
  /** Minutes. */
  validityPeriod: number;
}

interface CpaasRequest {
  path: '/sms/3/messages' | '/tts/3/advanced';
  body: { messages: [SmsMessage] | [VoiceMessage] };
}

/** The status, and the decoded body where it was JSON of a fair size. */
interface Answer {
  status: number;
  body: any;
}

/** A message that was sent, or is about to be. */
interface Send {
  /** Even: the last bit is that of `call`. */
  hash: number;
  call: boolean;
  second: number;
}

/** No answer. Before `sending` no byte of the request had left. */
interface Failure {
  stage: 'connecting' | 'securing' | 'sending';
  /** The time was up. */
  late: boolean;
  code: string;
}
