import type { IncomingMessage } from 'node:http'
import { bodyTooLarge, invalidInput, type Refusal } from './refusal.ts'

/** What a body turns out to be while a handler reads it; the road answers with the refusal. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.kind)
    this.refusal = refusal
  }
}

/** The body as it arrives, up to its limit. @throws StreamRefused beyond it, and where the caller stops in the middle. */
export async function* streamBody(request: IncomingMessage, limit: number): AsyncGenerator<Uint8Array> {
  // Told beforehand: nothing of it is read.
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new StreamRefused(bodyTooLarge())
  let read = 0
  try {
    // Left as it is where the reader stops: destroyed, it would keep its connection, and hold up the next request there.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      read += chunk.length
      if (read > limit) throw new StreamRefused(bodyTooLarge())
      yield chunk
    }
  } catch (error) {
    throw error instanceof StreamRefused ? error : new StreamRefused(invalidInput({ field: 'body' }))
  } finally {
    // What nobody wants is taken off the wire, until the listener's time for a request is over.
    request.resume()
  }
}
