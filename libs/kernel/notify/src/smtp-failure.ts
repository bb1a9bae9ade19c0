import { type Failure, ProviderMisconfigured, ProviderUnavailable, Undeliverable } from './errors.ts'

/**
 * Answers about the conversation or about us, whatever they answer: commands out of place, and 53x of authentication
 * and TLS. Not 501 and 504: mail servers say so of an address that they cannot read.
 */
const aboutUs = /^(500|502|503|53\d)$/
/** Codes of nodemailer for what the server said to this message alone. */
const aboutMessage = ['EENVELOPE', 'EMESSAGE']
/** A mailbox that is full today: whoever fills it must not end what its owner is to be told. */
const MAILBOX_FULL = 552
const untrusted = /CERT|SELF_SIGNED|_TLS_|_SSL_|UNABLE_TO_/

interface SmtpError {
  readonly code?: unknown
  /** The code of the system error that nodemailer replaced. */
  readonly originalCode?: unknown
  readonly responseCode?: unknown
  readonly command?: unknown
}

/** Reads the codes of what nodemailer threw and drops the rest: its words hold the address and the server's answer. */
export function asSmtpFailure(thrown: unknown): ProviderUnavailable | Undeliverable {
  const error = (thrown instanceof Error ? thrown : {}) as SmtpError
  const answer = typeof error.responseCode === 'number' ? error.responseCode : 0
  const failure: Failure = { channel: 'email', code: answer > 0 ? `smtp-${String(answer)}` : systemCode(error) }
  if (answer === MAILBOX_FULL) return new ProviderUnavailable(failure)
  if (isAboutMessage(error, answer)) return new Undeliverable(failure)
  return isAboutConfiguration(error, answer) ? new ProviderMisconfigured(failure) : new ProviderUnavailable(failure)
}

function isAboutMessage({ code, command }: SmtpError, answer: number): boolean {
  if (!aboutMessage.includes(String(code))) return false
  // Without an answer nodemailer itself found the address or the size impossible.
  if (answer === 0) return true
  return answer >= 500 && !aboutUs.test(String(answer)) && (command === 'RCPT TO' || command === 'DATA')
}

function isAboutConfiguration({ code, originalCode }: SmtpError, answer: number): boolean {
  if (answer > 0) return answer >= 500
  return code === 'EAUTH' || code === 'ETLS' || untrusted.test(String(originalCode ?? code))
}

function systemCode({ code, originalCode }: SmtpError): string {
  // Our own time limit aborts.
  if (code === 'EABORT') return 'ETIMEDOUT'
  const known = originalCode ?? code
  return typeof known === 'string' ? known : 'unknown'
}
