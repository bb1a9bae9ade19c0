export interface Answer {
  readonly status: number
  readonly body: Buffer
}

const DIGITS = { start: 9, end: 12 } as const
const endOfHeaders = Buffer.from('\r\n\r\n')
const lengthHeader = /^content-length: (\d+)/im

/** A whole HTTP/1.1 answer; `undefined` while a part of it is missing. Throws for one without a length. */
export function readAnswer(received: Buffer): Answer | undefined {
  const headersEnd = received.indexOf(endOfHeaders)
  if (headersEnd < 0) return undefined
  const headers = received.toString('latin1', 0, headersEnd)
  const length = lengthHeader.exec(headers)?.[1]
  if (length === undefined) throw new Error(`an answer without a length: ${headers.slice(0, headers.indexOf('\r'))}`)
  const bodyStart = headersEnd + endOfHeaders.length
  const missing = bodyStart + Number(length) - received.length
  if (missing > 0) return undefined
  if (missing < 0) throw new Error('more came back than was asked for')
  return { status: Number(headers.slice(DIGITS.start, DIGITS.end)), body: received.subarray(bodyStart) }
}
