import { randomBytes } from 'node:crypto'

/** What S3 says instead of doing it: an HTTP status, one of its error codes, and a sentence that repeats no value. */
export class Refused {
  readonly status: number
  readonly code: string
  readonly message: string

  constructor(status: number, code: string, message: string) {
    this.status = status
    this.code = code
    this.message = message
  }
}

export const denied = (message: string): Refused => new Refused(403, 'AccessDenied', message)
export const wrongSignature = (): Refused =>
  new Refused(403, 'SignatureDoesNotMatch', 'The signature is not the one that this key makes of this request.')
export const badArgument = (message: string): Refused => new Refused(400, 'InvalidArgument', message)
export const malformedForm = (message: string): Refused => new Refused(400, 'MalformedPOSTRequest', message)
export const notImplemented = (message: string): Refused => new Refused(501, 'NotImplemented', message)

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (found) => escapes[found] ?? '')

/** The document that S3 answers with. */
export const asXml = ({ code, message }: Refused): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message>` +
  `<RequestId>${randomBytes(8).toString('hex').toUpperCase()}</RequestId></Error>`
