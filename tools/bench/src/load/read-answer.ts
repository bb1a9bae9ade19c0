export interface Answer {
  readonly status: number
  readonly body: Buffer
}

const DIGITS = { start: 9, end: 12 } as const
const lineEnd = Buffer.from('\r\n')
const endOfHeaders = Buffer.from('\r\n\r\n')
const lengthHeader = /^content-length: (\d+)/im
const chunkedHeader = /^transfer-encoding: chunked/im

/**
 * A whole HTTP/1.1 answer; or how many bytes are missing, one at least where nobody can tell yet. Throws where nothing says
 * how long it is.
 */
export function readAnswer(received: Buffer): Answer | number {
  const headersEnd = received.indexOf(endOfHeaders)
  if (headersEnd < 0) return 1
  const headers = received.toString('latin1', 0, headersEnd)
  const rest = received.subarray(headersEnd + endOfHeaders.length)
  const length = lengthHeader.exec(headers)?.[1]
  if (length === undefined && !chunkedHeader.test(headers))
    throw new Error(`an answer without a length: ${headers.slice(0, headers.indexOf('\r'))}`)
  const body = length === undefined ? readChunks(rest) : readBytes(rest, Number(length))
  return typeof body === 'number' ? body : { status: Number(headers.slice(DIGITS.start, DIGITS.end)), body }
}

function readBytes(rest: Buffer, length: number): Buffer | number {
  if (rest.length < length) return length - rest.length
  if (rest.length > length) throw new Error('more came back than was asked for')
  return rest
}

/** Each with its length in hex before it; the last one is of nothing. */
function readChunks(rest: Buffer): Buffer | number {
  const chunks: Buffer[] = []
  for (let at = 0; ;) {
    const lengthEnd = rest.indexOf(lineEnd, at)
    if (lengthEnd < 0) return 1
    const length = Number.parseInt(rest.toString('latin1', at, lengthEnd), 16)
    const begins = lengthEnd + lineEnd.length
    at = begins + length + lineEnd.length
    if (rest.length < at) return at - rest.length
    if (length > 0) chunks.push(rest.subarray(begins, begins + length))
    else if (rest.length === at) return Buffer.concat(chunks)
    else throw new Error('more came back than was asked for')
  }
}
