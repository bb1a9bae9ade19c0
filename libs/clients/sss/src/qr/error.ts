export type QrFault =
  | 'not-a-login-code'
  | 'other-server'
  | 'other-key'
  | 'other-session'
  | 'already-approved'
  | 'wrong-answer'
  | 'bad-key'
  | 'payload-malformed'
  | 'payload-taken'
  | 'expired'

const sentences: Readonly<Record<QrFault, string>> = {
  'not-a-login-code': 'this is not the code of a login',
  'other-server': 'the QR code is for another server',
  'other-key': 'the server shows another key than the QR code',
  'other-session': 'the server shows another session than was asked for',
  'already-approved': 'the login was approved already',
  'wrong-answer': 'the other device shows other digits',
  'bad-key': 'the key of the other device is no key',
  'payload-malformed': 'what the other device sent cannot be read',
  'payload-taken': 'what the other device sent was fetched by somebody else',
  expired: 'the login was not approved in time',
}

export class QrError extends Error {
  readonly fault: QrFault

  constructor(fault: QrFault) {
    super(sentences[fault])
    this.name = 'QrError'
    this.fault = fault
  }
}
